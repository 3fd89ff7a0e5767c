"""Metrics of an Arc fleet, on hand-made logs."""

from __future__ import annotations

import pytest
from fleet_log import (
    AGENT,
    PROBE,
    PUBLISH,
    PUBLISHED,
    Fleet,
    begun,
    one,
    push,
    returns,
    updates,
)

from sim.core.metrics import NO_ROLLBACKS, OF_ROLLBACKS
from sim.systems.arc_fleet.metrics import ARC_METRICS, OWN_METRICS, measure_more

NAN = pytest.approx(float("nan"), nan_ok=True)
DONE = PUBLISHED + "".join(updates(f"m-{k}", 100 * k + 200) for k in range(4))
"""Up to date at 400, 500, 600, 700."""


def more(fleet, text, *names):
    """The same of metrics that are not listed too."""
    stack = fleet.stack(text)
    return [float(measure_more(fleet.model, stack, name)["", name][0]) for name in names]


def test_a_fleet_has_the_common_metrics_and_its_own():
    own = [metric.name for metric in OWN_METRICS]
    assert list(ARC_METRICS) == [*NO_ROLLBACKS, *own]
    assert {metric.better for metric in OWN_METRICS} == {"lower"}


# Capacity and availability


def test_only_what_is_installed_unhealthy_rolled_back_or_failed_is_out():
    walk = """
        100 Agent of m-0 -> waiting
        200 Agent of m-0 -> installing
        300 Agent of m-0 -> unhealthy/1.1
        400 Agent of m-0 -> rolling_back
        500 Agent of m-0 -> backing_off/1.0
        600 Agent of m-1 -> installing
        700 Agent of m-1 -> watching/1.1
        800 Agent of m-1 -> current
        900 Agent of m-2 -> failed
    """
    fleet = Fleet(PUBLISH)
    lost = [(200.0, 0.75), (500.0, 1.0), (600.0, 0.75), (700.0, 1.0), (900.0, 0.75)]
    assert fleet.series(PUBLISHED + walk, "capacity") == [(0.0, 1.0), *lost]
    assert one(fleet, walk, "capacity_hours_lost") == [500 / 3600]
    assert one(fleet, walk, "min_capacity", "mean_capacity", warm_up=900.0) == [0.75, 0.75]


def test_a_file_may_say_what_counts_as_out():
    text = PUBLISHED + updates("m-0", 200)
    assert one(Fleet(PUBLISH, counts_as_out=["watching"]), text, "capacity_hours_lost") == [
        100 / 3600
    ]


def test_nominal_are_the_extensions_of_time_0_enrolled_or_not():
    other = PROBE | {"enable_automatic_upgrade": False}
    text = PUBLISHED + "200 Agent of m-0 -> installing"
    fleet = Fleet(PUBLISH, extensions=[AGENT, other])
    assert one(fleet, text, "min_capacity") == [7 / 8]
    assert one(fleet, text, "min_capacity", group="Agent") == [3 / 4]
    assert one(fleet, text, "min_capacity", group="Probe") == [1.0]


def test_an_extension_that_is_added_makes_more_than_the_nominal():
    put = ("put_extension", {"publisher": "P", "type": "Probe", "version": "1.0"})
    text = "100 Probe of m-0 -> current because put_extension-0"
    fleet = Fleet(put)
    assert fleet.series(text, "capacity") == [(0.0, 1.0), (100.0, 1.25)]
    assert one(fleet, text, "min_capacity", group="Probe") == [1.0]


def test_a_type_is_available_while_each_entry_has_its_least_in_service():
    groups = {"a": {"count": 2}, "b": {"count": 3}}
    written = [
        AGENT | {"groups": ["a"], "min_available": 1},
        AGENT | {"groups": ["b"], "min_available": "50%"},
        PROBE,
    ]
    text = """
        100 Agent of a-0 -> failed
        200 Agent of b-0 -> failed
        300 Agent of b-1 -> failed
        500 Agent of b-1 -> current
    """
    fleet = Fleet(PUBLISH, groups=groups, extensions=written)
    assert fleet.series(text, "available", "Agent") == [(0.0, 1.0), (300.0, 0.0), (500.0, 1.0)]
    assert one(fleet, text, "downtime", "outages", group="Agent") == [200, 1]
    assert one(fleet, text, "downtime", "outages") == [200, 1]
    assert "downtime" not in fleet.measure(text, group="Probe")


def test_without_a_min_available_there_is_no_availability():
    fleet = Fleet(PUBLISH)
    assert "availability" not in fleet.measure(DONE)
    assert not [name for name, _ in fleet.model.series() if name == "available"]
    with pytest.raises(KeyError, match="min_available"):
        fleet.series(DONE, "available")


