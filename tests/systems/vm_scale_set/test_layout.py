"""How the subjects of a scale set are numbered."""

from __future__ import annotations

from itertools import pairwise

import pytest
from set_story import BAD, IMAGE, SIZE, simulation

from sim.core.log import UNIT
from sim.systems.vm_scale_set.layout import (
    begins_upgrade,
    has_faults,
    instance_name,
    parts_of,
    sizes_asked,
)
from sim.systems.vm_scale_set.states import INSTANCE

PUBLISH = {"publish_image": {"image": "2"}}
START = {"start_os_upgrade": {"image": "2"}}


def layout(*asked, **keys):
    return simulation(*[(100, each) for each in asked], **keys).models["w"].layout


def scale(instances):
    return {"scale": {"instances": instances}}


def test_blocks_stand_in_order_and_without_gaps():
    blocks = layout(IMAGE, PUBLISH, versions=BAD).blocks
    assert [(block.kind, block.count) for block in blocks] == [
        ("actor", 2),
        ("operation", 2),
        ("upgrade", 1),
        ("target", 1),
        ("size", 1),
        ("batch", 1),
        ("version", 1),
        ("instance", 4),
    ]
    assert all(one.first + one.count == other.first for one, other in pairwise(blocks))


def test_models_are_all_combinations_of_what_is_asked_for_that_of_time_0_first():
    made = layout(IMAGE, SIZE, {"update_model": {"image": "3"}})
    assert made.models == (
        ("1", "1", "1"),
        ("1", "1", "2"),
        ("2", "1", "1"),
        ("2", "1", "2"),
        ("3", "1", "1"),
        ("3", "1", "2"),
    )
    assert made.number_of["3", "1", "2"] == 5
    assert made.target.states.versions == made.instances.states.versions == made.versions


def test_a_model_is_called_by_what_changes_in_the_scenario():
    assert layout(IMAGE, SIZE).versions == ("1 + 1", "1 + 2", "2 + 1", "2 + 2")
    assert layout(SIZE, image="a").versions == ("1", "2")
    assert layout(image="a").versions == ("a",)


def test_images_extensions_and_sizes_are_listed_once_each():
    made = layout(IMAGE, START, PUBLISH, {"start_extension_upgrade": {"extensions": "9"}})
    assert parts_of(made.spec, made.requests) == [("1", "2"), ("1", "9"), ("1",)]


def test_sizes_stand_as_versions_the_first_one_that_of_time_0():
    made = layout(scale(6), scale(2), scale(6))
    assert made.sizes == sizes_asked(made.spec, made.requests) == (4, 6, 2)
    assert made.size.states.versions == ("4", "6", "2")


@pytest.mark.parametrize(
    ("asked", "keys", "room"),
    [
        ([], {}, 4),
        ([scale(2)], {}, 4),
        ([scale(6)], {}, 6),
        ([scale(2), scale(4)], {}, 6),
        ([scale(2), scale(6)], {}, 8),
        ([IMAGE], {"policy": {"max_surge": True}}, 6),
        ([scale(8)], {"policy": {"max_surge": True}}, 12),
        ([scale(6)], {"zones": 2}, 8),
        ([scale(6)], {"zones": 2, "policy": {"max_surge": True}}, 14),
    ],
)
def test_there_are_numbers_for_all_that_can_be_there_at_once(asked, keys, room):
    made = layout(*asked, **keys)
    assert made.room == made.instances.count == room
    assert made.instances.initial.tolist()[4:] == [0] * (room - 4)


def test_instances_are_healthy_at_time_0_but_for_those_that_are_not():
    made = layout(unhealthy_instances=[2])
    assert [INSTANCE[code] for code in made.instances.initial] == [
        "healthy",
        "healthy",
        "unhealthy",
        "healthy",
    ]
    assert instance_name("web", 17) == "web_17"
    assert made.instances.name(3) == "w_3"


def test_an_instance_weighs_1_while_it_is_in_service_and_counts_while_it_is_there():
    weights = layout(IMAGE).instances.weights
    once = [0, 1, 1] + [0] * 9
    assert weights["ready"].tolist() == once * 2
    assert (weights["capacity"] == weights["ready"] * UNIT).all()
    assert weights["instances"].tolist() == ([0] + [1] * 11) * 2


