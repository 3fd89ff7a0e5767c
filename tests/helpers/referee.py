"""Metrics the slow way: one walk through the rows of a log, by the names of states.

It shares nothing with the fast way but the log and the scenario: weights, nominal values, update
domains and targets are worked out again from what the scenario says.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

SERVING = ("ReadyRole", "ReadyRole (slow start)")
NOT_OUT = (*SERVING, "absent", "CreatingVM")
ENDS = ("completed", "rolled_back", "superseded")
HOUR = 3600.0


@dataclass(frozen=True)
class Member:
    """An instance as it is at one instant."""

    role: str
    place: int
    """Its number in its role."""
    status: str
    build: str

    @property
    def is_ready(self):
        return self.status in SERVING


class Referee:
    """One system's run, read row by row. Only for services without a staging slot, but for
    `instances_failed` and `completed_unhealthy`.
    """

    def __init__(self, simulation, system, log):
        self.spec = simulation.scenario.systems[system]
        self.horizon, self.warm_up = log.horizon, simulation.scenario.warm_up
        self.operations = {
            each.name: each for each in simulation.scenario.operations if each.system == system
        }
        self.rows = [
            (float(row["time"]), log.subjects.block_of(row["subject"]), row)
            for row in log.rows
            if log.subjects.block_of(row["subject"]).system == system
        ]
        self.subjects = log.subjects
        self.instants = self._walk(system)

    def _walk(self, system):
        """[(time, {instance: Member})], one entry an instant with rows of instances."""
        members = {
            number: self._member(block, number, int(block.initial[number - block.first]))
            for block in self.subjects.of(system, "instance")
            for number in block.numbers
        }
        instants = {0.0: dict(members)}
        for time, block, row in self.rows:
            if block.kind == "instance":
                number = int(row["subject"])
                members[number] = self._member(block, number, int(row["new"]))
                instants[time] = dict(members)
        return list(instants.items())

    @staticmethod
    def _member(block, number, code):
        status, build = block.states.status(code), block.states.version(code)
        return Member(block.group, number - block.first, status, build)

    # What a member is worth

    def _factor(self, build):
        return self.spec.builds[build].capacity_factor if build in self.spec.builds else 1.0

    def _serves(self, member):
        if member.status == "ReadyRole":
            return 1.0
        slow = self.spec.roles[member.role].slow_start
        return slow.serves if member.is_ready else 0.0

    def _weight(self, member):
        whole = self.spec.roles[member.role].weight * self._factor(member.build)
        return round(1000 * self._serves(member) * whole) / 1000

    # Step functions

    def _steps(self, value):
        """[(from, to, value)] over the window; the last one may have no length."""
        ends = [time for time, _ in self.instants[1:]] + [math.inf]
        found = []
        for (time, members), end in zip(self.instants, ends, strict=True):
            if end > self.warm_up:
                begin = max(time, self.warm_up)
                found.append((begin, min(end, self.horizon), value(members)))
        return found

    def _in(self, members, group):
        return [each for each in members.values() if group in ("", each.role)]

    def nominal(self, group=""):
        return sum(self._weight(each) for each in self._in(self.instants[0][1], group))

    def capacity(self, group=""):
        """min_capacity, mean_capacity, min_in_service, capacity_hours_lost."""
        nominal = self.nominal(group)
        steps = self._steps(lambda m: sum(self._weight(each) for each in self._in(m, group)))
        length = self.horizon - self.warm_up
        return {
            "min_capacity": min(value for *_, value in steps) / nominal,
            "mean_capacity": sum((b - a) * v for a, b, v in steps) / length / nominal,
            "min_in_service": min(
                value
                for *_, value in self._steps(
                    lambda m: sum(each.is_ready for each in self._in(m, group))
                )
            ),
            "capacity_hours_lost": sum((b - a) * max(0.0, nominal - v) for a, b, v in steps) / HOUR,
        }

    def _least(self, role):
        wanted = self.spec.roles[role].min_available
        if wanted.share is None:
            return wanted.count
        return math.ceil(round(wanted.share * self.spec.roles[role].instances, 9))

    def availability(self, group=""):
        """availability, downtime, outages, longest_outage."""

        def is_up(members):
            return all(
                round(sum(map(self._serves, self._in(members, role))), 9) >= self._least(role)
                for role in self.spec.roles
                if group in ("", role)
            )

        outages = []
        last = True
        for begin, end, up in self._steps(is_up):
            if not up:
                outages = [*outages, 0.0] if last else outages
                outages[-1] += end - begin
            last = up
        dark = sum(outages)
        return {
            "availability": 1 - dark / (self.horizon - self.warm_up),
            "downtime": dark,
            "outages": len(outages),
            "longest_outage": max(outages, default=0.0),
        }

    def max_domains_out(self):
        def out(members):
            return len(
                {
                    each.place % self.spec.update_domains
                    for each in members.values()
                    if each.status not in NOT_OUT
                }
            )

        return max(value for *_, value in self._steps(out))

    def bad_builds(self, group=""):
        """blast_radius, bad_build_hours."""
        bad = {
            self.subjects.name(row["subject"]).removeprefix("build ")
            for _, block, row in self.rows
            if block.kind == "build" and block.states.status(int(row["new"])) == "bad"
        }

        def on_bad(members):
            there = (each for each in self._in(members, group) if each.status != "absent")
            return Counter(each.role for each in there if each.build in bad)

        steps = self._steps(on_bad)
        weight = {name: role.weight for name, role in self.spec.roles.items()}
        reach = max(sum(n * weight[role] for role, n in count.items()) for *_, count in steps)
        return {
            "blast_radius": reach / self.nominal(group),
            "bad_build_hours": sum((b - a) * count.total() for a, b, count in steps) / HOUR,
        }

    def unserved_demand(self, constant):
        def served(members):
            return sum(
                self.spec.roles[each.role].serves_demand
                * self._serves(each)
                * self._factor(each.build)
                for each in members.values()
            )

        return sum((b - a) * max(0.0, constant - value) for a, b, value in self._steps(served))

    # Rows

    def instances_failed(self):
        """Instances that were not Ready in time after a start that was asked for, or unhealthy.

        Each owes to be Ready to its turn until it is, is gone or is in another one; to a request
        also no more once it is suspended.
        """
        failed, to_turn, to_request, turns = set(), {}, {}, {}
        for time, block, row in self.rows:
            number, cause = int(row["subject"]), int(row["cause"])
            status = block.states.status(int(row["new"])).removesuffix(" (staging)")
            if status == "updating":
                turns[number] = time
            if block.kind != "instance":
                continue
            is_ready, is_taken = status in SERVING, turns.get(cause) == time
            if is_ready or is_taken or status == "absent":
                overdue = (due.pop(number, time) < time for due in (to_turn, to_request))
                failed |= {number} if any([*overdue]) else set()
            elif status == "StoppedVM":
                failed |= {number} if to_request.pop(number, time) < time else set()
            elif self.subjects.block_of(cause).kind == "operation":
                to_request.setdefault(number, time + self.spec.start_timeout)
            if is_taken and not is_ready:
                to_turn[number] = time + self.spec.start_timeout
            failed |= {number} if status == "UnresponsiveRole" else set()
        due = [*to_turn.items(), *to_request.items()]
        return len(failed | {number for number, limit in due if limit <= self.horizon})

    def completed_unhealthy(self):
        """When the last rollout was completed that left an instance it took down; NaN for none."""
        found, turns, took, came, state = math.nan, {}, {}, set(), {}
        for time, block, row in self.rows:
            number, cause = int(row["subject"]), int(row["cause"])
            status = block.states.status(int(row["new"]))
            if status == "updating":
                turns[number] = time, self._asked(cause)
            elif block.kind == "instance":
                state[number] = status
                is_up = status.removesuffix(" (staging)") in SERVING
                begun, operation = turns.get(cause, (None, None))
                if status == "absent":
                    took.pop(number, None)
                elif is_up:
                    came.add(number)
                elif begun == time and not operation.kind.endswith("_os_update"):
                    took[number] = operation
                    came.discard(number)
            elif block.kind == "upgrade" and status == "completed":
                ended = self._asked(number)
                for each, operation in took.items():
                    swapped = ended.kind == "swap" and "staging" in state[each]
                    down = each not in came and "Stopped" not in state[each]
                    sick = "Unresponsive" in state[each]
                    if (operation is ended or swapped) and (down or sick):
                        found = time
        return found

    def _asked(self, upgrade):
        """The operation that an upgrade is of."""
        return self.operations[self.subjects.name(upgrade).removeprefix("upgrade by ")]

    def _upgrades(self):
        """Rows of the user's upgrades: (time, operation's name, old state, new state)."""
        found = []
        for time, block, row in self.rows:
            if block.kind == "upgrade":
                name = self.subjects.name(row["subject"]).removeprefix("upgrade by ")
                if not self.operations[name].kind.endswith("_os_update"):
                    states = (block.states.status(int(row[column])) for column in ("old", "new"))
                    found.append((time, name, *states))
        return found

    def rollouts(self):
        """What became of the rollouts and when; NaN where missing."""
        rows = self._upgrades()
        begun = [time for time, _, old, _ in rows if old == "absent"]
        state = {name: new for _, name, _, new in rows}
        newest = next((name for _, name, old, _ in reversed(rows) if old == "absent"), None)
        over = bool(begun) and set(state.values()) <= set(ENDS)
        settled = not any(self._left_half_way().values())
        finished = over and settled and state[newest] == "completed"
        ended = [time for time, *_, new in rows if new in ENDS]
        undone = [time for time, *_, new in rows if new == "rolled_back"]
        return {
            "rollout_duration": ended[-1] - begun[0] if finished else math.nan,
            "finished": float(finished),
            "done_at": ended[-1] if finished else math.nan,
            "ended_in": ended[-1] - begun[0] if over else math.nan,
            "safe_end": float(over and settled and state[newest] in ("completed", "rolled_back")),
            "rollback_duration": undone[-1] - begun[0] if undone else math.nan,
            "rolled_back": float(any(new == "rolling_back" for *_, new in rows)),
        }

    def _left_half_way(self):
        """Role -> whether the last upgrade to a build has neither been completed nor taken back."""
        open_ = {}
        for _, name, old, new in self._upgrades():
            body = self.operations[name].body
            only = getattr(body, "role_to_upgrade", None)
            for role in self.spec.roles if only is None else [only]:
                if old == "absent" and hasattr(body, "build"):
                    open_[role] = True
                elif new == "rolling_back" or (new == "completed" and hasattr(body, "build")):
                    open_[role] = False
        return open_

    def updated_share(self):
        """Members up to date with what was last requested of their role, at the horizon."""
        requested = {}
        for _, name, old, _ in self._upgrades():
            body = self.operations[name].body
            only = getattr(body, "role_to_upgrade", None)
            for role in self.spec.roles if only is None else [only]:
                if old == "absent":
                    former = requested.get(role, self.spec.build)
                    requested[role] = getattr(body, "build", former)
        scope = [
            member
            for member in self.instants[-1][1].values()
            if member.status != "absent" and member.role in requested
        ]
        done = [member.is_ready and member.build == requested[member.role] for member in scope]
        return sum(done) / max(1, len(scope))

    def configuration_number(self):
        """The number of every role's configuration, where nobody configures extensions."""
        number, turned = 1, set()
        counts = {name: role.instances for name, role in self.spec.roles.items()}
        for _, block, row in self.rows:
            status = block.states.status(int(row["new"]))
            name = self.subjects.name(row["subject"]).removeprefix("upgrade by ")
            body = self.operations[name].body if name in self.operations else None
            restarts = getattr(body, "restarts", False) or self._resizes(body)
            if block.kind == "operation" and status == "InProgress":
                wanted = counts | getattr(body, "configuration", {})
                number += wanted != counts or (restarts and not hasattr(body, "build"))
                counts = wanted
            elif status == "rolling_back" and name not in turned:
                turned.add(name)
                number += not hasattr(body, "build")
        return number

    @staticmethod
    def _resizes(body):
        return "vm_size" in getattr(body, "changes", ())

    def local_data_lost(self):
        """Instances with local storage: a turn of another VM size took them, or a rack failed."""
        turns, lost = {}, set()
        for time, block, row in self.rows:
            number, cause = int(row["subject"]), int(row["cause"])
            if block.kind == "update_domain":
                name = self.subjects.name(cause).removeprefix("upgrade by ")
                turns[number] = (time, name in self.operations and self.operations[name].body)
            elif block.kind == "instance" and turns.get(cause, (None,))[0] == time:
                keeps = self.spec.roles[block.group].local_storage
                lost |= {number} if keeps and self._resizes(turns[cause][1]) else set()
            elif block.kind == "instance" and "fault domain" in self.subjects.name(cause):
                lost |= {number} if self.spec.roles[block.group].local_storage else set()
        return len(lost)

    def counts(self):
        """Role -> how many instances it has at the horizon."""
        there = (each for each in self.instants[-1][1].values() if each.status != "absent")
        return Counter(each.role for each in there)

    def accepted(self):
        """Names of the file's operations that were accepted, in order."""
        return [
            self.subjects.name(row["subject"])
            for _, block, row in self.rows
            if block.kind == "operation"
            and block.states.status(int(row["new"])) == "InProgress"
            and self.subjects.name(row["subject"]) in self.operations
        ]


def told(log, system):
    """The rows of one system in words, free of numbering: times to the last bit."""
    mine = [log.subjects.block_of(number).system == system for number in log.rows["subject"]]
    lines = [line.split(" ", 1)[1] for line in log.lines()]
    return [
        (float(row["time"]), line)
        for row, line, is_mine in zip(log.rows, lines, mine, strict=True)
        if is_mine
    ]


def out_times(log, system="shop"):
    """Instance -> seconds from its stop to its Ready, where it is out once."""
    stopped, back = {}, {}
    for row in log.rows:
        block = log.subjects.block_of(row["subject"])
        if (block.system, block.kind) == (system, "instance"):
            name = log.subjects.name(row["subject"])
            if block.states.status(int(row["new"])).startswith("ReadyRole"):
                back.setdefault(name, float(row["time"]))
            else:
                stopped.setdefault(name, float(row["time"]))
    return {name: back.get(name, math.inf) - time for name, time in stopped.items()}
