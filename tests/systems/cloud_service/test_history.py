"""What a log tells of rollouts: what is wanted, which deployment they mean, whom turns take."""

from __future__ import annotations

import random

import any_service
import numpy as np
import pytest
from service_rules import Run
from story import story

from sim.core.log import COMPLETED, ROLLING_BACK
from sim.core.stack import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation
from sim.systems.base.targets import Targets
from sim.systems.cloud_service.history import deployments, last_before, next_time, taken

TWO = "A: {instances: 2, restart: 100s}, B: {instances: 2, restart: 100s}"
STAGING = "staging: {build: 2}"
UPGRADE = "because upgrade by upgrade_deployment"


def test_an_upgrade_locks_its_deployment_and_wants_its_build_until_all_have_it():
    told = story("at: 10s, upgrade_deployment: {role_to_upgrade: B}", TWO)
    assert told.wants == [
        f"10 deployment production -> production (locked) {UPGRADE}-0",
        f"10 target of B initial/1 -> requested/2 {UPGRADE}-0",
        f"210 deployment production (locked) -> production {UPGRADE}-0",
        f"210 target of B requested/2 -> reached/2 {UPGRADE}-0",
    ]


def test_a_rollback_wants_the_build_of_the_last_completed_upgrade():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: 2}
        at: 300s, upgrade_deployment: {build: 3}
        at: 350s, upgrade_deployment: {build: 4}
        at: 360s, rollback: {}
        """
    )
    assert told.about("target of W")[2:] == [
        f"300 target of W reached/2 -> requested/3 {UPGRADE}-1",
        f"350 target of W requested/3 -> requested/4 {UPGRADE}-2",
        "360 target of W requested/4 -> rolled_back/2 because rollback-0",
    ]
    assert told.brief("deployment")[2:] == [
        "300 production (locked)",
        "350 production",
        "350 production (locked)",
        "460 production",
    ]


def test_a_restart_keeps_what_is_wanted():
    restart = "change_configuration: {restarts: true}"
    assert story(f"at: 10s, {restart}").about("target of W") == [
        "10 target of W initial/1 -> kept/1 because upgrade by change_configuration-0"
    ]
    overtaken = story(f"at: 10s, upgrade_deployment: {{}}\n at: 50s, {restart}")
    assert overtaken.brief("target of W") == ["10 requested/2"]
    assert (overtaken.measure("finished"), overtaken.measure("updated_share")) == (0, 0.5)
    back = story(
        f"at: 10s, upgrade_deployment: {{}}\n at: 50s, {restart}\n at: 60s, rollback: {{}}"
    )
    assert back.brief("target of W") == ["10 requested/2", "60 rolled_back/1"]


def test_a_restart_that_is_turned_round_takes_nothing_back():
    told = story(
        """
        at: 10s, upgrade_deployment: {}
        at: 300s, change_configuration: {restarts: true}
        at: 310s, rollback: {}
        """
    )
    assert told.brief("target of W") == ["10 requested/2", "210 reached/2"]


def test_a_swap_changes_slots_and_covers_what_comes_into_production():
    told = story("at: 10s, swap: {}", more=STAGING)
    assert told.wants == [
        "10 deployment production -> staging because upgrade by swap-0",
        "10 deployment (began in staging) staging -> production because upgrade by swap-0",
        "10 target of W (began in staging) initial/2 -> kept/2 because upgrade by swap-0",
    ]


def test_targets_stay_with_the_deployment_that_moves():
    told = story(
        "at: 10s, upgrade_deployment: {slot: staging, build: 3}\n at: 500s, swap: {}", more=STAGING
    )
    assert told.brief("target of W (began in staging)") == ["10 requested/3", "210 reached/3"]
    assert told.series("up_to_date") == [(0, 1.0)]
    assert told.measure("updated_share") == 1


class Requests:
    """What is wanted as the requests and the upgrades' rows say it: by deployment and role."""

    def __init__(self, model, log):
        self.layout, self.swaps, self.of = model.layout, 0, {}
        slots, names = range(self.layout.slots), [role.name for role in self.layout.roles]
        initial = [self.layout.builds[self.layout.initial_version(slot)] for slot in slots]
        self.settled = {(slot, name): initial[slot] for slot in slots for name in names}
        self.requested, self.target = dict(self.settled), dict(self.settled)
        self.covered, self.open = set(), set()
        for row in log.rows:
            number = int(row["subject"]) - self.layout.first_upgrade
            if 0 <= number < self.layout.rollouts:
                operation = self.layout.request(self.layout.upgrades[number])
                self._row(number, operation, int(row["old"]), int(row["new"]))

    def _row(self, number, operation, old, new):
        body, build = operation.body, getattr(operation.body, "build", None)
        if not old:
            self.swaps += operation.kind == "swap"
            named = getattr(body, "deployment", None)
            staged = getattr(body, "slot", None) == "staging"
            by_slot = (staged + self.swaps) % 2
            self.of[number] = by_slot if named is None else int(named != "s")
        only = getattr(body, "role_to_upgrade", None)
        for role in self.layout.roles:
            if only not in (None, role.name):
                continue
            key = self.of[number], role.name
            self.covered.add(key)
            if new == ROLLING_BACK:
                self.target[key] = self.settled[key]
                self.open.discard(key)
            elif build is not None and not old:
                self.requested[key] = self.target[key] = build
                self.open.add(key)
            elif build is not None and new == COMPLETED:
                self.settled[key] = build
                self.open.discard(key)


