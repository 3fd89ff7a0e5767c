"""What the slow referee of scale sets runs on: an agenda, instances, and groups that are awaited.

It has no processes: whatever waits leaves word what is to be called.
"""

from __future__ import annotations

import heapq
from itertools import count

RETURN, ACT, LOOK = 1, 2, 3
"""At one instant who is back comes first, then who does something, then who looks."""
REPAIRS, OPERATION, UPGRADE, INSTANCE = range(4)
"""Of alike things those of the repairs come first, then those of operations, ..."""

SERVES = ("healthy", "extensions updating")
GIVEN_UP = ("unhealthy", "failed")
ON_ITS_WAY = (
    "extensions updating",
    "initializing",
    "creating",
    "updating",
    "reimaging",
    "restoring",
    "restarting",
)
OUT = (*GIVEN_UP, "reimaging", "restoring", "restarting", "updating")
"""What counts against the thresholds of a rolling upgrade."""


class Agenda:
    """What is to be called, and when."""

    def __init__(self):
        self.now, self._due, self._number = 0.0, [], count()

    def at(self, time, rank, who, call):
        """`who` is (kind, number)."""
        heapq.heappush(self._due, (time, rank, who, next(self._number), call))

    def run(self, horizon):
        """Call all up to the horizon, which is in."""
        while self._due and self._due[0][0] <= horizon:
            self.now, _, _, _, call = heapq.heappop(self._due)
            call()


class Instance:
    """One instance from its creation to its deletion; its number may be used again."""

    def __init__(self, number, zone, status, model):
        self.number, self.zone, self.status, self.model = number, zone, status, model
        self.turn = 0
        """How often something new began with it: what an older turn planned does not happen."""
        self.groups = []
        """Who awaits it."""
        self.recovers = 0.0
        """When its last failure is over."""
        self.returned = 0.0
        """When it got healthy last."""

    @property
    def is_present(self):
        return self.status not in ("absent", "deleting")


class Group:
    """Instances that are awaited; `then` is called with those of them that are not healthy."""

    def __init__(self, agenda, who, members, then):
        self._agenda, self._who, self._then = agenda, who, then
        self._open, self._failed = list(members), []
        if not self._open:
            self._close()

    def settled(self, instance, *, healthy):
        self._open.remove(instance)
        if not healthy:
            self._failed.append(instance)
        if not self._open:
            self._close()

    def _close(self):
        self._agenda.at(self._agenda.now, LOOK, self._who, lambda: self._then(self._failed))


class Chances:
    """What befalls an instance that starts, drawn by the paths that the simulator documents."""

    def __init__(self, draws, name, spec):
        self._draws, self._name, self._spec, self._starts = draws, name, spec, {}

    def attempt(self, *key):
        """How many there were by this key, before this one."""
        self._starts[key] = self._starts.get(key, -1) + 1
        return self._starts[key]

    def seconds(self, purpose, reason, number, attempt):
        law = getattr(self._spec, purpose)
        return self._draws.times(f"{self._name}/{purpose}/{reason}", law, 1)[number, attempt]

    def discovery(self, name, law):
        return self._draws.times(f"{self._name}/discovery/{name}", law, 1)[0, 0]

    def is_bad(self, name):
        chance = self._spec.versions[name].bad
        return self._draws.happens(f"{self._name}/{name}/bad", chance, 1)[0, 0]

    def faults(self, model):
        """The faulty versions among the parts of a model, with their names."""
        for name in dict.fromkeys(model):
            if name in self._spec.versions and self.is_bad(name):
                yield name, self._spec.versions[name]

    def gets_healthy(self, reason, number, attempt, model):
        return not any(
            self._happens(f"{name}/unhealthy/{reason}", fault.unhealthy, number, attempt)
            for name, fault in self.faults(model)
        )

    def turns_unhealthy(self, reason, number, attempt, model):
        """(after so many seconds, by which version)."""
        for name, fault in self.faults(model):
            later = fault.unhealthy_later
            if later and self._happens(
                f"{name}/unhealthy_later/{reason}", later.probability, number, attempt
            ):
                path = f"{self._name}/{name}/unhealthy_after/{reason}"
                yield self._draws.times(path, later.after, 1)[number, attempt], name

    def _happens(self, path, chance, number, attempt):
        return self._draws.happens(f"{self._name}/{path}", chance, 1)[number, attempt]


def is_seen(answers, health):
    """After how many seconds an instance is seen to be healthy: probe after probe."""
    if health.source == "none":
        return answers
    probe = 0
    while probe * health.interval < answers:
        probe += 1
    return (probe + health.probes - 1) * health.interval


def until_open(windows, now):
    """Seconds until one of some daily windows is open."""
    if not windows:
        return 0.0
    waits = []
    for day in range(int(now // 86_400) - 1, int(now // 86_400) + 2):
        for each in windows:
            opens = 86_400.0 * day + each.from_
            closes = 86_400.0 * (day + (each.to <= each.from_)) + each.to
            if now < closes:
                waits.append(max(0.0, opens - now))
    return min(waits)
