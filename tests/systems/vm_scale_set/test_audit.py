"""The audit of a scale set, on hand-made logs that break one rule each: moves, models, size."""

from __future__ import annotations

import pytest
from set_log import IMAGE, UP, WALK, ScaleSet

from sim.systems.vm_scale_set.decisions import TAKES

PAUSE = {"upgrade_policy": {"pause_time_between_batches": "1min"}}
MOVE = "w: an instance went from one status to another as none does"
MODEL = "w: an instance was brought to another model than is wanted"
WORK = "w: an instance was brought to a model in another way than that takes"
CAPACITY = "w: a request did not bring the set to the capacity that it asks for"
CREATED = """
    100 scale-0 -> InProgress
    100 capacity of w -> asked for/3 because scale-0
    100 w_2 -> creating/1 because scale-0
    280 w_2 -> initializing because scale-0
    340 w_2 -> healthy because scale-0
    340 scale-0 -> Succeeded because scale-0
"""
SCALE = ("scale", {"instances": 3})


def audit(text, *requests, **spec):
    return ScaleSet(*requests or [IMAGE], **PAUSE | spec).audit(text)


def test_a_run_that_keeps_every_rule_passes():
    assert audit(WALK) is None
    assert audit(CREATED, SCALE) is None
    assert audit("", SCALE) is None
    assert ScaleSet(IMAGE, **PAUSE).audit(WALK, "", WALK) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("180 w_0 -> initializing", "180 w_0 -> failed"),
        ("180 w_0 -> initializing", ""),
        ("180 w_0 -> initializing", f"180 w_0 -> initializing because {UP}"),
        ("100 w_0 -> reimaging/2", "100 w_0 -> restarting/1"),
    ],
)
def test_an_instance_goes_from_status_to_status_as_it_may(old, new):
    assert audit(WALK.replace(old, new)) == MOVE


def test_nothing_goes_on_that_did_not_begin():
    assert audit("100 w_0 -> unhealthy because the scenario", IMAGE) == MOVE


def test_instances_are_brought_to_the_model_that_is_wanted():
    assert audit(WALK.replace("reimaging/2", "reimaging/1")) == MODEL


def test_new_instances_come_at_the_model_that_is_wanted():
    assert audit(CREATED.replace("creating/1", "creating/2"), SCALE, IMAGE) == MODEL


def test_a_model_changes_by_nothing_else():
    changed = "an instance changed its model though nothing brought it to another one"
    assert audit(WALK.replace("240 w_0 -> healthy", "240 w_0 -> healthy/1")) == f"w: {changed}"


def test_a_new_image_reimages():
    assert audit(WALK.replace("100 w_0 -> reimaging/2", "100 w_0 -> updating/2")) == WORK


def test_a_reimage_reimages():
    reimage = ("reimage", {"instances": [0]})
    text = """
        100 reimage-0 -> InProgress
        100 w_0 -> {} because reimage-0
        180 w_0 -> initializing because reimage-0
        240 w_0 -> healthy because reimage-0
        240 reimage-0 -> Succeeded because reimage-0
    """
    assert audit(text.format("reimaging"), reimage) is None
    assert audit(text.format("updating"), reimage) == WORK


def test_a_scale_out_creates_as_many_as_it_asks_for():
    none = "\n".join(line for line in CREATED.splitlines() if "w_2" not in line)
    assert audit(none, SCALE) == CAPACITY
    late = CREATED + "400 w_1 -> deleting because scale-0\n460 w_1 -> absent because scale-0"
    assert audit(late, SCALE) == f"w: {TAKES}"
    lines = late.replace("400 w_1", "100 w_1").replace("460 w_1", "160 w_1").splitlines()
    at_once = sorted(filter(str.strip, lines), key=lambda line: int(line.split()[0]))
    assert audit("\n".join(at_once), SCALE) == CAPACITY
