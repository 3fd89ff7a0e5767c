"""Random sequences of operations and faults: every run keeps the rules that hold whatever happens.

Each rule is checked row by row in plain Python, apart from the code that it judges. The short form
runs always; ``pytest -m thorough`` runs 100,000 sequences.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.log import (
    COMPLETED,
    OPERATION,
    ROLLED_BACK,
    ROLLING_BACK,
    SUPERSEDED,
    UPGRADING,
    Stack,
)
from sim.scenario import Scenario
from sim.simulation import Simulation
from sim.systems.cloud_service.refusals import OPERATION_STATES
from sim.systems.cloud_service.rollouts import slots_of
from sim.systems.cloud_service.states import LIFE, READY, SLOW, STAGED, UPDATING, WIDTH

SEQUENCES = 100_000
MODES = ("Auto", "Manual", "Simultaneous")
ENDS = ("completed", "rolled_back", "superseded")
NEXT = {
    "absent": {"upgrading", "completed"},
    "upgrading": {"stuck", "rolling_back", *ENDS},
    "stuck": {"upgrading", "rolling_back", *ENDS},
    "rolling_back": {"stuck", *ENDS},
}
"""What an upgrade may become."""


# What is asked --------------------------------------------------------------------------------


def scenario(chance: random.Random) -> dict:
    """A small service with everything that can befall it, and up to ten operations.

    Most times are multiples of ten seconds, so that many things fall on one instant.
    """
    roles = {name: _role(chance) for name in ("A", "B")[: chance.randint(1, 2)]}
    service = {
        "kind": "cloud_service",
        "update_domains": chance.randint(1, 4),
        "fault_domains": chance.randint(1, 3),
        "start_timeout": chance.choice(["50s", "100s", "10min"]),
        "on_start_timeout": chance.choice(["continue", "stuck"]),
        "builds": {build: _build(chance) for build in ("1", "2", "3")},
        "roles": roles,
    }
    if chance.random() < 0.4:
        service["staging"] = {"build": chance.choice("123")}
    if chance.random() < 0.2:
        service["fault_domain_failures"] = {"per_year": 20_000, "recovery": _time(chance)}
    asked = [
        {"at": f"{chance.randint(1, 120)}0s"} | _operation(chance, service)
        for _ in range(chance.randint(1, 10))
    ]
    return {
        "horizon": "1h",
        "seed": chance.randint(0, 999),
        "warm_up": chance.choice(["0s", "10min"]),
        "systems": {"s": service},
        "operations": asked,
    }


def _time(chance):
    if chance.random() < 0.8:
        return f"{chance.choice([0, 1, 2, 3, 5, 10, 20])}0s"
    return {"uniform": {"low": "10s", "high": "5min"}}


def _role(chance):
    role = {"instances": chance.randint(1, 4)}
    if chance.random() < 0.3:
        stages = ("stop", "apply", "start", "on_start")
        role["stages"] = {stage: _time(chance) for stage in stages if chance.random() < 0.7}
    else:
        role["restart"] = _time(chance)
    if chance.random() < 0.3:
        role["create"] = _time(chance)
    if chance.random() < 0.3:
        role["slow_start"] = {"for": _time(chance), "serves": "50%"}
    if chance.random() < 0.2:
        role["failures"] = {"per_year": 20_000, "recovery": _time(chance)}
    role["min_healthy"] = chance.choice([0, 1, 1, 2, "50%"])
    role["min_available"] = chance.choice([1, "50%"])
    role["weight"] = chance.choice([1, 2.5])
    role["local_storage"] = chance.random() < 0.5
    return role


def _build(chance):
    build = {}
    if chance.random() < 0.3:
        build["bad"] = chance.choice(["50%", "100%"])
        build["fails_to_start"] = chance.choice(["0%", "30%", "100%"])
    if chance.random() < 0.2:
        build["unhealthy_later"] = {"probability": "50%", "after": _time(chance)}
    if chance.random() < 0.2:
        build["capacity_factor"] = "50%"
    return build


def _operation(chance, service):
    kinds = {
        "upgrade_deployment": 6,
        "walk_upgrade_domain": 4,
        "rollback": 3,
        "change_configuration": 4,
        "reboot_instance": 1,
        "reimage_instance": 1,
        "update_status": 2,
        "swap": 2 if "staging" in service else 0,
        "guest_os_update": 1,
        "host_os_update": 1,
    }
    kind = chance.choices(list(kinds), list(kinds.values()))[0]
    return {kind: _BODIES[kind](chance, service)}


def _upgrade(chance, service):
    body = {"build": chance.choice("123"), "mode": chance.choice(MODES)}
    if "staging" in service and chance.random() < 0.3:
        body |= chance.choice([{"slot": "staging"}, {"deployment": "s"}])
    if chance.random() < 0.2:
        body["role_to_upgrade"] = chance.choice(list(service["roles"]))
    if chance.random() < 0.4:
        body["operator"] = {
            "bake": _bake(chance),
            "look_every": "20s",
            "stop_above": "20%",
            "then": chance.choice(["stop", "rollback"]),
            "detects": chance.choice(["100%", "50%"]),
            "false_alarm": chance.choice(["0%", "20%"]),
        }
    return body | _changes(chance, service) | _windows(chance)


def _bake(chance):
    return chance.choice(["0s", "10s", "50s", "2min"])


def _configure(chance, service):
    body = {"restarts": chance.random() < 0.4, "mode": chance.choice(MODES)}
    return body | _changes(chance, service) | _windows(chance)


def _changes(chance, service):
    body = {"force": chance.random() < 0.7}
    if chance.random() < 0.4:
        roles = [role for role in service["roles"] if chance.random() < 0.7]
        body["configuration"] = {role: chance.randint(1, 6) for role in roles}
    if chance.random() < 0.2:
        body["changes"] = [chance.choice(["vm_size", "local_storage", "endpoints"])]
    return body


def _windows(chance):
    if chance.random() < 0.8:
        return {}
    begin, end = sorted(chance.sample(range(60), 2))
    return {"windows": [{"from": f"00:{begin:02}", "to": f"00:{end:02}"}]}


def _instance(chance, service):
    role = chance.choice(list(service["roles"]))
    return {"instance": f"{role}_IN_{chance.randrange(service['roles'][role]['instances'])}"}


def _rollback(chance, _):
    return {"mode": chance.choice(["Auto", "Manual"]), "force": chance.random() < 0.5}


_BODIES = {
    "upgrade_deployment": _upgrade,
    "walk_upgrade_domain": lambda chance, _: {"upgrade_domain": chance.randint(0, 3)},
    "rollback": _rollback,
    "change_configuration": _configure,
    "reboot_instance": _instance,
    "reimage_instance": _instance,
    "update_status": lambda chance, _: {"status": chance.choice(["Running", "Suspended"])},
    "swap": lambda _, __: {},
    "guest_os_update": lambda chance, _: {"duration": _time(chance)} | _windows(chance),
    "host_os_update": lambda chance, _: {"duration": _time(chance)} | _windows(chance),
}


# What must hold -------------------------------------------------------------------------------


class Run:
    """A run, gone through row by row."""

    def __init__(self, written):
        self.scenario = Scenario.from_dict(written)
        self.simulation = Simulation(self.scenario)
        self.model = self.simulation.models["s"]
        self.layout = self.model.layout
        self.log = self.simulation.run()
        self.stack = Stack([self.log])
        self.rows = [
            (row["time"].item(), int(row["subject"]), int(row["old"]), int(row["new"]))
            for row in self.log.rows
        ]
        self.name = self.log.subjects.name
        self.block = self.log.subjects.block_of
        self.slots = slots_of(self.model, self.log.rows)
        self.roles = [(role.name, role.first, role.count) for role in self.layout.roles]

    def check(self):
        """Every rule."""
        assert self.stack.audit() is None
        assert self.model.audit(self.stack) is None
        self.upgrades_go_their_way()
        self.instances_are_as_many_as_asked_for()
        Turns(self).check()
        self.a_suspended_service_stands_still()
        self.capacity_is_what_the_rows_say()
        self.what_is_shown_agrees_with_what_is_granted()
        self.series_add_up()
        self.metrics_are_sane()

    def of(self, kind):
        """Rows of one kind of subject: (time, subject, old, new)."""
        return [row for row in self.rows if self.block(row[1]).kind == kind]

    def accepted(self):
        """(place in the log, time, operation) of the file's operations that were accepted."""
        found = []
        for place, (time, subject, _, new) in enumerate(self.rows):
            number = subject - self.layout.first_operation
            if 0 <= number < len(self.model.operations) and OPERATION.status(new) == "InProgress":
                found.append((place, time, self.model.operations[number]))
        return found

    def upgrades_go_their_way(self):
        state = {}
        for _, subject, _, new in self.of("upgrade"):
            states = self.block(subject).states
            old = state.get(subject, "absent")
            state[subject] = states.status(new)
            assert state[subject] in NEXT[old], (self.name(subject), old, state[subject])
            users = [s for s in state if s < self.layout.first_upgrade + self.layout.rollouts]
            active = sum(state[s] not in ENDS for s in users)
            assert active <= self.layout.slots
        for _, subject, old, new in self.of("operation"):
            was, now = OPERATION_STATES.status(old), OPERATION_STATES.status(new)
            ways = {"absent": {"InProgress", "Refused"}, "InProgress": {"Succeeded", "Failed"}}
            assert now in ways[was], self.name(subject)

    def slot_of(self, body, swaps):
        """The deployment that a request is for."""
        if getattr(body, "deployment", None) is not None:
            return int(body.deployment != "s")
        return (int(getattr(body, "slot", None) == "staging") + swaps) % 2

    def instances_are_as_many_as_asked_for(self):
        """In both slots, after every row but those of an operation under way."""
        wanted = {(s, role): n for s in range(self.layout.slots) for role, _, n in self.roles}
        swaps = 0
        accepted = {place: operation for place, _, operation in self.accepted()}
        there = Counter(
            {(s, role): n for s in range(self.layout.slots) for role, _, n in self.roles}
        )
        first = self.layout.first_instance()
        highest = {}
        for place, (time, subject, old, new) in enumerate(self.rows):
            if place in accepted:
                assert there == wanted, time
                operation = accepted[place]
                for role, count in getattr(operation.body, "configuration", {}).items():
                    wanted[self.slot_of(operation.body, swaps), role] = count
                swaps += operation.kind == "swap"
            elif subject >= first:
                slot = (subject - first) // self.layout.instances
                group = self.block(subject).group
                there[slot, group] += (old == 0) - (new == 0) if (old == 0) != (new == 0) else 0
                highest[slot, group] = max(highest.get((slot, group), 0), there[slot, group])
                if new:
                    production = (slot + swaps) % 2 == 0
                    assert (new % WIDTH < STAGED) == production, (time, self.name(subject))
        assert there == wanted

    def a_suspended_service_stands_still(self):
        """From Suspended to Running every instance of the deployment is StoppedVM."""
        marks = {place: operation for place, _, operation in self.accepted()}
        state = self.log.subjects.initial.tolist()
        first, size = self.layout.first_instance(), self.layout.instances
        suspended, swaps, pending = set(), 0, set()
        time = 0.0
        for place, (when, subject, _, new) in enumerate(self.rows):
            if when > time:
                for slot in suspended:
                    codes = state[first + slot * size : first + (slot + 1) * size]
                    assert {LIFE[c % WIDTH % STAGED] for c in codes} <= {"absent", "StoppedVM"}
                suspended |= pending
                pending = set()
            time = when
            state[subject] = new
            if place in marks:
                swaps += marks[place].kind == "swap"
                if marks[place].kind == "update_status":
                    if marks[place].body.status == "Suspended":
                        pending.add(swaps % 2)
                    else:
                        suspended.discard(swaps % 2)
                        pending.discard(swaps % 2)

    def weigh(self, name):
        """The steps (time, weight) of production, by adding up all instances after each row."""
        blocks = self.log.subjects.of("s", "instance")
        state = self.log.subjects.initial.tolist()
        total = sum(int(b.weights[name][state[i]]) for b in blocks for i in b.numbers)
        steps = [(0.0, total)]
        for time, subject, old, new in self.rows:
            block = self.block(subject)
            if block.kind == "instance":
                total += int(block.weights[name][new]) - int(block.weights[name][old])
                if steps[-1][0] == time:
                    steps.pop()
                steps.append((time, total))
        return steps

    def capacity_is_what_the_rows_say(self):
        steps, nominal = self.weigh("capacity"), self.layout.nominal
        values, _ = self.model.measure(self.stack, 0.0)
        lowest = min(value for _, value in steps) / nominal
        assert math.isclose(values["", "min_capacity"][0], lowest)
        ends = [time for time, _ in steps[1:]] + [self.log.horizon]
        lost = sum(
            max(0, nominal - value) * (end - time)
            for (time, value), end in zip(steps, ends, strict=True)
        )
        assert math.isclose(values["", "capacity_hours_lost"][0], lost / 3.6e6, abs_tol=1e-9)

    def what_is_shown_agrees_with_what_is_granted(self):
        """A rollback or a walk is refused for a reason that Get Deployment would have shown."""
        for place, (time, subject, _, new) in enumerate(self.rows):
            number = subject - self.layout.first_operation
            if not 0 <= number < len(self.model.operations):
                continue
            operation = self.model.operations[number]
            if operation.kind != "rollback" or OPERATION_STATES.status(new) in (
                "Succeeded",
                "Failed",
            ):
                continue
            shown = self.model.status(replace(self.log, rows=self.log.rows[:place]), time)
            rule = OPERATION_STATES.version(new)
            if self.layout.slots == 1:
                assert shown["Locked"] == (rule != "no update")
                assert shown["RollbackAllowed"] == (rule in ("", "force"))

    def series_add_up(self):
        """Those in service by build and by domain, and everyone by state."""
        names = [name for name, group in self.model.series() if not group]
        lines = {name: self.model.timeline(self.log, name) for name in names}
        for at in (0.0, 1234.5, self.log.horizon):
            values = {name: float(line.at(at)) for name, line in lines.items()}
            ready = values["ready"]
            assert ready == values["by_state:ReadyRole"]
            for kind in ("by_version", "by_update_domain"):
                assert ready == sum(v for n, v in values.items() if n.startswith(kind))
            shown = self.model.status(self.log, at)["RoleInstanceList"]
            assert len(shown) == sum(v for n, v in values.items() if n.startswith("by_state"))
            assert 0 <= values["up_to_date"] <= 1

    def metrics_are_sane(self):
        values, kept = self.model.measure(self.stack, self.scenario.warm_up)
        for (group, metric), value in values.items():
            assert value.shape == (1,)
            assert np.isnan(value[0]) or value[0] >= 0, (group, metric)
            if metric in ("updated_share", "availability", "finished", "rolled_back"):
                assert value[0] <= 1, (group, metric)
        if self.layout.rollouts:
            duration = values["", "rollout_duration"][0]
            assert np.isnan(duration) == (values["", "finished"][0] == 0)
            assert np.isnan(duration) or duration <= self.log.horizon
        assert kept.shape == (1,)
        self.model.members(self.log)
        self.model.operations_table(self.log)
        self.model.lanes(self.log)


