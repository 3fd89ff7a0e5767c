"""How the subjects of an Arc fleet are numbered, and what they weigh."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from fleet_log import AGENT, PROBE, PUBLISH, Fleet, push

from sim.core.log import UNIT
from sim.systems.arc_fleet.layout import MOST_VERSIONS, WrittenVersions, asked_version
from sim.systems.arc_fleet.states import EXTENSION, WIDTH

AWAY = {"share": "50%", "on": "1h", "off": "1h"}
GROUPS = {"b": {"count": 3, "disconnected": AWAY}, "a": {"count": 2}}
PUT = ("put_extension", {"publisher": "Q", "type": "Other", "version": "2.0", "group": "b"})


def layout(*requests, **spec):
    return Fleet(*requests, **spec).model.layout


def test_blocks_stand_in_order_and_without_gaps():
    blocks = layout(PUBLISH, PUT, groups=GROUPS, extensions=[AGENT, PROBE]).blocks
    assert [(block.kind, block.group, block.count) for block in blocks] == [
        ("actor", "", 1),
        ("operation", "", 2),
        ("upgrade", "", 1),
        ("machine", "b", 3),  # only where machines are ever away
        ("target", "Agent", 1),
        ("target", "Agent", 1),
        ("target", "Probe", 1),
        ("target", "Probe", 1),
        ("target", "Other", 1),
        ("extension", "Agent", 2),
        ("extension", "Agent", 3),
        ("extension", "Probe", 2),
        ("extension", "Probe", 3),
        ("extension", "Other", 3),
    ]
    assert all(one.first + one.count == other.first for one, other in pairwise(blocks))


def test_machines_are_numbered_through_the_groups_in_order_of_name():
    groups = layout(groups=GROUPS).groups
    assert [(each.name, each.first, each.count) for each in groups] == [("a", 0, 2), ("b", 2, 3)]
    assert groups[0].connections is None


def test_a_state_holds_a_version_that_the_file_names_anywhere():
    (agent,) = layout(PUBLISH, push("1.10"), extensions=[AGENT | {"version": "1.9.0"}]).extensions
    assert agent.versions == ("1.1", "1.9.0", "1.10")
    assert agent.number("1.9") == 1  # however it is spelled
    assert agent.initial_code == WIDTH + EXTENSION.index("current")
    assert np.iinfo(np.int16).max + 1 >= MOST_VERSIONS * WIDTH


def test_what_only_a_request_brings_is_not_there_at_first():
    fleet = layout(PUT, groups=GROUPS)
    other = fleet.extensions[-1]
    assert (other.name, other.initial, other.initial_code) == ("Q.Other", None, 0)
    assert fleet.nominal == 5
    assert fleet.types == ("Agent", "Other")


def test_capacity_is_what_a_file_does_not_count_as_out():
    (block,) = [
        block for block in layout(counts_as_out=["waiting"]).blocks if block.kind == "extension"
    ]
    out = [EXTENSION[code] for code in range(1, WIDTH) if not block.weights["capacity"][code]]
    assert out == ["waiting"]
    assert block.weights["capacity"][0] == block.weights["present"][0] == 0
    assert set(block.weights["capacity"]) == {0, UNIT}


def test_a_release_covers_what_is_below_it_in_its_major_version_and_a_push_what_is_there():
    requests = [("publish_extension", {"type": "Agent", "version": v}) for v in ("1.1", "2.0")]
    (agent,) = layout(*requests).extensions

    def covered(release):
        codes = np.flatnonzero(agent.covered(release))
        return {agent.versions[code // WIDTH] for code in codes.tolist()}, 0 in codes % WIDTH

    assert covered("1.1") == ({"1.0"}, False)
    assert covered("2.0") == (set(), False)
    assert covered(None) == ({"1.0", "1.1", "2.0"}, False)


@pytest.mark.parametrize(
    ("cause", "time", "before"),
    [
        ("publish_extension-1", 100, False),  # its own rows, and those of later operations
        ("publish_extension-2", 100, False),
        ("upgrade by publish_extension-1", 100, False),
        ("publish_extension-0", 100, True),
        ("upgrade by publish_extension-0", 100, True),
        ("publish_extension-2", 99, True),
        ("publish_extension-0", 101, False),
    ],
)
def test_at_one_instant_operations_go_in_the_order_of_the_file(cause, time, before):
    fleet = Fleet(*[PUBLISH] * 3)
    own = (
        fleet.numbers[name] for name in ("publish_extension-1", "upgrade by publish_extension-1")
    )
    assert fleet.model.layout.came_before(time, fleet.numbers[cause], 100, *own) == before


def test_a_push_names_an_extension_by_publisher_and_type_in_any_case():
    fleet = layout(push("1.2", group="b"), groups=GROUPS, extensions=[AGENT, PROBE])
    body = fleet.requests[0].body
    asked = [asked_version(each, body) for each in fleet.extensions]
    assert asked == [None, "1.2", None, None]
    assert fleet.meant(body) == [1]


def test_a_request_without_a_publisher_names_versions_of_every_extension_of_its_type():
    """Only a PUT brings Other, so nobody knows its publisher before."""
    release = ("publish_extension", {"type": "other", "version": "2.1"})
    fleet = Fleet(release, PUT, groups=GROUPS)
    written = WrittenVersions(fleet.spec, fleet.model.layout.requests)
    assert written.of("q", "OTHER") == ["2.1", "2.0"]  # in the order of the file
    assert written.of("P", "Agent") == ["1.0"]
