"""Metrics of a scale set, on hand-made logs."""

from __future__ import annotations

import numpy as np
import pytest
from set_log import BEGUN, ENDED, FIRST, IMAGE, SECOND, UP, WALK, ScaleSet
from set_story import IMAGE as ASKED
from set_story import story

from sim.systems.vm_scale_set.metrics import SET_METRICS, headlines

BAD = {"versions": {"2": {"unhealthy": "10%"}}}
SURGE = {"upgrade_policy": {"max_surge": True, "max_batch_instance_percent": 0.5}}
PUBLISH = ("publish_image", {"image": "2"})


def measure(text, name, *requests, **spec):
    (value,) = ScaleSet(*(requests or (IMAGE,)), **spec).measure(text)[name]
    return value


# Capacity


def test_capacity_is_what_is_in_service_of_the_instances_at_time_0():
    assert measure(WALK, "min_capacity") == 0.5
    assert measure(WALK, "mean_capacity") == 1 - (140 + 140) / 2000
    assert measure(WALK, "capacity_hours_lost") == pytest.approx(280 / 3600)
    assert measure(WALK, "min_in_service") == 1


def test_instances_that_are_unhealthy_at_time_0_are_missing():
    found = ScaleSet(unhealthy_instances=[1]).measure("")
    assert (found["min_capacity"], found["mean_capacity"]) == ([0.5], [0.5])


def test_extensions_that_are_updated_leave_capacity_as_it_is():
    text = "100 w_0 -> extensions updating\n300 w_0 -> healthy"
    assert measure(text, "min_capacity") == 1


@pytest.mark.parametrize(("needed", "up"), [(1, 1.0), (2, 1 - 0.28), ("60%", 1 - 0.28)])
def test_a_set_is_available_while_enough_instances_are_in_service(needed, up):
    assert measure(WALK, "availability", min_available=needed) == pytest.approx(up)


def test_what_is_created_beyond_the_first_ones_makes_up_for_what_is_missing():
    text = "100 w_0 -> failed because failures\n100 w_2 -> creating\n200 w_2 -> healthy"
    found = ScaleSet(("scale", {"instances": 3})).measure(text)
    assert found["min_capacity"] == [0.5]
    assert found["capacity_hours_lost"] == [pytest.approx(100 / 3600)]


def test_a_warm_up_is_left_out():
    warm = ScaleSet(IMAGE).measure(WALK, warm_up=240.0)
    assert warm["capacity_hours_lost"] == [pytest.approx(140 / 3600)]


# Upgrades


def test_batches_are_counted():
    pause = "240 batch of w -> pausing\n300 batch of w -> at rest"
    assert measure(BEGUN + FIRST + pause + SECOND + ENDED, "batches") == 2
    assert measure(BEGUN + FIRST, "batches") == 1
    assert measure("", "batches") == 0


def test_a_rollout_takes_from_its_request_to_its_end():
    found = ScaleSet(IMAGE).measure(WALK)
    assert (found["rollout_duration"], found["done_at"]) == ([340], [440])
    assert found["updated_share"] == [1]
    assert ScaleSet(IMAGE).rollouts_ended(WALK)
    assert not ScaleSet(IMAGE).rollouts_ended(BEGUN + FIRST)


def test_an_upgrade_that_is_completed_without_some_is_not_finished():
    """As where a surge could not replace one: the model was not said to be reached."""
    without = BEGUN + FIRST + ENDED.replace("440 model of w -> reached\n", "")
    scale_set = ScaleSet(IMAGE)
    found = scale_set.measure(WALK, without)
    assert found["finished"] == found["safe_end"] == [1, 0]
    assert found["ended_in"] == [340, 340]
    assert found["rollout_duration"] == pytest.approx([340, np.nan], nan_ok=True)
    assert found["done_at"] == pytest.approx([440, np.nan], nan_ok=True)
    assert scale_set.rollouts_ended(without)


def test_the_updated_share_is_of_those_that_are_there_and_stay():
    text = BEGUN + FIRST
    assert measure(text, "updated_share") == 0.5
    assert measure(f"{text} 900 w_1 -> deleting", "updated_share") == 1
    assert measure(f"{text} 900 w_0 -> failed because failures", "updated_share") == 0
    assert measure("", "updated_share") == 0


def test_a_set_without_upgrades_has_no_metrics_of_them():
    found = ScaleSet(PUBLISH).measure("")
    assert not {"rollout_duration", "updated_share", "finished"} & set(found)


# Instances


def test_instances_that_turned_unhealthy_are_counted_once():
    text = """
    100 w_0 -> initializing
    400 w_0 -> unhealthy
    500 w_0 -> healthy
    600 w_0 -> unhealthy
    """
    assert measure(text, "instances_failed") == 1
    assert measure(f"{text} 700 w_1 -> unhealthy", "instances_failed") == 2
    assert measure("100 w_0 -> failed because failures", "instances_failed") == 0


def test_each_return_to_the_former_model_is_counted():
    text = f"""
    100 w_0 -> restoring/1 because {UP}
    170 w_0 -> healthy because {UP}
    200 w_0 -> restoring/1 because {UP}
    210 w_1 -> failed because failures
    220 w_1 -> healthy because failures
    """
    assert measure(text, "instances_rolled_back") == 1
    assert measure(f"{text} 270 w_0 -> healthy because {UP}", "instances_rolled_back") == 2


