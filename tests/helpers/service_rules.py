"""Rules that every run of a cloud service keeps, each checked row by row in plain Python.

They share nothing with the code that they judge but the log, the scenario and its numbering.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
from lanes import bars
from service_configurations import configurations_are_as_asked_for
from service_turns import Turns

from sim.core.log import OPERATION
from sim.core.stack import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation
from sim.systems.base.layout import operation_states
from sim.systems.cloud_service.rejections import RULES
from sim.systems.cloud_service.states import LIFE, STAGED, WIDTH

OPERATION_STATES = operation_states(RULES)
ENDS = ("completed", "rolled_back", "superseded")
NEXT = {
    "absent": {"upgrading", "completed"},
    "upgrading": {"stuck", "rolling_back", *ENDS},
    "stuck": {"upgrading", "rolling_back", *ENDS},
    "rolling_back": {"stuck", *ENDS},
}
"""What an upgrade may become."""


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
        self.slots = self.slots_of_rollouts()
        self.roles = [(role.name, role.first, role.count) for role in self.layout.roles]

    def check(self, *, series=True):
        """Every rule; those of the series take half of the time."""
        assert self.stack.audit() is None
        assert self.model.audit(self.stack) is None
        self.upgrades_go_their_way()
        self.instances_are_as_many_as_asked_for()
        Turns(self).check()
        self.a_suspended_service_stands_still()
        self.capacity_is_what_the_rows_say()
        configurations_are_as_asked_for(self)
        self.what_is_shown_agrees_with_what_is_granted()
        self.metrics_are_sane()
        if series:
            self.series_add_up()

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

    def slots_of_rollouts(self):
        """Rollout -> the deployment that it goes through, by its request and the swaps so far."""
        swaps, slots = 0, {}
        for _, subject, old, _ in self.of("upgrade"):
            number = subject - self.layout.first_upgrade
            operation = self.layout.request(self.layout.upgrades[number])
            if old or operation.kind.endswith("_os_update"):
                continue
            swaps += operation.kind == "swap"
            slots[number] = self.slot_of(operation.body, swaps)
        return slots

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
            elif self.block(subject).kind == "instance":
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
        steps = self.weigh("capacity")
        nominal = round(self.model.nominal * self.model.unit)
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
            if rule.startswith("version of "):  # the state of the service was not asked
                continue
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
        bars(self.model, self.log)
