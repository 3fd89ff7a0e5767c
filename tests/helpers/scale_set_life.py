"""The instances of the slow referee of scale sets: they start, serve, fail, are restored, deleted."""

from __future__ import annotations

from scale_set_clockwork import (
    ACT,
    INSTANCE,
    LOOK,
    OUT,
    RETURN,
    SERVES,
    Agenda,
    Chances,
    Instance,
    is_seen,
)

from sim.core.random_streams import draws
from sim.core.units import YEAR
from sim.formats.distributions import Distribution

TAKES = {
    "extensions updating": "upgrade",
    "updating": "upgrade",
    "reimaging": "reimage",
    "restarting": "restart",
    "creating": "create",
}
"""What an instance is out for, and the key that says how long."""
MOST = 96
"""No set that is refereed has so many instances."""


class Life:
    """The instances of one replication of a scale set; their rows are in `history`, by number."""

    repairs = None

    def __init__(self, scenario, system, replication):
        self.spec, self.horizon = scenario.systems[system], scenario.horizon
        self.draws = draws(scenario.seed, replication)
        self.chances = Chances(self.draws, system, self.spec)
        self.agenda = Agenda()
        self.instances, self.reserved, self.history = {}, set(), {}
        self.kept_in, self.protected = set(), set()
        self.target = (self.spec.image, self.spec.extensions, self.spec.size)
        for number in range(self.spec.instances):
            status = "unhealthy" if number in self.spec.unhealthy_instances else "healthy"
            self.instances[number] = Instance(number, self._zone(number), status, self.target)
        self.serving = [(0.0, self._count())]
        """How many serve, after each change."""
        self._plan_failures(system)

    @property
    def now(self):
        return self.agenda.now

    def _note(self, each, status, model, cause):
        each.status, each.model = status, model
        row = (self.now, status, None if status == "absent" else model, cause)
        self.history.setdefault(each.number, []).append(row)
        self.serving.append((self.now, self._count()))

    # What there is.

    def _count(self):
        return sum(each.status in SERVES for each in self.instances.values())

    def present(self):
        return [each for _, each in sorted(self.instances.items()) if each.is_present]

    def fits(self, more):
        """Whether so many more are within the quota: what is there in any way counts, and what is to
        come in the place of one that is gone.
        """
        taken = self.reserved.union(self.instances)
        return not self.spec.quota or len(taken) + more <= self.spec.quota

    def is_out(self, each):
        if self.spec.health.source == "none" and each.status == "unhealthy":
            return False
        return each.status in OUT

    def any_out(self, members):
        """Whether one of them is, or the one that took its number by a repair."""
        numbers = {each.number for each in members}
        return any(each.number in numbers and self.is_out(each) for each in self.present())

    def _zone(self, number):
        zones, count = self.spec.zones, self.spec.instances
        if zones is None:
            return 0
        if isinstance(zones, int):
            zones = [count // zones + (zone < count % zones) for zone in range(zones)]
        for zone in range(len(zones)):
            if number < sum(zones[: zone + 1]):
                return zone
        return (number - count) % len(zones)

    def zones(self):
        zones = self.spec.zones
        return 1 if zones is None else zones if isinstance(zones, int) else len(zones)

    def free_number(self, zone):
        """The lowest free one in a zone; it is taken from now on."""
        number = 0
        while number in self.instances or number in self.reserved or self._zone(number) != zone:
            number += 1
        self.reserved.add(number)
        return number

    # The life of an instance.

    def _later(self, each, time, rank, call):
        turn = each.turn
        self.agenda.at(
            time, rank, (INSTANCE, each.number), lambda: each.turn == turn and call(each)
        )

    def create(self, numbers, model, reason, cause):
        found = []
        for number in numbers:
            self.reserved.discard(number)
            each = self.instances[number] = Instance(number, self._zone(number), "absent", model)
            self.start(each, model, "creating", reason, cause)
            found.append(each)
        return found

    def start(self, each, model, status, reason, cause):
        """It is out, runs, is seen to be healthy or is given up."""
        attempt = self.chances.attempt(reason, each.number)
        health, draw = self.spec.health, (reason, each.number, attempt)
        each.turn += 1
        self._note(each, status, model, cause)
        runs = max(self.now + self.chances.seconds(TAKES[status], *draw), each.recovers)
        is_good = self.chances.gets_healthy(*draw, model)
        if status == "extensions updating" and is_good:
            self._later(each, runs, RETURN, lambda _: self._well(each, cause, draw))
            return
        self._later(each, runs, RETURN, lambda _: self._runs(each, cause))
        patience = health.wait + health.grace_period * health.grace_extends_wait
        seen = is_seen(self.chances.seconds("healthy_after", *draw), health)
        if is_good:
            self._later(each, runs + seen, RETURN, lambda _: self._well(each, cause, draw))
        if not is_good or seen > patience:
            self._later(each, runs + patience, LOOK, lambda _: self._give_up(each, cause))

    def _runs(self, each, cause):
        self._note(each, "initializing", each.model, cause)
        if self.spec.health.source == "none":
            self._settle(each, healthy=True)

    def _well(self, each, cause, draw=None):
        self._note(each, "healthy", each.model, cause)
        each.returned = self.now
        self._settle(each, healthy=True)
        for seconds, name in self.chances.turns_unhealthy(*draw, each.model) if draw else ():
            self._later(each, self.now + seconds, RETURN, lambda _, by=name: self._turn(each, by))

    def _turn(self, each, name):
        if each.status == "healthy":
            self._note(each, "unhealthy", each.model, f"version {name}")
            self._tell(each)

    def _give_up(self, each, cause):
        self._note(each, "unhealthy", each.model, cause)
        self._settle(each, healthy=False)
        self._tell(each)

    def _tell(self, each):
        if self.repairs:
            self.repairs.turned(each)

    def _settle(self, each, *, healthy):
        groups, each.groups = each.groups, []
        for group in groups:
            group.settled(each, healthy=healthy)

    def restore(self, each, model, upgrade, group):
        each.turn += 1
        each.groups.append(group)
        cause = f"upgrade by {upgrade.name}"
        self._note(each, "restoring", model, cause)
        back = self.now + self.chances.seconds("restore", upgrade.name, each.number, 0)
        back = max(back, each.recovers)
        self._later(each, back, RETURN, lambda _: self._well(each, cause))

    def delete(self, each, reason, cause, group):
        each.turn += 1
        each.groups.append(group)
        self._note(each, "deleting", each.model, cause)
        attempt = self.chances.attempt("delete", reason, each.number)
        seconds = self.chances.seconds("delete", reason, each.number, attempt)
        self._later(each, self.now + seconds, RETURN, lambda _: self._gone(each, cause))

    def _gone(self, each, cause):
        self._note(each, "absent", None, cause)
        del self.instances[each.number]
        self.kept_in.discard(each)
        self.protected.discard(each)
        self._settle(each, healthy=False)

    def _plan_failures(self, system):
        failures = self.spec.failures
        if failures is None or not failures.per_year:
            return
        gaps = Distribution.memoryless(YEAR / failures.per_year)
        gaps = self.draws.times(f"{system}/failures/failure", gaps, 1)
        recoveries = self.draws.times(f"{system}/failures/recovery", failures.recovery, 1)
        for number in range(MOST):
            time, k = gaps[number, 0], 0
            while time <= self.horizon:
                seconds = recoveries[number, k]
                self.agenda.at(
                    time, ACT, (INSTANCE, number), lambda n=number, s=seconds: self._fail(n, s)
                )
                k += 1
                time += gaps[number, k]

    def _fail(self, number, recovery):
        each = self.instances.get(number)
        if each is None or each.status not in SERVES:
            return
        each.turn += 1
        each.recovers = self.now + recovery
        self._note(each, "failed", each.model, "failures")
        self._settle(each, healthy=False)
        self._later(each, each.recovers, RETURN, lambda _: self._well(each, "failures"))
        self._tell(each)