# Versions that are bad


def test_a_bad_version_reaches_those_at_it_in_service_or_not():
    text = "0 version 2 -> bad\n" + WALK
    assert measure(text, "blast_radius", **BAD) == 1
    assert measure(text, "bad_build_hours", **BAD) == pytest.approx((900 + 700) / 3600)
    half = "0 version 2 -> bad\n" + BEGUN + FIRST
    assert measure(half, "blast_radius", **BAD) == 0.5


def test_a_version_that_is_good_in_a_replication_reaches_nobody():
    text = "0 version 2 -> good\n" + WALK
    assert measure(text, "blast_radius", **BAD) == 0
    assert measure(text, "bad_build_hours", **BAD) == 0
    assert "blast_radius" not in ScaleSet(IMAGE).measure(WALK)


def test_any_bad_part_makes_a_model_bad():
    both = ("update_model", {"image": "2", "size": "3"})
    versions = {"versions": {name: {"unhealthy": "10%"} for name in "23"}}
    text = """
    0 version 2 -> good
    0 version 3 -> bad
    100 w_0 -> reimaging/2 + 3
    600 w_1 -> updating/2 + 1
    """
    assert measure(text, "blast_radius", both, **versions) == 0.5
    assert measure(text, "bad_build_hours", both, **versions) == pytest.approx(900 / 3600)


# Surge


def test_a_surge_is_what_batches_created_and_did_not_delete():
    text = """
    100 w_2 -> creating/2
    280 w_2 -> initializing
    340 w_2 -> healthy
    340 w_0 -> deleting
    400 w_0 -> absent
    """
    assert measure(text, "surge_peak", **SURGE) == 1
    assert measure(text, "surge_vm_hours", **SURGE) == pytest.approx(300 / 3600)
    assert "surge_peak" not in ScaleSet(IMAGE).measure(WALK)


def test_what_a_scale_out_creates_is_no_surge():
    scale = ("scale", {"instances": 3})
    text = "100 w_2 -> creating because scale-0"
    assert measure(text, "surge_peak", scale, **SURGE) == 0


# Where an upgrade falls short


def short(how, *texts, **spec):
    scale_set = ScaleSet(IMAGE, **spec)
    return scale_set.model.shortfalls(scale_set.stack(*texts))[how].tolist()


def test_an_upgrade_that_is_completed_without_some_is_told_with_when():
    """As where a surge could not replace one: it stays at the former model."""
    without = BEGUN + FIRST + ENDED
    logs = without, WALK, without.replace("completed", "failed"), ""
    last, *others = short("without some members", *logs)
    assert last == 440
    assert np.isnan(others).all()
    gone = without.replace("440 model", "410 w_1 -> deleting\n440 model")
    assert np.isnan(short("without some members", gone)).all()
    assert np.isnan(short("with unhealthy members", *logs)).all()
    assert ScaleSet().model.shortfalls(ScaleSet().stack("")) == {}


def test_one_that_is_completed_with_unhealthy_instances_is_told_with_when():
    """As where its thresholds allow that many; who is unhealthy at another model is left out."""
    sick = WALK.replace("440 w_1 -> healthy", "440 w_1 -> unhealthy")
    last, *others = short(
        "with unhealthy members",
        sick,
        sick.replace("completed", "failed"),
        sick + "450 w_1 -> healthy",
    )
    assert (last, np.isnan(others[0]), others[1]) == (440, True, 440)
    assert np.isnan(short("without some members", sick)).all()
    initially = BEGUN + FIRST + ENDED
    assert np.isnan(short("with unhealthy members", initially, unhealthy_instances=[1])).all()


# Demand


def test_demand_that_instances_in_service_cannot_serve_is_unserved():
    demand = {"demand": {"constant": 30}, "serves_demand": 20}
    assert measure(WALK, "unserved_demand", **demand) == pytest.approx(10 * 280)
    nothing = {"demand": {"constant": 30}}
    assert measure(WALK, "unserved_demand", **nothing) == pytest.approx(30 * 1000)
    assert "unserved_demand" not in ScaleSet(IMAGE).measure(WALK)


# What they are


def test_the_headlines_are_those_that_the_file_makes_worth_it():
    def of(*requests, **spec):
        return headlines(ScaleSet(*requests, **spec).model.layout)

    assert of() == ("min_capacity", "capacity_hours_lost")
    assert of(IMAGE)[2:] == ("rollout_duration",)
    assert of(IMAGE, **BAD)[2:] == ("rollout_duration", "blast_radius")
    demand = {"demand": {"constant": 30}, "serves_demand": 20}
    assert of(**demand, **SURGE)[2:] == ("unserved_demand", "surge_vm_hours")


def test_each_metric_that_a_set_may_have_is_known():
    demand = {"demand": {"constant": 30}, "serves_demand": 20}
    found = ScaleSet(IMAGE, **BAD, **SURGE, **demand).measure(WALK + "0 version 2 -> good")
    assert set(found) == set(SET_METRICS)


def test_metrics_of_a_run_are_those_of_its_rows():
    told = story((100, ASKED))
    assert told.measure("min_capacity") == 0.5
    assert told.measure("capacity_hours_lost") == pytest.approx(4 * 150 / 3600)
    assert told.measure("ended_in") == told.measure("rollout_duration") == 300
