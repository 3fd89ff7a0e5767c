"""Who starts when on the machines of a fleet, which runs in parts of about 1,000 unseen.

What a machine costs is counted in events and rows, so that it cannot depend on the others.
"""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from arc_story import PUBLISH, extension, fleet, starts, told
from fleet_rows import canonical
from hypothesis import given
from hypothesis import strategies as st
from wild import often, simulation_of
from wild_fleet import scenario

from sim.systems.arc_fleet import fleet as parts
from sim.systems.base.context import Context

fleets = st.integers(0, 10**9).map(lambda seed: scenario(Random(seed)))
A, B, C = (f"{kind} of machines-0" for kind in "ABC")
H = 3600.0
BOTH = f"{PUBLISH}\nat: 1h, publish_extension: {{type: B, version: 1.1}}"
TWO = [extension("A"), extension("B")]
MANY = "machines: 200"
SPREAD = {"discovery": "{uniform: {low: 0s, high: 20d}}", "horizon": "40d"}


def without_limit(tree):
    own = {key: value for key, value in tree["systems"]["p"].items() if key != "max_concurrent"}
    return tree | {"systems": {"p": own}}


def in_one_environment(tree):
    """All machines in line for a turn that is always free."""
    return tree | {"systems": {"p": tree["systems"]["p"] | {"max_concurrent": "100%"}}}


def in_parts_of(size, run):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "TOGETHER", size)
        return run()


# The same log


@often(60)
@given(fleets, st.integers(1, 5), st.integers(0, 1))
def test_parts_of_any_size_and_one_environment_tell_the_same(tree, size, replication):
    free = simulation_of(without_limit(tree))
    whole = canonical(free.run(replication))
    split = in_parts_of(size, lambda: free.run(replication))
    bound = simulation_of(in_one_environment(tree)).run(replication)
    assert np.array_equal(canonical(split), whole)
    assert np.array_equal(canonical(bound), whole)


@often(40)
@given(fleets, st.integers(1, 5))
def test_machines_that_a_limit_couples_are_never_taken_apart(tree, size):
    limited = tree | {"systems": {"p": tree["systems"]["p"] | {"max_concurrent": 1}}}
    simulation = simulation_of(limited)
    assert in_parts_of(size, simulation.run).equals(simulation.run())


@often(20)
@given(fleets, st.integers(1, 3))
def test_replications_are_the_same_in_any_order_and_parts(tree, size):
    simulation = simulation_of(without_limit(tree))
    forwards = [canonical(simulation.run(k)) for k in (0, 1)]
    back = in_parts_of(size, lambda: [canonical(simulation.run(k)) for k in (1, 0)])
    assert all(map(np.array_equal, forwards, reversed(back)))


def test_the_rows_of_a_log_in_parts_are_in_order_of_time():
    run = in_parts_of(7, lambda: fleet(machines="machines: 50", **SPREAD))
    assert (np.diff(run.log.rows["time"]) >= 0).all()


# Ends

THIRTY = {"machines": "machines: 30"} | SPREAD
BAD = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"


def last_of(run, machines, kind="A"):
    return max(told(run, f"{kind} of machines-{k}")[-1] for k in machines)[0]


def test_a_publication_ends_with_the_last_machine_of_all_parts():
    ends = set()
    for replication in range(12):
        run = in_parts_of(10, lambda number=replication: fleet(run=number, **THIRTY))
        by_part = [last_of(run, range(first, first + 10)) for first in (0, 10, 20)]
        assert told(run, "upgrade by publish_extension-0")[-1] == (max(by_part), "completed")
        ends.add(int(np.argmax(by_part)))
    assert ends == {0, 1, 2}


def test_a_publication_that_one_part_does_not_end_does_not_end():
    """Only the machines of the first part are good: they are of another operating system."""
    groups = "groups: {a: {count: 10, os: linux}, b: {count: 10, os: windows}}"
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: {os: windows}}"
    run = in_parts_of(10, lambda: fleet(bad, machines=groups, retry_after="5d", **SPREAD))
    assert {told(run, f"A of a-{k}")[-1][1] for k in range(10)} == {"current/1.1"}
    assert [state for _, state in told(run, "upgrade by publish_extension-0")] == ["upgrading"]


def test_a_push_ends_with_the_last_machine_of_all_parts():
    push = "at: 1h, upgrade_extensions: {targets: {P.A: 1.1}}"
    install = "{uniform: {low: 1min, high: 9h}}"
    ends = set()
    for replication in range(12):
        run = in_parts_of(
            10, lambda number=replication: fleet(push, install=install, run=number, **THIRTY)
        )
        by_part = [last_of(run, range(first, first + 10)) for first in (0, 10, 20)]
        assert told(run, "upgrade by upgrade_extensions-0")[-1] == (max(by_part), "completed")
        ends.add(int(np.argmax(by_part)))
    assert ends == {0, 1, 2}