# Times to a share


def test_a_share_is_timed_from_the_publication_to_the_instant_that_reaches_it():
    assert one(Fleet(PUBLISH), DONE, "time_to_50", "time_to_90", "time_to_99") == [400, 600, 600]


def test_a_share_that_is_never_reached_is_missing():
    text = PUBLISHED + updates("m-0", 200) + updates("m-1", 300) + returns("m-2", 200)
    assert one(Fleet(PUBLISH), text, "time_to_50", "time_to_90") == [400, NAN]


def test_a_share_counts_when_it_is_first_reached():
    """A repair installs again what was up to date."""
    text = PUBLISHED + updates("m-0", 200) + updates("m-1", 200) + "500 Agent of m-0 -> installing"
    assert one(Fleet(PUBLISH), text, "time_to_50", "updated_share") == [300, 0.25]


def test_a_push_counts_from_itself_where_nothing_was_published():
    text = begun(100, "upgrade_extensions-0")
    for k in range(3):
        text += updates(f"m-{k}", 200 + 10 * k, because="upgrade_extensions-0")
    asleep = AGENT | {"enable_automatic_upgrade": False}
    names = ("time_to_25", "time_to_50", "time_to_75", "time_to_90")
    fleet = Fleet(push(), extensions=[asleep])
    assert more(fleet, text, *names) == [300, 310, 320, NAN]


def test_a_push_of_what_is_installed_is_done_at_once():
    text = begun(100, "upgrade_extensions-0")
    assert one(Fleet(push("1.0")), text, "time_to_50", "time_to_99") == [0, 0]


def test_a_push_of_another_version_counts_anew():
    text = PUBLISHED + updates("m-0", 200) + begun(500, "upgrade_extensions-0")
    text += updates("m-1", 600, version="1.0", because="upgrade_extensions-0")
    fleet = Fleet(PUBLISH, push("1.0"))
    assert more(fleet, text, "time_to_50", "time_to_75", "time_to_76") == [0, 0, NAN]


