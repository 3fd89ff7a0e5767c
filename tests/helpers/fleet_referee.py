"""Metrics of an Arc fleet the slow way: one walk through the rows of a log, by the names of states.

It shares nothing with the fast way but the log, the scenario and how versions compare. Operations
must not fall on instants at which extensions change, but for those that they change themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sim.systems.arc_fleet.versions import installed_as, upgrades, version_key


@dataclass
class Request:
    """A rollout of one type, as far as it came."""

    version: str
    since: float
    scope: set
    """Subjects."""
    group: str | None
    """The group of machines that it is for, if not for all."""


@dataclass
class Fleet:
    """A fleet's run, read row by row."""

    simulation: object
    system: str
    log: object
    requests: dict = field(default_factory=dict)
    """By type, in order of time."""
    publications: dict = field(default_factory=dict)
    """By type when each version was published and for which group, whether anybody got it or not."""
    released: dict = field(default_factory=dict)
    """By type and group of machines the versions that were published for it."""
    news: dict = field(default_factory=dict)
    """By operation the groups of machines for which its release was new."""
    tried: dict = field(default_factory=dict)
    """By subject how many attempts there were."""
    returned: dict = field(default_factory=dict)
    """By subject how many times it was rolled back."""

    def __post_init__(self):
        scenario, subjects = self.simulation.scenario, self.log.subjects
        self.spec = scenario.systems[self.system]
        self.operations = {each.name: each for each in scenario.operations}
        self.states, self.history, self.of, self.initially = {}, [], {}, {}
        self.enrolled = {
            (each.type, group): each.enable_automatic_upgrade
            for each in self.spec.extensions
            for group in each.groups
        }
        self.known = {each.type: [each.version] for each in self.spec.extensions}
        for block in subjects.of(self.system, "extension"):
            for number in block.numbers:
                group = block.name(number - block.first).split(" of ")[1].rpartition("-")[0]
                self.of[number] = (block.group, group)
                self.states[number] = self._state(block, int(block.initial[number - block.first]))
        self.initially = dict(self.states)
        for row in self.log.rows:
            self._take(float(row["time"]), row)

    @staticmethod
    def _state(block, code):
        return block.states.status(code), block.states.version(code)

    def _take(self, time, row):
        block = self.log.subjects.block_of(row["subject"])
        name = block.name(row["subject"] - block.first)
        status = block.states.status(row["new"])
        if block.kind == "operation" and status == "InProgress":
            self._accept(time, self.operations[name])
        elif block.kind == "upgrade" and row["old"] == 0:
            self._begin(time, self.operations[name.removeprefix("upgrade by ")])
        elif block.kind == "extension":
            subject = int(row["subject"])
            state = self.states[subject] = self._state(block, row["new"])
            self.history.append((time, subject, state))
            if status == "installing":
                self.tried[subject] = self.tried.get(subject, 0) + 1
            if status == "rolling_back":
                self.returned[subject] = self.returned.get(subject, 0) + 1

    def _accept(self, time, operation):
        body = operation.body
        if operation.kind == "publish_extension":
            told = (time, body.version, body.group)
            self.publications.setdefault(body.type, []).append(told)
            self._release(operation.name, body)
        if operation.kind in ("set_automatic_upgrade", "remove_extension"):
            for kind, group in self.enrolled:
                if kind == body.type and body.group in (None, group):
                    self.enrolled[kind, group] = getattr(body, "enabled", False)
        elif operation.kind == "put_extension":
            groups = {group for kind, group in self.of.values() if kind == body.type}
            for group in groups:
                if body.group in (None, group):
                    self.enrolled[body.type, group] = body.enable_automatic_upgrade

    def _release(self, name, body):
        self.news[name] = set()
        for group in {group for kind, group in self.of.values() if kind == body.type}:
            if body.group in (None, group):
                out = self.released.setdefault((body.type, group), [])
                new = version_key(body.version)
                if not any(old[0] == new[0] and old >= new for old in out):
                    self.news[name].add(group)
                out.append(new)

    def _begin(self, time, operation):
        body = operation.body
        there = {n: state for n, state in self.states.items() if state[0] != "absent"}
        if operation.kind == "publish_extension":
            scope = {
                subject
                for subject, (_, version) in there.items()
                if self.of[subject][0] == body.type
                and self.enrolled[self.of[subject]]
                and self.of[subject][1] in self.news[operation.name]
                and upgrades(body.version, version)
            }
            self._request(body.type, Request(body.version, time, scope, body.group))
            return
        for target, written in body.targets.items():
            kind = target.rpartition(".")[2]
            scope = {
                subject
                for subject in there
                if self.of[subject][0] == kind and body.group in (None, self.of[subject][1])
            }
            version = installed_as(written, self._known(kind, time))
            self._request(kind, Request(version, time, scope, body.group))

    def _known(self, kind, time):
        every = (each for each in self.operations.values() if each.kind == "publish_extension")
        published = [each.body for each in every if each.at.highest < time]
        return self.known[kind] + [body.version for body in published if body.type == kind]

    def _request(self, kind, request):
        self.requests.setdefault(kind, []).append(request)

    # Metrics of a type, of a group of machines, or of the system.

    def metrics(self, kind=""):
        """All by name, those that are NaN in a run too."""
        return {
            "updated_share": self.updated_share(kind),
            **{f"time_to_{n}": self.time_to(n / 100, kind) for n in (50, 90, 99)},
            "rollbacks": sum(self.returned.get(subject, 0) for subject in self.members(kind)),
            "attempts_mean": self.attempts_mean(kind),
            "stuck_machines": self.stuck_machines(kind),
            **self.service(kind),
        }

    def members(self, kind):
        """The subjects of a type or of a group of machines, or all."""
        return [subject for subject, of in self.of.items() if kind in ("", *of)]

    def updated_share(self, kind=""):
        done = size = 0
        for last, scope, _ in self.lasts(kind):
            done += sum(self._is_at(self.states[subject], last) for subject in scope)
            size += sum(self.states[subject][0] != "absent" for subject in scope)
        return done / size if size else 0.0

    def time_to(self, share, kind=""):
        lasts = [each for each in self.lasts(kind) if each[1]]
        wanted = {subject: last for last, scope, _ in lasts for subject in scope}
        if not wanted:
            return math.nan
        since = min(first for _, _, first in lasts)
        here = {n for n in wanted if self.initially[n][0] != "absent"}
        done = {n for n, last in wanted.items() if self._is_at(self.initially[n], last)}
        changes = [
            (time, number, state) for time, number, state in self.history if number in wanted
        ]
        for place, (time, number, state) in enumerate([(0.0, None, None), *changes]):
            if number is not None:
                is_done = self._is_at(state, wanted[number])
                (done.add if is_done else done.discard)(number)
                (here.discard if state[0] == "absent" else here.add)(number)
            enough = max(1, math.ceil(share * len(here) - 1e-9))
            until = changes[place][0] if place < len(changes) else math.inf
            if len(done) >= enough and time < until and until > since:
                return max(time, since) - since
        return math.nan

    def lasts(self, kind):
        """Of each type the version last requested, all whom it is for, and when it first was.

        Of a group of machines what was last requested of any of them.
        """
        found, members = [], set(self.members(kind))
        of_group = kind in self.spec.groups
        for each, requests in self.requests.items():
            mine = [one for one in requests if not of_group or one.scope & members]
            if (not of_group and kind not in ("", each)) or not mine:
                continue
            last = mine[-1].version
            same = [one for one in requests if version_key(one.version) == version_key(last)]
            told = [(one.since, one.version, one.group) for one in same]
            times = [
                time
                for time, version, group in told + self.publications.get(each, [])
                if version_key(version) == version_key(last)
                and (not of_group or group in (None, kind))
            ]
            scope = set().union(*(one.scope for one in same)) & members
            found.append((last, scope, min(times)))
        return found

    @staticmethod
    def _is_at(state, version):
        return state[0] == "current" and version_key(state[1]) == version_key(version)

    def stuck_machines(self, kind=""):
        names = self.log.subjects.name
        failed = [n for n in self.members(kind) if self.states[n][0] == "failed"]
        return len({names(number).split(" of ")[1] for number in failed})

    def attempts_mean(self, kind=""):
        tried = [self.tried[subject] for subject in self.members(kind) if subject in self.tried]
        return sum(tried) / len(tried) if tried else math.nan

    def service(self, kind=""):
        """What follows from how many are in service, of the number at time 0."""
        members, out = set(self.members(kind)), {"absent", *self.spec.counts_as_out}
        serves = {n: self.initially[n][0] not in out for n in members}
        nominal = sum(self.initially[n][0] != "absent" for n in members)
        changes = {}
        for time, subject, (status, _) in self.history:
            if subject in members:
                changes.setdefault(time, []).append((subject, status not in out))
        counts, times = [], []
        for time in sorted({0.0, *changes}):
            serves |= dict(changes.get(time, []))
            counts.append(sum(serves.values()))
            times.append(time)
        pairs = zip(times, [*times[1:], self.log.horizon], strict=True)
        spans = [until - since for since, until in pairs]
        lost = sum(max(0, nominal - n) * span for n, span in zip(counts, spans, strict=True))
        served = sum(n * span for n, span in zip(counts, spans, strict=True))
        return {
            "capacity_hours_lost": lost / 3600,
            "min_in_service": min(counts),
            "min_capacity": min(counts) / nominal if nominal else 1.0,
            "mean_capacity": served / self.log.horizon / nominal if nominal else 1.0,
        }
