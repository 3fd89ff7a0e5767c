"""Answers known in advance for scale sets: fixed times by hand, and closed forms.

By hand: a batch has b = max(1, floor(N p)) instances and is out for 240 s of upgrade and 60 s until
healthy, 300 s, then comes the pause, between batches only. A bad instance is judged 300 s after its
upgrade, at 540 s, and stays out. Thresholds are compared strictly; instances go by number.
"""

from __future__ import annotations

import json
from math import comb

import numpy as np
import pytest
from known_answers import check, check_share

from sim.core.stack import Stack
from sim.core.units import YEAR
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
AT_ONCE = {"source": "load_balancer", "interval": "0.001s"}
"""One that answers is seen to be healthy at once."""


def sample(*operations, instances=10, count=COUNT, warm_up=0.0, horizon="30d", **spec):
    """Metrics of many replications of a set of ten, upgraded in batches of two."""
    whole = {"kind": "vm_scale_set", "instances": instances, "update_domains": 1}
    system = whole | {"healthy_after": "0s"} | spec
    scenario = {"seed": 5, "horizon": horizon, "systems": {"s": system}}
    simulation = Simulation(Scenario.from_dict(scenario | {"operations": list(operations)}))
    stack = Stack([simulation.run(replication) for replication in range(count)])
    measured, _ = simulation.models["s"].measure(stack, warm_up)
    return {name: value for (_, name), value in measured.items()}


def test_a_batch_of_two_takes_as_long_as_the_longer_of_two_times():
    """The longer of two exponential times has the mean 3/2; five batches follow each other."""
    times = {"exponential": {"mean": "100s"}}
    health = AT_ONCE | {"wait": "1d"}
    told = sample(IMAGE, reimage=times, health=health)
    check(told["rollout_duration"], 5 * 1.5 * 100)
    check(told["capacity_hours_lost"] * 3600, 10 * 100)


def test_a_version_on_which_some_fail_gets_as_far_as_the_first_batch_with_a_failure():
    """Above a fifth is any of the first two, four; of six and more the second failure."""
    p, q = 0.1, 0.9
    told = sample(IMAGE, versions={"B": {"unhealthy": "10%"}})
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


LENIENT = {"max_unhealthy_upgraded_instance_percent": "100%"}


def test_a_surge_reaches_all_only_where_no_new_instance_fails():
    """A new one fails with p: so many stay at the old model. A batch of two takes 180 s to create,
    60 s until healthy or the whole wait of 300 s, and 60 s to delete.
    """
    p, q = 0.1, 0.9
    told = sample(
        IMAGE,
        count=700,
        upgrade_policy=SURGE | LENIENT,
        versions={"B": {"unhealthy": "10%"}},
        create="180s",
        delete="60s",
        healthy_after="60s",
    )
    check_share(told["finished"] == 1, q**10)
    check_share(told["safe_end"] == 1, q**10)
    check(told["updated_share"], 1 - p)
    check(told["ended_in"], 5 * (180 + 60 * q**2 + 300 * (1 - q**2) + 60))
    assert set(told["min_capacity"].tolist()) == {1}


def test_faults_that_show_later_stop_an_upgrade_before_a_batch():
    """Batches of one every 740 s; each turns unhealthy an exponential time after it is healthy.
    Above a fifth of ten are three, whenever they turned so.
    """
    start, pause, mean = 140, 600, 900
    policy = {"max_batch_instance_percent": "10%", "pause_time_between_batches": f"{pause}s"}
    later = {"probability": "100%", "after": {"exponential": {"mean": f"{mean}s"}}}
    told = sample(
        IMAGE,
        count=1000,
        reimage=f"{start}s",
        health=AT_ONCE,
        upgrade_policy=policy | LENIENT,
        versions={"B": {"unhealthy_later": later}},
    )
    chances = batches_before_three_are_sick(start, pause, mean)
    for count in (3, 4, 5, 6):
        check_share(told["batches"] == count, chances[count])
    ages = (3 * (start + pause) - start - k * (start + pause) for k in range(3))
    assert chances[3] == pytest.approx(np.prod([1 - np.exp(-age / mean) for age in ages]))


def batches_before_three_are_sick(start, pause, mean, most=10):
    """By number of batches the chance of so many: of those that are healthy each turns sick, by
    itself, until the next batch, the new one in the pause alone.
    """
    turns, turns_at_once = 1 - np.exp(-(start + pause) / mean), 1 - np.exp(-pause / mean)
    states, found = {(0, 0): 1.0}, {}
    for count in range(most + 1):
        following = {}
        for (healthy, sick), chance in states.items():
            if sick > 2 or count == most:
                found[count] = found.get(count, 0) + chance
                continue
            for more in range(healthy + 1):
                some = comb(healthy, more) * turns**more * (1 - turns) ** (healthy - more)
                for new, each in ((0, 1 - turns_at_once), (1, turns_at_once)):
                    state = healthy - more + 1 - new, sick + more + new
                    following[state] = following.get(state, 0) + chance * some * each
        states = following
    return found


@pytest.mark.parametrize(("probes", "at_most"), [(1, 300), (3, 290)])
def test_who_answers_after_the_wait_is_given_up_and_healthy_later(probes, at_most):
    """Probes every 5 s, so many in a row: the last one at 300 s must be the first, or third."""
    told = sample(
        IMAGE,
        count=1000,
        healthy_after={"exponential": {"mean": "200s"}},
        health={"interval": "5s", "probes": probes},
        upgrade_policy={"mode": "automatic"},
    )
    given_up = np.exp(-at_most / 200)
    check(told["instances_failed"], 10 * given_up, off=0.08)
    assert set(told["updated_share"].tolist()) == {1}
    check_share(told["finished"] == 1, (1 - given_up) ** 10)


def test_repairs_go_on_while_there_is_room_for_five_percent():
    """Of forty two at once: with exponential times eight leave two at twice the rate of one, and
    the last two take 3/2 times as long as one.
    """
    told = sample(
        instances=40,
        count=800,
        min_available=40,
        unhealthy_instances=list(range(10)),
        reimage={"exponential": {"mean": "100s"}},
        health=AT_ONCE | {"wait": "1d"},
        repairs={"action": "reimage"},
    )
    check(told["downtime"], 100 * (8 / 2 + 1 + 1 / 2), off=0.05)


def test_two_of_three_that_fail_by_themselves_are_available():
    """Each is up nine tenths of the time: for 900 s in the mean, and 100 s out."""
    told = sample(
        instances=3,
        count=150,
        horizon="2d",
        warm_up=7200.0,
        min_available=2,
        failures={"per_year": YEAR / 900, "recovery": "100s"},
    )
    check(told["mean_capacity"], 0.9)
    check(told["availability"], 0.9**3 + 3 * 0.9**2 * 0.1)


def test_recorded_cancel_shortly_after_the_start_leaves_one_of_two_pending():
    """As recorded in 2017 and 2018: the batch under way is finished, no other begins."""
    cancel = {"at": "1.1s", "cancel_rolling_upgrade": {}}
    scenario = {
        "horizon": "1h",
        "systems": {"s": {"kind": "vm_scale_set", "instances": 2, "upgrade": "7s"}},
        "operations": [RESIZED, cancel],
    }
    simulation = Simulation(Scenario.from_dict(scenario))
    model, log = simulation.models["s"], simulation.run()
    shown = model.status(log, 3600)["rollingUpgrades/latest"]
    assert shown["runningStatus"]["code"] == "Cancelled"
    assert shown["runningStatus"]["lastAction"] == "Cancel"
    assert list(shown["progress"].values()) == [1, 0, 0, 1]
