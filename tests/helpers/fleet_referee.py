"""Metrics of an Arc fleet the slow way: one walk through the rows of a log, by the names of states.

It shares nothing with the fast way but the log, the scenario and how versions compare. Operations
must not fall on instants at which extensions change.
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


@dataclass
class Fleet:
    """A fleet's run, read row by row."""

    simulation: object
    system: str
    log: object
    requests: dict = field(default_factory=dict)
    """By type, in order of time."""
    publications: dict = field(default_factory=dict)
    """By type when each version was published, whether anybody got it or not."""
    released: dict = field(default_factory=dict)
    """By type and group of machines the versions that were published for it."""
    news: dict = field(default_factory=dict)
    """By operation the groups of machines for which its release was new."""
    attempts: dict = field(default_factory=dict)
    """By subject."""
    rollbacks: int = 0

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
                self.attempts[subject] = self.attempts.get(subject, 0) + 1
            self.rollbacks += status == "rolling_back"

    def _accept(self, time, operation):
        body = operation.body
        if operation.kind == "publish_extension":
            self.publications.setdefault(body.type, []).append((time, body.version))
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
            self._request(body.type, Request(body.version, time, scope))
            return
        for target, written in body.targets.items():
            kind = target.rpartition(".")[2]
            scope = {
                subject
                for subject in there
                if self.of[subject][0] == kind and body.group in (None, self.of[subject][1])
            }
            version = installed_as(written, self._known(kind, time))
            self._request(kind, Request(version, time, scope))

    def _known(self, kind, time):
        every = (each for each in self.operations.values() if each.kind == "publish_extension")
        published = [each.body for each in every if each.at.highest < time]
        return self.known[kind] + [body.version for body in published if body.type == kind]

    def _request(self, kind, request):
        self.requests.setdefault(kind, []).append(request)

    # Metrics of a type, or of the system.

    def updated_share(self, kind=""):
        done = size = 0
        for last, scope, _ in self._lasts(kind):
            done += sum(self._is_at(self.states[subject], last) for subject in scope)
            size += len(scope)
        return done / size if size else 0.0

    def time_to(self, share, kind=""):
        lasts = self._lasts(kind)
        wanted = {subject: last for last, scope, _ in lasts for subject in scope}
        if not wanted:
            return math.nan
        since = min(first for _, _, first in lasts)
        enough = max(1, math.ceil(share * len(wanted) - 1e-9))
        done = {n for n, last in wanted.items() if self._is_at(self.initially[n], last)}
        changes = [
            (time, number, state) for time, number, state in self.history if number in wanted
        ]
        for place, (time, number, state) in enumerate([(0.0, None, None), *changes]):
            if number is not None:
                is_there = self._is_at(state, wanted[number])
                (done.add if is_there else done.discard)(number)
            until = changes[place][0] if place < len(changes) else math.inf
            if len(done) >= enough and time < until and until > since:
                return max(time, since) - since
        return math.nan

    def _lasts(self, kind):
        """Of each type the version last requested, all whom it is for, and when it first was."""
        found = []
        for each, requests in self.requests.items():
            if kind not in ("", each):
                continue
            last = requests[-1].version
            same = [one for one in requests if version_key(one.version) == version_key(last)]
            times = [one.since for one in same]
            for time, version in self.publications.get(each, []):
                if version_key(version) == version_key(last):
                    times.append(time)
            scope = set().union(*(one.scope for one in same))
            scope = {subject for subject in scope if self.states[subject][0] != "absent"}
            found.append((last, scope, min(times)))
        return found

    @staticmethod
    def _is_at(state, version):
        return state[0] == "current" and version_key(state[1]) == version_key(version)

    @property
    def stuck_machines(self):
        names = self.log.subjects.name
        failed = [n for n, (status, _) in self.states.items() if status == "failed"]
        return len({names(number).split(" of ")[1] for number in failed})

    @property
    def attempts_mean(self):
        return sum(self.attempts.values()) / len(self.attempts) if self.attempts else math.nan

    @property
    def hours_lost(self):
        """Extension-hours below the number at time 0, whatever type they are of."""
        block = self.log.subjects.block_of
        serving = {
            number: self._state(block(number), int(self.log.subjects.initial[number]))[0]
            for number in self.states
        }
        out = {"absent", *self.spec.counts_as_out}
        nominal = sum(status != "absent" for status in serving.values())
        count = sum(status not in out for status in serving.values())
        lost, before = 0.0, 0.0
        for time, subject, (status, _) in [*self.history, (self.log.horizon, None, (None, None))]:
            lost += max(0, nominal - count) * (time - before)
            before = time
            if subject is not None:
                count += (status not in out) - (serving[subject] not in out)
                serving[subject] = status
        return lost / 3600.0