# Cost


class Counted:
    """How many events a run makes, and how many are pending at once."""

    def __init__(self, run):
        self.events = self.pending = 0
        call = Context.call

        def count(context, *args, **keys):
            call(context, *args, **keys)
            self.events += 1
            self.pending = max(self.pending, len(context.event_queue))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Context, "call", count)
            self.run = run()
        self.attempts = sum("-> installing" in line for line in self.run.lines)


@pytest.mark.parametrize(
    ("limit", "most"),
    [
        ({}, 2),  # a discovery, or a retry; an end
        ({"max_concurrent": "100%"}, 4),  # and the line moves when one joins it and when one goes
    ],
)
def test_events_grow_with_the_attempts_and_with_nothing_else(limit, most):
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 30%}"
    few, many = (
        Counted(lambda n=n: fleet(bad, machines=f"machines: {n}", **SPREAD, **limit))
        for n in (300, 3000)
    )
    for each in (few, many):
        assert each.events <= most * each.attempts + 10
    assert many.attempts > 9 * few.attempts


def test_few_events_are_pending_however_many_machines_there_are():
    """The next discovery of each part, what is under way, and nothing of what is to come."""
    few, many = (
        Counted(lambda n=n: fleet(machines=f"machines: {n}", **SPREAD)) for n in (1000, 4000)
    )
    assert many.pending <= 2 * few.pending
    assert many.pending < 15


@pytest.mark.parametrize("n", [10, 1500])
def test_an_attempt_costs_three_rows_or_four_and_a_machine_that_rests_none(n):
    """20 bytes each; beside them a request has two, its upgrade too, and what is wanted by it one."""
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: {machines: 30%}}"
    run = fleet(
        bad,
        [extension("A"), extension("B"), extension("C", more="")],
        machines=f"machines: {n}",
        max_attempts=2,
        **SPREAD,
    )
    tried = [told(run, f"A of machines-{k}") for k in range(n)]
    good = sum(story[-1][1] == "current/1.1" for story in tried)
    assert len(run.log) == 3 * good + 2 * 4 * (n - good) + 5
    assert run.log.rows.nbytes == 20 * len(run.log)