@pytest.mark.parametrize("percent", range(1, 101))
def test_the_time_to_any_percentage_is_that_of_the_machine_that_brings_it(percent):
    """40 machines, one each 10 s: the k-th comes 200 + 10 k s after the publication."""
    fleet = Fleet(PUBLISH, groups={"m": {"count": 40}})
    text = PUBLISHED + "".join(updates(f"m-{k}", 10 * k + 10 + 100) for k in range(40))
    needed = -(-40 * percent // 100)
    assert more(fleet, text, f"time_to_{percent}") == [200 + 10 * needed]


@pytest.mark.parametrize("name", ["time_to_0", "time_to_101", "time_to_050", "time_to_", "time"])
def test_no_other_name_is_that_of_a_metric(name):
    assert name not in ARC_METRICS
    assert "time_to_7" in ARC_METRICS
    assert ARC_METRICS["time_to_7"].label == "7 % done\nin"


def test_the_fewest_in_service_are_counted_of_the_fleet_and_of_each_type():
    fleet = Fleet(PUBLISH, extensions=[AGENT, PROBE])
    text = PUBLISHED + updates("m-0", 200) + updates("m-1", 250)
    assert one(fleet, text, "min_in_service") == [6]
    assert one(fleet, text, "min_in_service", group="Agent") == [2]
    assert one(fleet, text, "min_in_service", group="Probe") == [4]
    assert one(fleet, text, "min_in_service", warm_up=320.0) == [7]


def test_the_system_counts_all_types_from_the_first_of_their_last_publications():
    probe = ("publish_extension", {"type": "Probe", "version": "1.1"})
    fleet = Fleet(PUBLISH, probe, extensions=[AGENT, PROBE])
    text = DONE + begun(300, "publish_extension-1")
    for k in range(2):
        text += updates(f"m-{k}", 500, kind="Probe", because="publish_extension-1")
    assert one(fleet, text, "time_to_50", group="Probe") == [400]
    assert one(fleet, text, "time_to_50", "time_to_90") == [600, NAN]  # the 4th of 8, never the 8th
    assert one(fleet, text, "updated_share") == [6 / 8]


def test_a_group_counts_from_when_its_own_release_came():
    """A release to one group first: the others need not have been done before it reached them."""
    first = ("publish_extension", {"type": "Agent", "version": "1.1", "group": "a"})
    groups = {"a": {"count": 1}, "b": {"count": 1}}
    fleet = Fleet(first, ("publish_extension", {"type": "Agent", "version": "1.1"}), groups=groups)
    text = begun(100, "publish_extension-0") + updates("a-0", 300)
    text += begun(600, "publish_extension-1") + updates("b-0", 650, because="publish_extension-1")
    assert one(fleet, text, "time_to_99", group="a") == [400]
    assert one(fleet, text, "time_to_99", group="b") == [250]
    assert one(fleet, text, "time_to_99") == [750]


def test_a_type_that_is_never_published_has_no_times():
    fleet = Fleet(PUBLISH, extensions=[AGENT, PROBE])
    assert not {"time_to_50", "updated_share"} & set(fleet.measure(DONE, group="Probe"))


def test_a_publication_that_does_not_come_leaves_the_times_missing():
    assert one(Fleet(PUBLISH), "", "time_to_50", "updated_share", "finished") == [NAN, 0, 0]


# The share updated


def test_the_updated_share_is_that_of_the_horizon():
    text = PUBLISHED + updates("m-0", 200) + "900 Agent of m-0 -> failed"
    assert one(Fleet(PUBLISH), text, "updated_share") == [0.0]


# Attempts


def test_rollbacks_attempts_and_machines_that_are_stuck():
    text = PUBLISHED + updates("m-0", 200) + returns("m-1", 200) + returns("m-1", 600)
    text += returns("m-2", 200, then="failed")
    names = ("rollbacks", "attempts_mean", "stuck_machines")
    assert one(Fleet(PUBLISH), text, *names) == [3, 4 / 3, 1]


def test_a_machine_with_two_failed_extensions_is_stuck_once():
    fleet = Fleet(PUBLISH, extensions=[AGENT, PROBE])
    text = """
        100 Agent of m-0 -> failed
        100 Probe of m-0 -> failed
        200 Probe of m-1 -> failed
    """
    assert one(fleet, text, "stuck_machines") == [2]
    assert one(fleet, text, "stuck_machines", group="Probe") == [2]
    assert one(fleet, text, "stuck_machines", group="Agent") == [1]


def test_what_a_repair_installs_is_an_attempt_too():
    repair = ("repair_extension", {"type": "Agent"})
    text = PUBLISHED + returns("m-0", 200, then="failed")
    text += """
        600 repair_extension-0 -> InProgress
        600 Agent of m-0 -> installing because repair_extension-0
    """
    assert one(Fleet(PUBLISH, repair), text, "attempts_mean", "stuck_machines") == [2, 0]


def test_where_nobody_tried_there_is_no_mean_of_attempts():
    assert one(Fleet(PUBLISH), PUBLISHED, "attempts_mean", "rollbacks") == [NAN, 0]


# Rollouts


def test_a_rollout_is_finished_when_its_publication_has_ended():
    end = "700 upgrade by publish_extension-0 -> completed because Agent of m-3"
    assert one(Fleet(PUBLISH), DONE + end, "rollout_duration", "finished") == [600, 1]
    assert one(Fleet(PUBLISH), DONE, "rollout_duration", "finished") == [NAN, 0]


@pytest.mark.parametrize("extensions", [[AGENT], [AGENT, PROBE]])
def test_a_type_has_the_metrics_of_groups_only_and_the_fleet_those_of_rollouts_too(extensions):
    fleet = Fleet(PUBLISH, extensions=extensions)
    rollouts = {"rollout_duration", "finished"}
    assert not rollouts & fleet.measure(DONE, group="Agent").keys()
    assert rollouts <= fleet.measure(DONE).keys()
    assert not OF_ROLLBACKS & fleet.measure(DONE).keys()


def test_a_promise_about_a_fleet_needs_no_end_of_the_publication_but_its_begin():
    assert Fleet(PUBLISH).rollouts_ended(DONE)
    assert not Fleet(PUBLISH).rollouts_ended("")


def test_without_a_rollout_there_are_no_rollout_metrics():
    fleet = Fleet()
    assert fleet.rollouts_ended("")
    found = fleet.measure("")
    assert not {"finished", "updated_share", "time_to_99"} & set(found)
    assert found["stuck_machines"] == [0]


def test_replications_are_measured_together_as_alone():
    probe = ("publish_extension", {"type": "Probe", "version": "1.1"})
    fleet = Fleet(PUBLISH, probe, extensions=[AGENT, PROBE], max_concurrent=2)
    texts = [
        DONE,
        "",
        PUBLISHED + returns("m-0", 200, then="failed"),
        begun(60, "publish_extension-1") + PUBLISHED + updates("m-0", 200),
    ]
    for group in ("", "Agent", "Probe"):
        together = fleet.measure(*texts, group=group)
        alone = [fleet.measure(text, group=group) for text in texts]
        for name, values in together.items():
            assert values == [pytest.approx(each[name][0], nan_ok=True) for each in alone]