def named(by_state):
    return {INSTANCE[code] for code in by_state.nonzero()[0] if code < len(INSTANCE)}


def test_states_say_whether_an_instance_is_there_on_its_way_unhealthy_or_given_up():
    made = layout(IMAGE)
    assert named(made.is_there) == {*INSTANCE} - {"absent", "deleting"}
    stops = {"reimaging", "restoring", "restarting", "updating"}
    ways = {"extensions updating", "initializing", "creating"}
    assert named(made.is_on_its_way) == stops | ways
    assert named(made.counts_unhealthy) == {"unhealthy", "failed"} | stops
    assert named(made.is_given_up) == {"unhealthy", "failed"}


def test_without_a_source_of_health_what_runs_is_not_seen_to_be_unhealthy():
    made = layout(IMAGE, health={"source": "none"}, policy={"mode": "manual"})
    assert "initializing" not in named(made.is_on_its_way)
    assert "unhealthy" not in named(made.counts_unhealthy)
    assert named(made.is_given_up) == {"failed"}


@pytest.mark.parametrize(
    ("keys", "places"),
    [
        ({}, [0, 0, 0, 0, 0]),
        ({"update_domains": 2}, [0, 1, 0, 1, 0]),
        ({"zones": [2, 3]}, [0, 0, 1, 1, 1]),
        ({"zones": 2, "update_domains": 2}, [0, 0, 0, 1, 1]),
        ({"zones": 2, "policy": {"enable_cross_zone_upgrade": True}}, [0] * 5),
        ({"orchestration": "flexible", "update_domains": 2}, [0] * 5),
    ],
)
def test_a_place_is_the_zone_and_the_domain_that_a_batch_stays_inside_of(keys, places):
    assert layout(instances=5, **keys).place_of.tolist() == places


def test_zones_of_further_numbers_go_round():
    assert layout(scale(6), zones=[3, 1]).zone_of == [0, 0, 0, 1, 0, 1, 0, 1]


def test_faulty_parts_are_found_by_model():
    versions = BAD | {"1": {"unhealthy": "0%"}, "big": {"unhealthy": "1%"}}
    made = layout(IMAGE, {"update_model": {"size": "big"}}, versions=versions)
    assert made.faulty == ("2", "big")
    assert dict(zip(made.models, made.faults, strict=True)) == {
        ("1", "1", "1"): (),
        ("1", "1", "big"): (1,),
        ("2", "1", "1"): (0,),
        ("2", "1", "big"): (0, 1),
    }
    assert made.fault(1).unhealthy == 0.01


@pytest.mark.parametrize(
    ("behaviour", "faulty"),
    [
        ({"unhealthy": "1%"}, True),
        ({"unhealthy": "1%", "bad": "0%"}, False),
        ({"unhealthy_later": {"probability": "1%", "after": "1h"}}, True),
        ({"unhealthy_later": {"probability": "0%", "after": "1h"}}, False),
        ({}, False),
    ],
)
def test_a_version_has_faults_if_it_may_be_bad_and_do_harm(behaviour, faulty):
    spec = layout(IMAGE, versions={"2": behaviour}).spec
    assert has_faults(spec, "2") is faulty
    assert not has_faults(spec, "1")


def test_upgrades_are_those_that_are_asked_for_and_images_that_are_followed():
    follows = {"automatic_os_upgrade": {"enabled": True}}
    made, alone = layout(IMAGE, PUBLISH, START, **follows), layout(IMAGE, PUBLISH, START)
    assert made.upgrades == ("update_model-0", "publish_image-0", "start_os_upgrade-0")
    assert alone.upgrades == ("update_model-0", "start_os_upgrade-0")
    publish = made.requests[1].body
    assert begins_upgrade(publish, made.spec)
    assert not begins_upgrade(publish, alone.spec)
    assert [made.brings_image(number) for number in range(3)] == [False, True, True]


def test_whatever_is_started_goes_in_batches_a_change_of_the_model_by_the_mode():
    for mode, rolls in (("automatic", False), ("manual", False), ("rolling", True)):
        made = layout(IMAGE, START, policy={"mode": mode})
        assert [made.rolls(number) for number in range(2)] == [rolls, True]
