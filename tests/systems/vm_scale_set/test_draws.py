"""What is drawn for instances that start: how long it takes, and what goes wrong."""

from __future__ import annotations

import numpy as np
import pytest
from set_story import IMAGE, simulation, story
from simpy import Environment

from sim.core.random_streams import draws
from sim.systems.base.context import Context
from sim.systems.vm_scale_set.draws import Starts, seen_healthy
from sim.systems.vm_scale_set.spec import Health

RANDOM = {"reimage": {"uniform": {"low": "60s", "high": "900s"}}}
HALF = {"2": {"unhealthy": "50%"}}


def starts(reason="update_model-0", *, bad=True, seed=0, **keys):
    layout = simulation((0, IMAGE), **keys).models["w"].layout
    context = Context(Environment(), draws(seed, 0), 1000.0, None)
    return Starts(context, layout, reason, [bad] * len(layout.faulty))


def numbers(*members):
    return np.array(members, np.int64)


def test_attempts_count_each_start_of_an_instance():
    made = starts()
    assert made.next_attempts(numbers(0, 2)).tolist() == [0, 0]
    assert made.next_attempts(numbers(2, 3)).tolist() == [1, 0]
    assert made.next_attempts(numbers(0, 2)).tolist() == [1, 2]


def test_times_are_one_an_instance_and_attempt_and_the_same_again():
    made = starts(**RANDOM)
    first = made.durations("reimage", numbers(0, 1, 2), numbers(0, 0, 0))
    again = made.durations("reimage", numbers(0, 1, 2), numbers(1, 0, 1))
    assert len({*first.tolist(), *again.tolist()}) == 5
    assert first[1] == again[1] == starts(**RANDOM).times("reimage")[1, 0]


def test_few_and_many_are_drawn_alike():
    """Of a large set a few are drawn one by one, many at once."""
    keys = RANDOM | {"instances": 1000}
    few = starts(**keys).durations("reimage", numbers(7, 11), numbers(0, 0))
    many = starts(**keys).durations("reimage", np.arange(1000), np.zeros(1000, np.int64))
    assert few.tolist() == many[[7, 11]].tolist()


def test_another_reason_draws_other_times_another_policy_the_same():
    def times(reason="update_model-0", **keys):
        made = starts(reason, **RANDOM, **keys)
        return made.durations("reimage", numbers(0, 1, 2, 3), numbers(0, 0, 0, 0)).tolist()

    assert times() != times("reimage-0")
    assert times() == times(policy={"mode": "automatic"})


def test_an_instance_takes_as_long_in_each_mode():
    def out(**policy):
        told = story((100, IMAGE), policy=policy, **RANDOM)
        return [told.states(k)[1][0] - told.states(k)[0][0] for k in range(4)]

    assert out() == pytest.approx(out(mode="automatic"), abs=1e-6)
    assert len(set(out())) == 4


def test_deletions_of_one_number_take_other_times():
    made = starts(delete={"uniform": {"low": "10s", "high": "99s"}})
    first, second, other = made.deletion(0), made.deletion(0), made.deletion(1)
    assert len({first, second, other}) == 3
    assert first == made.times("delete")[0, 0]


def test_only_a_bad_version_draws_who_does_not_get_healthy():
    all_of = np.arange(400), np.zeros(400, np.int64)
    keys = {"instances": 400, "versions": HALF}
    made = starts(**keys)
    assert (made.is_faulty(0), made.is_faulty(1)) == (False, True)
    assert made.get_healthy(*all_of, 0).all()
    assert 150 < made.get_healthy(*all_of, 1).sum() < 250
    good = starts(bad=False, **keys)
    assert not good.is_faulty(1)
    assert good.get_healthy(*all_of, 1).all()


def test_later_faults_are_drawn_an_attempt_and_know_their_version():
    later = {"probability": "50%", "after": {"uniform": {"low": "1h", "high": "2h"}}}
    made = starts(versions={"2": {"unhealthy_later": later}})
    found = [made.unhealthy_after(0, attempt, 1) for attempt in range(100)]
    hit = [each[0] for each in found if each]
    assert 30 < len(hit) < 70
    assert all(3600 <= seconds <= 7200 and place == 0 for seconds, place in hit)
    assert made.unhealthy_after(0, 0, 0) == []
    assert starts(versions=HALF).unhealthy_after(0, 0, 1) == []


@pytest.mark.parametrize(
    ("health", "answers", "seen"),
    [
        ({"interval": "5s"}, [0, 1, 5, 6], [0, 5, 5, 10]),
        ({"interval": "10s", "probes": 3}, [0, 10, 11], [20, 30, 40]),
        ({"source": "load_balancer", "interval": "15s", "probes": 2}, [0, 60], [15, 75]),
        ({"source": "none"}, [0, 1, 7.5], [0, 1, 7.5]),
    ],
)
def test_an_answer_is_seen_by_as_many_probes_as_must_agree(health, answers, seen):
    found = seen_healthy(np.array(answers, float), Health.model_validate(health))
    assert found.tolist() == seen