@pytest.mark.parametrize("seed", range(60))
def test_the_log_wants_what_the_accepted_requests_asked_for(seed):
    simulation = Simulation(Scenario.from_dict(any_service.scenario(random.Random(seed))))
    model, log = simulation.models["s"], simulation.run()
    layout, expected = model.layout, Requests(model, log)
    targets = Targets(Stack([log]), layout.targets)
    for slot in range(layout.slots):
        for place, role in enumerate(layout.roles):
            key, at = (slot, role.name), (0, layout.target(slot, place))
            assert layout.builds[targets.requested[at]] == expected.requested[key]
            assert layout.builds[targets.version[at]] == expected.target[key]
            assert targets.has("initial")[at] == (key not in expected.covered)
            assert targets.has("requested")[at] == (key in expected.open)


@pytest.mark.parametrize("seed", range(40))
def test_the_deployment_of_a_rollout_is_the_one_that_its_request_named(seed):
    run = Run(any_service.scenario(random.Random(seed)))
    found = deployments(run.layout, run.stack)[0].tolist()
    rollouts = range(run.layout.rollouts)
    assert [found[number] for number in rollouts] == [run.slots.get(n, -1) for n in rollouts]


def test_the_platform_updates_what_is_in_production_by_then():
    told = story(
        """
        at: 10s, guest_os_update: {}
        at: 900s, swap: {}
        at: 1000s, host_os_update: {duration: 10s}
        """,
        more=STAGING,
    )
    layout = told.model.layout
    places = [layout.upgrades.index(f"{kind}_os_update-0") for kind in ("guest", "host")]
    both = Stack([told.log, told.simulation.run(1)])
    assert deployments(layout, both)[:, places].tolist() == [[0, 1], [0, 1]]


def test_turns_take_instances_for_their_upgrade():
    told = story("at: 10s, upgrade_deployment: {}\n at: 500s, reboot_instance: {instance: W_IN_0}")
    rows, upgrade = taken(told.model.layout, told.stack)
    names = [told.log.subjects.name(subject) for subject in told.stack.subject[rows]]
    assert list(zip(names, told.stack.time[rows].tolist(), strict=True)) == [
        ("W_IN_0", 10.0),
        ("W_IN_1", 110.0),
    ]
    assert set(upgrade.tolist()) == {told.model.layout.upgrade("upgrade_deployment-0")}


def test_who_restarts_in_no_time_is_taken_once():
    told = story("at: 10s, upgrade_deployment: {}", "W: {instances: 2, restart: 0s}")
    rows, _ = taken(told.model.layout, told.stack)
    names = [told.log.subjects.name(subject) for subject in told.stack.subject[rows]]
    assert names == ["W_IN_0", "W_IN_1"]


def test_the_next_time_is_that_of_the_same_subject():
    which = np.array([True, False, True, False, True])
    key, time = np.array([1, 1, 1, 2, 3]), np.array([1.0, 2.0, 5.0, 3.0, 4.0])
    assert next_time(which, key, time).tolist() == [5, 5, np.inf, np.inf, np.inf]


def test_the_last_row_before_another_is_one_of_its_key_where_there_is_one():
    key, row = np.array([7, 3, 3]), np.array([0, 4, 9])
    of, at = np.array([3, 3, 3, 3, 7]), np.array([9, 8, 4, 3, 0])
    assert last_before(key, row, of, at).tolist() == [1, 1, -1, -1, 2]