class Turns:
    """The turns of a run, gone through row by row: who may begin, when one may end."""

    def __init__(self, run):
        self.run, self.layout, self.model = run, run.layout, run.model
        self.state = run.log.subjects.initial.tolist()
        self.open, self.simultaneous = {}, {}
        """Domain -> its turn under way; upgrade -> its only turn."""
        self.phase, self.walked = Counter(), {}
        self.began, self.takeovers, self.hurries = set(), set(), set()
        self.rolling, self.taken = Counter(), defaultdict(set)
        self.settled, self.suspended, self.swaps = {}, set(), 0

    def check(self):
        causes = self.run.log.rows["cause"].tolist()
        accepted = {place: operation for place, _, operation in self.run.accepted()}
        before = 0.0
        for place, (row, cause) in enumerate(zip(self.run.rows, causes, strict=True)):
            time, subject, old, new = row
            if time > before:
                self.nobody_waits_for_nothing(before)
            before = time
            self.state[subject] = new
            kind = self.run.block(subject).kind
            if place in accepted:
                self.accept(accepted[place])
            if kind == "update_domain":
                if new == UPDATING:
                    self.begin(time, subject, cause)
                else:
                    self.end(time, subject)
            elif kind == "upgrade":
                self.upgrade(subject, new, cause)
            elif kind == "instance":
                self.instance(time, subject, old, new, cause)
        self.nobody_waits_for_nothing(before)

    def accept(self, operation):
        self.swaps += operation.kind == "swap"
        if operation.kind == "update_status":
            change = {"Suspended": self.suspended.add, "Running": self.suspended.discard}
            change[operation.body.status](self.swaps % 2)

    def body(self, upgrade):
        name = self.layout.upgrades[upgrade - self.layout.first_upgrade]
        return next(each for each in self.model.operations if each.name == name).body

    def upgrade(self, subject, new, cause):
        """Keep what an upgrade is at; completed and rolled back leave nobody on another build."""
        body = self.body(subject)
        if new == SUPERSEDED:
            self.takeovers.add(cause)
            self.phase[subject] += 1
        if new == UPGRADING and subject not in self.began:
            self.began.add(subject)
            if cause in self.takeovers:
                self.hurries.add(subject)
        if new == ROLLING_BACK and not self.rolling[subject]:  # else it is no longer stuck
            self.hurries.add(subject)
            self.phase[subject] += 1
            self.rolling[subject] = True
            self.walked.pop(subject, None)
        if hasattr(body, "build") and new in (COMPLETED, ROLLED_BACK):
            for role in self.layout.roles:
                if body.role_to_upgrade not in (None, role.name):
                    continue
                place = (self.slot(subject), role.name)
                version = self.layout.versions[body.build]
                if new == ROLLED_BACK:
                    version = self.settled.get(place, self.layout.initial_version(place[0]))
                self.settled[place] = version
                first = self.layout.first_instance(place[0])
                codes = [self.state[first + i] for i in role.members]
                assert {code // WIDTH for code in codes if code} <= {version}

    def slot(self, upgrade):
        """The deployment of an upgrade, by the domains that it opens or by its request."""
        return self.run.slots.get(upgrade - self.layout.first_upgrade, 0)

    def begin(self, time, domain, upgrade):
        """One turn at a time, in order, within the windows, while the service is not suspended."""
        body = self.body(upgrade)
        slot = (domain - self.layout.first_domain()) // self.layout.domains
        assert slot not in self.suspended
        number = (domain - self.layout.first_domain()) % self.layout.domains
        mode = "Auto" if self.rolling[upgrade] else getattr(body, "mode", "Auto")
        if not self.phase[upgrade]:
            assert mode == "Simultaneous" or self.walked.get(upgrade, -1) < number
            assert not body.windows or any(w.from_ <= time < w.to for w in body.windows)
        self.walked[upgrade] = number
        hurries = upgrade in self.hurries or mode == "Simultaneous"
        self.hurries.discard(upgrade)
        if not hurries:
            busy = [
                turn
                for each, turn in self.open.items()
                if (each - self.layout.first_domain()) // self.layout.domains == slot
                and turn["phase"] == self.phase[turn["upgrade"]]
            ]
            assert not busy, (time, self.run.name(domain))
        turn = {
            "upgrade": upgrade,
            "phase": self.phase[upgrade],
            "since": time,
            "missing": set(),
        }
        if mode == "Simultaneous":  # one turn of all domains
            turn = self.simultaneous.setdefault(upgrade, turn)
        self.open[domain] = turn

    def instance(self, time, subject, old, new, cause):
        turn = self.open.get(cause)
        status = new % WIDTH % STAGED
        if turn and turn["since"] == time and status not in (READY, SLOW):
            for other in self.open.values():
                if other is not turn:
                    other["missing"].discard(subject)
            if subject not in turn["missing"] and self.rolling[turn["upgrade"]]:
                assert old // WIDTH != new // WIDTH  # only those on another build go back
            turn["missing"].add(subject)
            self.taken[turn["upgrade"], turn["phase"]].add(subject)
        if status in (0, READY, SLOW):
            for each in self.open.values():
                each["missing"].discard(subject)

    def nobody_waits_for_nothing(self, time):
        """At the end of an instant no turn goes on whose gate is open."""
        for turn in self.open.values():
            late = time >= turn["since"] + self.model.spec.start_timeout
            goes_on = late and self.model.spec.on_start_timeout == "continue"
            waits = turn["missing"] and not goes_on
            assert waits or not self.is_healthy(self.taken[turn["upgrade"], turn["phase"]]), time

    def is_healthy(self, taken):
        """Whether enough of the upgraded of each role are Ready."""
        for place, role in enumerate(self.layout.roles):
            numbers = {self.layout.first_instance(s) + i for i in role.members for s in (0, 1)}
            codes = [self.state[i] for i in taken & numbers if self.state[i]]
            ready = sum(code % WIDTH % STAGED in (READY, SLOW) for code in codes)
            if ready < min(self.layout.min_healthy[place], len(codes)):
                return False
        return True

    def end(self, time, domain):
        """Everyone has been Ready once or is gone, or the time-out is over."""
        turn = self.open.pop(domain)
        late = time >= turn["since"] + self.model.spec.start_timeout
        goes_on = self.model.spec.on_start_timeout == "continue"
        assert not turn["missing"] or (late and goes_on), (time, self.run.name(domain))


@given(st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_sequence_of_operations_keeps_the_rules(chance):
    Run(scenario(chance)).check()


@pytest.mark.thorough
def test_very_many_sequences_keep_the_rules():
    for seed in range(SEQUENCES):
        try:
            Run(scenario(random.Random(seed))).check()
        except Exception as error:
            raise AssertionError(f"sequence {seed}") from error
