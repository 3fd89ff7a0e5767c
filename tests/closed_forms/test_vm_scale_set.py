"""Answers known in advance for scale sets: fixed times by hand, and closed forms.

By hand: a batch has b = max(1, floor(N p)) instances and is out for 240 s of upgrade and 60 s until
healthy, 300 s, then comes the pause, between batches only. A bad instance is judged 300 s after its
upgrade, at 540 s, and stays out. Thresholds are compared strictly; instances go by number.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from known_answers import check, check_share

from sim.core.log import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation

BREACH_BEFORE = "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
BREACH_UPGRADED = "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
RESIZED = {"at": "0s", "update_model": {"size": "B"}}
IMAGE = {"at": "0s", "update_model": {"image": "B"}}
ALL_BAD = {"B": {"unhealthy": "100%"}}


class Set:
    """A set `s` of some instances, all in one update domain, that ran once."""

    def __init__(self, instances, operation=RESIZED, horizon="2h", policy=None, **spec):
        times = {"upgrade": "240s", "reimage": "240s", "restore": "240s", "healthy_after": "60s"}
        written = times | {"update_domains": 1, "upgrade_policy": policy or {}} | spec
        whole = {"kind": "vm_scale_set", "instances": instances} | written
        scenario = {"horizon": horizon, "systems": {"s": whole}, "operations": [operation]}
        self.simulation = Simulation(Scenario.from_dict(scenario))
        self.model = self.simulation.models["s"]
        self.log = self.simulation.run()
        stack = Stack([self.log])
        assert stack.audit() is None
        assert self.model.audit(stack) is None
        measured, _ = self.model.measure(stack, 0.0)
        self.metrics = {name: float(value[0]) for (_, name), value in measured.items()}

    @property
    def operation(self):
        (row,) = self.model.operations_table(self.log)
        return row

    @property
    def duration(self):
        return self.metrics["rollout_duration"]

    @property
    def lowest(self):
        """Instances in service, at the lowest."""
        return self.metrics["min_in_service"]

    @property
    def lost(self):
        """Instance-seconds out of service."""
        return self.metrics["capacity_hours_lost"] * 3600

    def progress(self, at):
        shown = self.model.status(self.log, at)["rollingUpgrades/latest"]
        counts = shown["progress"]
        names = ("successful", "failed", "inProgress", "pending")
        return shown["runningStatus"]["code"], [counts[f"{name}InstanceCount"] for name in names]


# By hand -----------------------------------------------------------------------------------------


def test_v1_ten_instances_in_five_batches_of_two():
    told = Set(10)
    assert (told.duration, told.lowest, told.lost) == (1500, 8, 3000)
    assert told.metrics["batches"] == 5


def test_v2_a_fifth_of_seven_is_one_and_pauses_come_between_batches():
    told = Set(7, policy={"pause_time_between_batches": "30s"})
    assert (told.duration, told.lowest, told.lost) == (2280, 6, pytest.approx(2100))


@pytest.mark.parametrize(("domains", "duration", "lowest"), [(5, 1500, 11), (1, 600, 7)])
def test_v3_a_batch_of_half_of_the_set_stays_in_one_update_domain(domains, duration, lowest):
    told = Set(14, policy={"max_batch_instance_percent": "50%"}, update_domains=domains)
    assert (told.duration, told.lowest, told.lost) == (duration, lowest, 4200)


def test_v5_a_bad_version_stops_after_the_first_batch():
    told = Set(20, IMAGE, horizon="540s", versions=ALL_BAD)
    assert (told.operation["status"], told.operation["code"]) == ("Failed", BREACH_UPGRADED)
    assert (told.operation["ended_s"], told.lowest, told.lost) == (540, 16, 2160)
    assert told.progress(539) == ("RollingForward", [0, 0, 4, 16])
    assert told.progress(540) == ("Faulted", [0, 4, 0, 16])


def test_v7_more_unhealthy_ones_than_a_fifth_let_no_batch_begin():
    told = Set(10, IMAGE, unhealthy_instances=[1, 2, 3])
    assert (told.operation["ended_s"], told.operation["code"]) == (0, BREACH_BEFORE)
    assert told.metrics["batches"] == 0


@pytest.mark.parametrize(("first", "lowest", "lost"), [(True, 8, 3000), (False, 6, 5400)])
def test_v7_two_unhealthy_ones_are_healed_by_the_upgrade_first_or_last(first, lowest, lost):
    policy = {"prioritize_unhealthy_instances": first}
    told = Set(10, IMAGE, policy=policy, unhealthy_instances=[8, 9])
    assert (told.duration, told.lowest, told.lost) == (1500, lowest, lost)


def test_v8_two_instances_go_one_by_one():
    told = Set(2)
    assert (told.duration, told.lowest, told.lost) == (600, 1, 600)


def one_bad(instances, number, seed):
    """The end of an upgrade in which exactly the instance `number` is bad, and its error."""
    bad = {"B": {"unhealthy": f"{100 / instances}%"}}
    times = {"upgrade": "240s", "reimage": "240s", "healthy_after": "60s"}
    whole = {"kind": "vm_scale_set", "instances": instances, "versions": bad, **times}
    scenario = {"seed": seed, "systems": {"s": whole | {"update_domains": 1}}}
    simulation = Simulation(Scenario.from_dict(scenario | {"operations": [IMAGE]}))
    model = simulation.models["s"]
    for replication in range(400):
        log = simulation.run(replication)
        unhealthy = [line for line in log.lines() if "-> unhealthy" in line]
        if len(unhealthy) == 1 and f"s_{number} " in unhealthy[0]:
            (row,) = model.operations_table(log)
            return row["ended_s"], row["status"]
    raise AssertionError("there is no such replication")


@pytest.mark.parametrize(
    ("instances", "number", "ended"),
    [
        (2, 0, (540, "Failed")),
        (2, 1, (840, "Failed")),
        (5, 3, (1440, "Failed")),  # 1 of 4 is more than a fifth
        (5, 4, (1740, "Succeeded")),  # 1 of 5 is not
    ],
)
def test_v8_one_bad_instance_stops_a_small_set_wherever_it_is_above_a_fifth(
    instances, number, ended
):
    assert one_bad(instances, number, 1) == ended


SURGE = {"max_surge": True}


def test_v9_a_surge_keeps_the_capacity_and_costs_vm_hours():
    told = Set(10, policy=SURGE, create="180s", delete="60s")
    assert (told.duration, told.lowest, told.lost) == (1500, 10, 0)
    assert told.metrics["surge_peak"] == 2
    assert told.metrics["surge_vm_hours"] * 3600 == 3000
    there = told.model.timeline(told.log, "instances")
    assert (there.minimum(), there.values.max()) == (10, 12)


def test_v9_where_the_quota_has_no_room_the_batch_goes_in_place():
    told = Set(10, policy=SURGE, create="180s", delete="60s", quota=11)
    assert (told.duration, told.lowest, told.metrics["surge_peak"]) == (1500, 8, 0)


def test_v10_an_automatic_os_upgrade_gives_former_disks_back():
    told = Set(
        10,
        {"at": "0s", "publish_image": {"image": "B"}},
        horizon="780s",
        versions=ALL_BAD,
        automatic_os_upgrade={"enabled": True, "discovery": "0s"},
    )
    assert (told.operation["ended_s"], told.operation["code"]) == (780, BREACH_UPGRADED)
    assert (told.metrics["instances_rolled_back"], told.lowest, told.lost) == (2, 8, 1560)
    shown = told.model.status(told.log, 780)
    assert shown["versions"] == {"1": 10}
    (attempt,) = shown["osUpgradeHistory"]
    assert attempt["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 2
    assert json.dumps(shown)


# Closed forms ------------------------------------------------------------------------------------

COUNT = 4000


def sample(**spec):
    """Metrics of many replications of a set of ten, upgraded in batches of two."""
    whole = {"kind": "vm_scale_set", "instances": 10, "update_domains": 1, "healthy_after": "0s"}
    scenario = {"seed": 5, "horizon": "30d", "systems": {"s": whole | spec}, "operations": [IMAGE]}
    simulation = Simulation(Scenario.from_dict(scenario))
    stack = Stack([simulation.run(replication) for replication in range(COUNT)])
    measured, _ = simulation.models["s"].measure(stack, 0.0)
    return {name: value for (_, name), value in measured.items()}


def test_a_batch_of_two_takes_as_long_as_the_longer_of_two_times():
    """The longer of two exponential times has the mean 3/2; five batches follow each other."""
    times = {"exponential": {"mean": "100s"}}
    health = {"wait": "1d", "interval": "0.001s", "source": "load_balancer"}
    told = sample(reimage=times, health=health)
    check(told["rollout_duration"], 5 * 1.5 * 100)
    check(told["capacity_hours_lost"] * 3600, 10 * 100)


def test_a_version_on_which_some_fail_gets_as_far_as_the_first_batch_with_a_failure():
    """Above a fifth is any of the first two, four; of six and more the second failure."""
    p, q = 0.1, 0.9
    told = sample(versions={"B": {"unhealthy": "10%"}})
    check_share(told["batches"] == 1, 1 - q**2)
    check_share(told["batches"] == 2, q**2 * (1 - q**2))
    # In the first three batches nobody may fail but one of the third.
    third = q**4 * p**2
    check_share(told["batches"] == 3, third)
    check_share(told["finished"] == 1, finishes(p))


def finishes(p):
    """The chance that no prefix of 2, 4, 6, 8, 10 instances has more than a fifth that failed."""
    pair = {0: (1 - p) ** 2, 1: 2 * p * (1 - p), 2: p**2}
    states = {0: 1.0}
    for upgraded in (2, 4, 6, 8, 10):
        following = dict.fromkeys(range(11), 0.0)
        for failed, chance in states.items():
            for more, each in pair.items():
                if 5 * (failed + more) <= upgraded:
                    following[failed + more] += chance * each
        states = {failed: chance for failed, chance in following.items() if chance}
    return float(np.sum(list(states.values())))
