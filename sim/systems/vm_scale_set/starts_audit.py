"""Whether instances start, turn unhealthy, fail and go as was drawn for them.

A course is what begins with one row of an instance: a start, a restoration, a deletion, a failure.
What follows in it is due at times that its draws tell, until another course overtakes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.random_streams import Again
from sim.core.stack import first_of_each
from sim.systems.base.failures import redraw_failures
from sim.systems.vm_scale_set.draws import seen_healthy
from sim.systems.vm_scale_set.history import STARTS
from sim.systems.vm_scale_set.states import (
    BAD,
    DELETING,
    EXTENSIONS_UPDATING,
    FAILED,
    HEALTHY,
    IN_SERVICE,
    INITIALIZING,
    RESTORING,
    UNHEALTHY,
    WIDTH,
)
from sim.systems.vm_scale_set.steps import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from sim.core.random_streams import Distribution
    from sim.systems.vm_scale_set.history import History

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

RUNS, GIVEN_UP, ANSWERS, TURNS, GONE = range(5)
"""What can follow in a course, each once: it runs, is given up, is seen to be healthy (or is back),
turns unhealthy later, is gone."""
WRONG = {
    RUNS: "an instance did not start in the time that was drawn for it",
    GIVEN_UP: "an instance was not given up when its wait was over",
    ANSWERS: "an instance was not healthy, or back, when it was drawn to be",
    TURNS: "an instance did not turn unhealthy later as was drawn",
    GONE: "an instance was not deleted in the time that was drawn for it",
}


def broken_rules(history: History) -> Iterator[str]:
    """The rules that courses, failures and versions break."""
    audit = _Audit(history)
    if audit.wrong_versions():
        yield "a version was not good or bad as was drawn"
    if (history.reason[np.isin(audit.status, (*STARTS, DELETING, RESTORING))] < 0).any():
        yield "an instance was taken for no reason"
        return
    yield from audit.wrong_failures()
    yield from audit.wrong_courses()


class _Audit:
    """The courses of a set's instances beside what was drawn for them; arrays by course."""

    def __init__(self, history: History) -> None:
        self._history, self._layout, self._stack = history, history.layout, history.stack
        self._spec = self._layout.spec
        self._again = Again(self._stack.seed, self._stack.numbers)
        place = history.place
        self.status = history.status[place]
        self._time = history.time[place]
        self._replication, self._member = history.replication[place], history.number[place]
        faults = np.arange(len(self._layout.faulty)) + self._layout.first_fault
        self._bad = self._stack.final[:, faults] == BAD
        self._due = np.full((5, len(place)), np.inf)
        """When what can follow is due, seconds."""
        self._fault = np.full(len(place), -1)
        """Subject of the version by which an instance turns unhealthy later."""

    def wrong_versions(self) -> bool:
        """Whether one is good that was drawn to be bad, or the other way round."""
        layout, places = self._layout, np.arange(self._stack.replications)
        first = np.zeros(len(places), np.int64)
        for place, name in enumerate(layout.faulty):
            path = f"{layout.name}/{name}/bad"
            drawn = self._again.happens(path, layout.fault(place).bad, (places, first, first))
            if (self._bad[:, place] != drawn).any():
                return True
        return False

    # Failures.

    def wrong_failures(self) -> Iterator[str]:
        """Those that come to nobody though drawn, and those that were not drawn."""
        failed = np.flatnonzero(self.status == FAILED)
        failures = self._spec.failures
        if failures is None or not failures.per_year:
            if len(failed):
                yield "an instance failed that was not drawn to fail"
            return
        layout, stack = self._layout, self._stack
        drawn = redraw_failures(
            self._again,
            f"{layout.name}/failures",
            failures,
            np.arange(stack.replications),
            layout.room,
            stack.horizon,
        )
        times = np.unique(np.concatenate([drawn.time, self._time[failed]]))
        known = drawn.place * layout.room + drawn.member
        known = known * len(times) + np.searchsorted(times, drawn.time)
        mine = self._history.key[self._history.place[failed]]
        mine = mine * len(times) + np.searchsorted(times, self._time[failed])
        found = np.searchsorted(known, mine)
        inside = np.minimum(found, max(len(known) - 1, 0))
        if len(failed) and (not len(known) or (known[inside] != mine).any()):
            yield "an instance failed that was not drawn to fail"
            return
        self._due[ANSWERS, failed] = self._time[failed] + drawn.recovery[inside]
        missed = ~np.isin(known, mine)
        if self._serves_through(drawn.place[missed], drawn.member[missed], drawn.time[missed]):
            yield "an instance did not fail though it was drawn to"

    def _serves_through(self, place: Integers, member: Integers, time: Floats) -> bool:
        """Whether an instance in service goes through its failure; what else happens to it at that
        instant may come first.
        """
        before = self._stack.first_at(place, time)
        after = self._stack.first_at(place, time, "right")
        code = self._history.code_before(place, member, before)
        same = code == self._history.code_before(place, member, after)
        return bool((same & np.isin(code % WIDTH, IN_SERVICE) & (code > 0)).any())

    # Courses.

    def wrong_courses(self) -> Iterator[str]:
        """What does not come when it is due, or comes though it is not."""
        starts = np.flatnonzero(np.isin(self.status, STARTS))
        attempts = self._attempts(starts)
        self._start(starts, attempts)
        self._restore()
        self._delete()
        history, horizon = self._history, self._stack.horizon
        goes_on = np.flatnonzero(~history.begins)
        step, course = self._steps(goes_on), history.course[goes_on]
        found = np.full(self._due.shape, np.inf)
        found[step, course] = history.time[goes_on]
        for number, rule in WRONG.items():
            due, came = self._due[number], found[number]
            there = came < np.inf
            missed = ~there & (due < history.overtaken) & (due <= horizon)
            twice = int(there.sum()) != int((step == number).sum())
            if (missed | (there & (came != due))).any() or twice:
                yield rule
        turned = goes_on[step == TURNS]
        if (history.cause[turned] != self._fault[history.course[turned]]).any():
            yield "an instance turned unhealthy by another version than was drawn"

    def _steps(self, rows: NDArray[np.intp]) -> NDArray[np.int8]:
        """What follows in a course by each of these rows."""
        history, layout = self._history, self._layout
        step_of = np.zeros(WIDTH, np.int8)
        step_of[[0, INITIALIZING, HEALTHY, UNHEALTHY]] = GONE, RUNS, ANSWERS, GIVEN_UP
        step: NDArray[np.int8] = step_of[history.status[rows]]
        if not layout.faulty:
            return step
        fault = history.cause[rows] - layout.first_fault
        shows = (fault >= 0) & (fault < len(layout.faulty))
        return np.where(shows, np.int8(TURNS), step)

    def _attempts(self, courses: Integers) -> Integers:
        """For each of these how often its instance had the like for the same reason before."""
        history = self._history
        reasons = len(self._layout.operations) + 1
        key = history.key[history.place[courses]] * reasons + history.reason[courses]
        if (key[1:] > key[:-1]).all():  # nobody twice, as most often
            return np.zeros(len(key), np.int64)
        order = np.argsort(key, kind="stable")
        every = np.arange(len(key))
        begins = np.maximum.accumulate(np.where(first_of_each(key[order]), every, 0))
        attempts = np.empty(len(key), np.int64)
        attempts[order] = every - begins
        return attempts

    def _start(self, starts: Integers, attempts: Integers) -> None:
        health, status = self._spec.health, self.status[starts]
        runs = self._time[starts].copy()
        for each in STARTS:
            some = np.flatnonzero(status == each)
            runs[some] += self._seconds(KEYS[each], starts[some], attempts[some])
        runs = np.maximum(runs, self._recovered(starts))
        answers = self._seconds("healthy_after", starts, attempts)
        healthy = runs + seen_healthy(answers, health)
        wait = health.wait + (health.grace_period if health.grace_extends_wait else 0.0)
        judged = runs + wait
        well = self._get_healthy(starts, attempts)
        serves = well & (status == EXTENSIONS_UPDATING)
        healthy[serves] = runs[serves]
        self._due[RUNS, starts] = np.where(serves, np.inf, runs)
        self._due[ANSWERS, starts] = np.where(well, healthy, np.inf)
        self._due[GIVEN_UP, starts] = np.where(well & (healthy <= judged), np.inf, judged)
        self._turn(starts, attempts)

    def _recovered(self, courses: Integers) -> Floats:
        """When their instances have recovered from their last failure, if they still are."""
        if self._spec.failures is None:
            return np.zeros(len(courses))
        history = self._history
        until = np.where(self.status == FAILED, self._due[ANSWERS], 0.0)
        came = history.old[history.place] == 0
        tells = (self.status == FAILED) | came | history.opens[history.place]
        last = np.maximum.accumulate(np.where(tells, np.arange(len(until)), 0))
        found: Floats = until[last[courses]]
        return found

    def _restore(self) -> None:
        back = np.flatnonzero(self.status == RESTORING)
        seconds = self._seconds("restore", back, np.zeros(len(back), np.int64))
        self._due[ANSWERS, back] = np.maximum(self._time[back] + seconds, self._recovered(back))

    def _delete(self) -> None:
        go = np.flatnonzero(self.status == DELETING)
        self._due[GONE, go] = self._time[go] + self._seconds("delete", go, self._attempts(go))

    # Faults of versions.

    def _get_healthy(self, starts: Integers, attempts: Integers) -> NDArray[np.bool_]:
        well = np.ones(len(starts), bool)
        for place, mine in self._on_bad(starts):
            path, chance = self._fault_path(place, "unhealthy"), self._layout.fault(place).unhealthy
            well[mine] &= ~self._happens(path, chance, starts[mine], attempts[mine])
        return well

    def _turn(self, starts: Integers, attempts: Integers) -> None:
        """By which fault, and when, who got healthy turns unhealthy later; the first one counts."""
        for place, on_it in self._on_bad(starts):
            later = self._layout.fault(place).unhealthy_later
            if later is None:
                continue
            mine = on_it[self._due[ANSWERS, starts[on_it]] < np.inf]
            path = self._fault_path(place, "unhealthy_later")
            mine = mine[self._happens(path, later.probability, starts[mine], attempts[mine])]
            path = self._fault_path(place, "unhealthy_after")
            due = self._due[ANSWERS, starts[mine]]
            due = due + self._drawn(path, later.after, starts[mine], attempts[mine])
            first = due < self._due[TURNS, starts[mine]]
            self._due[TURNS, starts[mine[first]]] = due[first]
            self._fault[starts[mine[first]]] = self._layout.first_fault + place

    def _on_bad(self, starts: Integers) -> Iterator[tuple[int, Integers]]:
        """Each faulty version, and which of the starts are on it where it is bad; of a model in
        the order of its parts.
        """
        model = self._history.new[self._history.place[starts]] // WIDTH
        bad = self._bad[self._replication[starts]]
        for number in np.unique(model).tolist():
            for place in self._layout.faults[number]:
                yield place, np.flatnonzero((model == number) & bad[:, place])

    def _fault_path(self, place: int, purpose: str) -> str:
        return f"{self._layout.name}/{self._layout.faulty[place]}/{purpose}"

    # Draws.

    def _seconds(self, key: str, courses: Integers, attempts: Integers) -> Floats:
        """What a key of the set says, for some courses."""
        law: Distribution = getattr(self._spec, key)
        return self._drawn(f"{self._layout.name}/{key}", law, courses, attempts)

    def _drawn(self, path: str, law: Distribution, courses: Integers, attempts: Integers) -> Floats:
        if not law.is_random:
            return law.quantile(np.zeros(len(courses)))
        return self._by_reason(
            lambda reason, rows: self._again.times(f"{path}/{reason}", law, rows), courses, attempts
        )

    def _happens(
        self, path: str, chance: float, courses: Integers, attempts: Integers
    ) -> NDArray[np.bool_]:
        found = self._by_reason(
            lambda reason, rows: self._again.happens(f"{path}/{reason}", chance, rows),
            courses,
            attempts,
        )
        return found > 0

    def _by_reason(
        self,
        draw: Callable[[str, tuple[Integers, ...]], NDArray[Any]],
        courses: Integers,
        attempts: Integers,
    ) -> Floats:
        """What is drawn for some courses, the like of which have one path together."""
        reason, drawn = self._history.reason[courses], np.empty(len(courses))
        order = np.argsort(reason, kind="stable")
        for some in np.split(order, np.flatnonzero(np.diff(reason[order])) + 1):
            if len(some):
                mine = courses[some]
                rows = self._replication[mine], self._member[mine], attempts[some]
                drawn[some] = draw(self._history.reason_name(int(reason[some[0]])), rows)
        return drawn