def test_who_ends_a_publication_is_the_same_in_parts():
    """Both come to their end at one instant, one of them in RETURN."""
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: {machines: 50%}}"
    logs = []
    for size in (1024, 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(parts, "TOGETHER", size)
            run = fleet(bad, machines="machines: 2", rollback="0s", max_attempts=1, run=5)
            logs.append(sorted(run.lines))
    assert logs[0] == logs[1]


# Who starts when: discoveries, windows, limits


def test_a_machine_starts_when_it_has_discovered_the_release():
    run = fleet(discovery="3h")
    assert told(run, A)[0] == (4 * H, "installing/1.0")


def test_discovery_is_one_draw_a_machine_for_releases_of_one_instant():
    run = fleet(BOTH, TWO, machines=MANY, discovery="{uniform: {low: 0s, high: 12h}}")
    due = {kind: [told(run, f"{kind} of machines-{k}")[0][0] for k in range(200)] for kind in "AB"}
    assert due["A"] == due["B"]
    assert len(set(due["A"])) == 200


def test_releases_of_two_instants_are_discovered_each_at_a_time_of_its_own():
    second = "at: 61min, publish_extension: {type: B, version: 1.1}"
    run = fleet(
        f"{PUBLISH}\n{second}", TWO, machines=MANY, discovery="{uniform: {low: 0s, high: 12h}}"
    )
    due = [
        [told(run, f"{kind} of machines-{k}")[0][0] - at for k in range(200)]
        for kind, at in (("A", H), ("B", H + 60))
    ]
    assert not set(due[0]) & set(due[1])


def test_extensions_of_one_batch_are_applied_one_after_the_other_in_the_machines_list():
    run = fleet(BOTH, TWO)
    assert starts(run, A) == [H]
    assert told(run, B) == [
        (H, "waiting/1.0"),
        (H + 420, "installing/1.0"),
        (H + 540, "watching/1.1"),
        (H + 840, "current/1.1"),
    ]


def test_what_is_due_first_starts_first_whatever_its_place_in_the_list():
    """C keeps the machine busy until 2:07; B is due at 2:03, A at 2:05."""
    run = fleet(
        """at: 1h, publish_extension: {type: C, version: 1.1}
        at: 63min, publish_extension: {type: B, version: 1.1}
        at: 65min, publish_extension: {type: A, version: 1.1}""",
        [extension(kind) for kind in "ABC"],
        discovery="1h",
    )
    assert [starts(run, name) for name in (C, B, A)] == [[2 * H], [2 * H + 420], [2 * H + 840]]


def test_the_failure_of_one_does_not_stop_the_others():
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"
    run = fleet(f"{bad}\nat: 1h, publish_extension: {{type: B, version: 1.1}}", TWO, horizon="2h")
    assert told(run, A)[-1] == (H + 480, "backing_off/1.0")
    assert told(run, B)[1:] == [
        (H + 480, "installing/1.0"),
        (H + 600, "watching/1.1"),
        (H + 900, "current/1.1"),
    ]


def test_a_retry_that_is_due_while_the_machine_is_busy_waits():
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"
    b = "at: 2h, publish_extension: {type: B, version: 1.1}"
    run = fleet(f"{bad}\n{b}", TWO, retry_after="54min", horizon="8220s")
    assert starts(run, B) == [2 * H]
    assert told(run, A)[4:6] == [(H + 480 + 3240, "waiting/1.0"), (2 * H + 420, "installing/1.0")]


def test_at_one_instant_what_falls_due_stands_in_line_before_anything_starts():
    """A's retry and B's discovery fall on one instant: A comes first in the list."""
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"
    b = "at: 7680s, publish_extension: {type: B, version: 1.1}"
    run = fleet(f"{bad}\n{b}", TWO, horizon="3h")
    assert starts(run, A) == [H, 7680]
    assert told(run, B)[0] == (7680, "waiting/1.0")


def test_nothing_starts_outside_the_windows_of_a_release_and_what_is_under_way_finishes():
    at_night = "windows: [{from: '03:00', to: '03:10'}]"
    run = fleet(f"at: 1h, publish_extension: {{type: A, version: 1.1, {at_night}}}")
    assert told(run, A) == [
        (H, "waiting/1.0"),
        (3 * H, "installing/1.0"),
        (3 * H + 120, "watching/1.1"),
        (3 * H + 420, "current/1.1"),
    ]
    two = f"{PUBLISH}\nat: 9500s, publish_extension: {{type: B, version: 1.1, {at_night}}}"
    assert starts(fleet(two, TWO, discovery="18min"), B) == [3 * H]


def test_one_that_waits_for_its_window_lets_another_one_go_first():
    at_night = "windows: [{from: '03:00', to: '03:10'}]"
    operations = f"""at: 1h, publish_extension: {{type: A, version: 1.1, {at_night}}}
    at: 2h, publish_extension: {{type: B, version: 1.1}}"""
    run = fleet(operations, TWO)
    assert (starts(run, A), starts(run, B)) == ([3 * H], [2 * H])


def test_a_window_that_closes_while_the_machine_is_busy_is_missed():
    at_night = "windows: [{from: '01:00', to: '01:05'}]"
    operations = f"""{PUBLISH}
    at: 1h, publish_extension: {{type: B, version: 1.1, {at_night}}}"""
    assert starts(fleet(operations, TWO, horizon="30h"), B) == [25 * H]


def test_at_most_so_many_machines_are_busy_and_the_others_wait():
    run = fleet(machines="machines: 5", max_concurrent=2)
    assert [starts(run, f"A of machines-{k}")[0] - H for k in range(5)] == [0, 0, 420, 420, 840]
    assert told(run, "A of machines-4")[0] == (H, "waiting/1.0")


def test_a_share_of_machines_rounds_down_but_lets_one_go():
    for share, at_once in (("50%", 2), ("10%", 1)):
        run = fleet(machines="machines: 5", max_concurrent=share)
        begun = [starts(run, f"A of machines-{k}")[0] for k in range(5)]
        assert begun.count(H) == at_once


def test_machines_that_wait_go_by_due_time_then_machine_then_list():
    """One at a time; B's release is due first on both, then A's on both."""
    operations = """at: 1h, publish_extension: {type: B, version: 1.1}
    at: 61min, publish_extension: {type: A, version: 1.1}"""
    run = fleet(operations, TWO, machines="machines: 2", max_concurrent=1)
    order = [("B", 0), ("B", 1), ("A", 0), ("A", 1)]
    begun = [starts(run, f"{kind} of machines-{k}") for kind, k in order]
    assert begun == [[H], [H + 420], [H + 840], [H + 1260]]


def test_a_machine_under_the_limit_counts_whatever_the_release():
    run = fleet(BOTH, TWO, machines="machines: 2", max_concurrent=1)
    order = [("A", 0), ("B", 0), ("A", 1), ("B", 1)]
    assert [starts(run, f"{kind} of machines-{k}")[0] - H for kind, k in order] == [
        0,
        420,
        840,
        1260,
    ]
