"""Subjects are numbered without gaps, in the order in which they are added."""

import pytest
from kiosks import SPAN, SYSTEM_TYPE, model, request

from sim.core.log import States
from sim.systems.base.layout import Layout, Numbering

STATES = States(("absent", "there"))


def test_blocks_follow_each_other():
    numbering = Numbering("shop", 7)
    first = numbering.add("box", STATES, ("a", "b"), group="left")
    second = numbering.add("shelf", STATES, "shelf-{}".format, [1, 1, 0])
    assert (first.first, first.count, first.group, first.name(1)) == (7, 2, "left", "b")
    assert (second.first, second.count, second.name(2)) == (9, 3, "shelf-2")
    assert (first.initial.tolist(), second.initial.tolist()) == ([0, 0], [1, 1, 0])
    assert (numbering.blocks, numbering.next) == ([first, second], 12)


def test_actors_operations_and_upgrades_come_before_what_a_system_adds():
    spec = SYSTEM_TYPE.spec(kiosks=1, update="1min")
    asked = [request(0, 10, "2"), request(1, 20, "3")]
    names = ("update_kiosks-0", "walk")
    layout = Layout(
        "lobby", spec, asked, 1, SPAN,
        actors=("failures", "platform"), rules=("busy",),
        rollouts=names[:1], platform_updates=("patch",), clients=names[1:],
    )  # fmt: skip
    layout.add("kiosk", STATES, ("kiosk-0",))
    assert [(block.kind, block.first, block.count) for block in layout.blocks] == [
        ("actor", 1, 2),
        ("operation", 3, 3),
        ("upgrade", 6, 2),
        ("kiosk", 8, 1),
    ]
    assert (layout.actor("platform"), layout.first_operation) == (2, 3)
    assert (layout.upgrade("patch"), layout.rollouts) == (7, 1)
    assert layout.request("update_kiosks-1") is asked[1]


def test_an_operation_s_state_names_the_rule_by_which_it_was_refused():
    operations = model(request(0, 10, "2")).blocks[1]
    refused = operations.states.statuses.index("Refused") + operations.states.width
    assert operations.states.version(refused) == "an update is in progress"


def test_who_is_no_actor_has_no_number():
    with pytest.raises(ValueError, match=r"tuple\.index"):
        model().layout.actor("platform")


def test_an_operation_of_the_file_goes_before_a_clients_of_the_same_name():
    asked, spec = [request(0, 10, "2")], SYSTEM_TYPE.spec(kiosks=1, update="1min")
    name = asked[0].name
    layout = Layout("lobby", spec, asked, 1, SPAN, rollouts=[name], clients=[name])
    assert layout.operations == (name, name)
    assert layout.operation_number(name) == 0
    assert layout.operation(name) == layout.first_operation
    assert layout.request(name) is asked[0]
    assert layout.begins_upgrade(name)
    assert layout.upgrade(name) == layout.first_upgrade + layout.upgrade_number(name)
    assert not layout.begins_upgrade("other")
