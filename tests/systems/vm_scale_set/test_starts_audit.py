"""Whether instances start, fail and go as was drawn, on hand-made logs that do not."""

from __future__ import annotations

import pytest
from set_log import BEGUN, IMAGE, WALK, ScaleSet

from sim.systems.vm_scale_set.starts_audit import ANSWERS, GIVEN_UP, GONE, RUNS, TURNS, WRONG

PAUSE = {"upgrade_policy": {"pause_time_between_batches": "1min"}}
LENIENT = {
    "upgrade_policy": PAUSE["upgrade_policy"]
    | {
        "max_unhealthy_instance_percent": "100%",
        "max_unhealthy_upgraded_instance_percent": "100%",
    }
}
GIVES_UP = (
    BEGUN
    + """
    100 batch of w -> upgrading
    100 w_0 -> reimaging/2
    180 w_0 -> initializing
    480 w_0 -> unhealthy
    480 batch of w -> at rest
"""
)
SICK = LENIENT | {"versions": {"2": {"unhealthy": "100%"}}}
LATE = LENIENT | {"healthy_after": "400s"}
SOON = {"probability": "100%", "after": "30s"}


def says(step):
    return f"w: {WRONG[step]}"


def audit(text, horizon=1000.0, **spec):
    return ScaleSet(IMAGE, horizon=horizon, **PAUSE | spec).audit(text)


@pytest.mark.parametrize(
    ("row", "other", "step"),
    [
        ("180 w_0 -> initializing", "181 w_0 -> initializing", RUNS),
        ("380 w_1 -> initializing", "379 w_1 -> initializing", RUNS),
    ],
)
def test_an_instance_starts_in_the_time_that_was_drawn(row, other, step):
    assert audit(WALK.replace(row, other)) == says(step)


def test_it_is_healthy_when_its_probes_say_so():
    assert audit(WALK, healthy_after="61s") == says(ANSWERS)
    assert audit(WALK, healthy_after="56s") is None  # probes come every 5 s
    assert audit(WALK, healthy_after="56s", health={"interval": "20s"}) is None
    assert audit(WALK, health={"probes": 2}) == says(ANSWERS)


def test_who_is_not_healthy_in_time_is_given_up():
    bad = "0 version 2 -> bad\n"
    text = bad + GIVES_UP
    at_480 = {"horizon": 500.0, **SICK}
    assert audit(text, **at_480) is None
    assert audit(text, **at_480, health={"wait": "290s"}) == says(GIVEN_UP)
    grace = {"wait": "240s", "grace_period": "1min"}
    assert audit(text, **at_480, health=grace) is None
    assert audit(text, **at_480, health=grace | {"grace_extends_wait": False}) == says(GIVEN_UP)


def test_who_answers_later_is_healthy_then():
    assert audit(GIVES_UP, horizon=500.0, **LATE) is None
    assert audit(GIVES_UP, horizon=580.0, **LATE).startswith("w: ")
    later = (
        GIVES_UP
        + "480 batch of w -> pausing\n540 batch of w -> at rest\n540 batch of w -> upgrading\n540 w_1 -> reimaging/2\n"
    )
    later += "580 w_0 -> healthy\n"
    assert audit(later, horizon=600.0, **LATE) is None
    assert audit(later.replace("580", "579"), horizon=600.0, **LATE) == says(ANSWERS)


def test_a_version_is_bad_as_was_drawn():
    wrong = "w: a version was not good or bad as was drawn"
    assert audit("0 version 2 -> good\n" + WALK, versions=SICK["versions"]) == wrong


def test_a_healthy_instance_turns_unhealthy_when_that_was_drawn():
    later = LENIENT | {"versions": {"2": {"unhealthy_later": SOON}}}
    text = "0 version 2 -> bad\n" + WALK
    assert audit(text, **later) == says(TURNS)
    turns = text + "270 w_0 -> unhealthy because version 2\n470 w_1 -> unhealthy because version 2"
    assert audit(turns, **later) is None
    assert audit(turns.replace("270 w_0", "271 w_0"), **later) == says(TURNS)


def test_a_deletion_takes_the_time_that_was_drawn():
    scale = ("scale", {"instances": 1})
    text = """
        100 scale-0 -> InProgress
        100 capacity of w -> asked for/1 because scale-0
        100 w_1 -> deleting because scale-0
        160 w_1 -> absent because scale-0
        160 scale-0 -> Succeeded because scale-0
    """
    assert ScaleSet(scale).audit(text) is None
    assert ScaleSet(scale, delete="59s").audit(text) == says(GONE)


def test_nothing_fails_that_was_not_drawn_to():
    fails = "100 w_0 -> failed because failures"
    wrong = "w: an instance failed that was not drawn to fail"
    assert audit(fails) == wrong
    assert audit(fails, failures={"per_year": 1, "recovery": "1h"}) == wrong


def test_a_drawn_failure_is_not_missed():
    often = {"per_year": 300_000, "recovery": "1h"}
    assert audit("", failures=often) == "w: an instance did not fail though it was drawn to"


def test_an_instance_is_taken_for_a_reason():
    text = "100 w_0 -> deleting because the scenario\n160 w_0 -> absent because the scenario"
    assert audit(text) == "w: an instance was taken for no reason"
