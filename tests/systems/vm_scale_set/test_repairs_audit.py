"""Whether repairs are done when they are due, on hand-made logs in which they are not."""

from __future__ import annotations

from set_log import ScaleSet

SICK = {"unhealthy_instances": [0], "repairs": {"action": "reimage"}}
NOBODY = ("set_protection", {"instances": [1]})
MISSING = "w: an unhealthy instance was not repaired though there was room"
GRACE = "w: an instance was repaired within its grace period"
WAY = "w: an instance was repaired in another way than it is to be"


def repair(instance=0, at=0, work="reimaging"):
    rows = (
        f"{at} {{}} -> {work}",
        f"{at + 80} {{}} -> initializing",
        f"{at + 140} {{}} -> healthy",
    )
    name = f"w_{instance}"
    return "\n".join(row.format(name) + " because automatic repairs" for row in rows) + "\n"


def audit(text, *requests, horizon=1000.0, **spec):
    return ScaleSet(*requests, horizon=horizon, **SICK | spec).audit(text)


def test_an_unhealthy_instance_is_repaired_at_once():
    assert audit(repair()) is None
    assert audit(repair(at=1)) == MISSING
    assert audit("") == MISSING


def test_nothing_is_repaired_without_repairs():
    wrong = "w: an instance was repaired though nothing is to be"
    spec = {"unhealthy_instances": [0]}
    assert ScaleSet(**spec).audit(repair()) == wrong
    assert ScaleSet(**spec).audit("") is None


def test_it_is_repaired_as_the_file_says():
    assert audit(repair(), repairs={"action": "restart"}) == WAY


def test_one_at_a_time_is_repaired_of_two():
    both = {"unhealthy_instances": [0, 1]}
    assert audit(repair(0) + repair(1, at=140), **both) is None
    many = "w: more instances were repaired at once than may be"
    assert audit(repair(0) + repair(1, at=139), **both) == many
    assert audit(repair(0) + repair(1, at=141), **both) == MISSING


def test_the_grace_period_begins_again_with_each_request():
    asked = "0 set_protection-0 -> InProgress\n0 set_protection-0 -> Succeeded\n"
    both = {"unhealthy_instances": [0, 1]}
    assert audit(asked + repair(at=600), NOBODY) is None
    assert audit(asked.replace("0 s", "10 s") + repair(), NOBODY) is None
    asked = asked.replace("0 s", "10 s")
    assert audit(asked + repair(0) + repair(1, at=610), NOBODY, **both) is None
    assert audit(asked + repair(0) + repair(1, at=600), NOBODY, **both) == GRACE


def test_what_is_replaced_is_created_at_once():
    rows = """
        0 w_0 -> deleting because automatic repairs
        60 w_0 -> absent because automatic repairs
        60 w_0 -> creating/1 because automatic repairs
        240 w_0 -> initializing because automatic repairs
        300 w_0 -> healthy because automatic repairs
    """
    replaces = {"repairs": {"action": "replace"}}
    assert audit(rows, **replaces) is None
    gone = "\n".join(rows.splitlines()[:3])
    wrong = "w: an instance that a repair deleted was not created anew"
    assert audit(gone, **replaces) == wrong


def test_only_unhealthy_instances_are_repaired():
    wrong = "w: an instance was repaired that was not unhealthy"
    assert audit(repair() + repair(1, at=700)) == wrong


def test_the_grace_period_begins_again_when_an_instance_is_healthy():
    recovers = """
        100 reimage-0 -> InProgress
        100 w_0 -> reimaging because reimage-0
        180 w_0 -> initializing because reimage-0
        480 w_0 -> unhealthy because reimage-0
        480 reimage-0 -> Failed/instances unhealthy because reimage-0
        500 w_0 -> healthy because reimage-0
    """
    later = {"probability": "100%", "after": "300s"}
    spec = {
        "versions": {"1": {"unhealthy_later": later}},
        "healthy_after": "320s",
        "unhealthy_instances": [],
    }
    bad = "0 version 1 -> bad\n"
    turns = "800 w_0 -> unhealthy because version 1\n"
    reimage = ("reimage", {"instances": [0]})
    text = bad + recovers + turns
    assert audit(text, reimage, horizon=1099.0, **spec) is None
    assert audit(text, reimage, horizon=1100.0, **spec) == MISSING
    early = text + "1000 w_0 -> reimaging because automatic repairs"
    assert audit(early, reimage, horizon=1010.0, **spec) == GRACE
