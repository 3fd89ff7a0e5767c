"""Hand-made logs of a Batch pool, for tests of what is made of them.

A line of a log is ``time subject -> state because cause``; a task that arrives needs no cause, and
a state no version where it stays the same.
"""

from __future__ import annotations

import re

import numpy as np

from sim.chance import Distribution
from sim.log import Block, Recorder, Stack, States, Subjects
from sim.systems.batch_pool.defaults import resolve, resolve_body
from sim.systems.batch_pool.model import Model
from sim.systems.batch_pool.requests import OPERATIONS
from sim.systems.batch_pool.spec import BatchPool
from sim.systems.operation import Operation, Span

LINE = re.compile(r"(\S+) (.+?) -> (.+?)(?: because (.+))?")
SCENARIO = Block(
    "",
    "scenario",
    "",
    0,
    1,
    States(("absent",)),
    np.zeros(1, np.int16),
    lambda _: "the scenario",
    {},
)
TARGET = "WA-GUEST-OS-5.31_201905-01"
UPGRADE = ("upgrade_os", {"target_os_version": TARGET})
BAG = {"tasks": 3, "service": "100s"}


class Pool:
    """A pool `p` and what is made of logs of it."""

    def __init__(self, *operations, horizon=1000.0, nodes=2, csv="", **spec):
        """`operations` are pairs (kind, body), all of them named KIND-k; `spec` is as written.

        A job of `csv` has the tasks of that text.
        """
        self.horizon = horizon
        spec = {"kind": "batch_pool", "nodes": nodes, "work": BAG} | spec
        self.spec = resolve("p", BatchPool.model_validate(spec))
        read = [
            job.with_contents({"csv": csv.encode()}) if job.csv else job for job in self.spec.work
        ]
        self.spec = self.spec.model_copy(update={"work": tuple(read)})
        self.model = Model("p", self.spec, list(self._asked(operations)), 1, Span(horizon, None))
        self.subjects = Subjects([SCENARIO, *self.model.blocks])
        self.numbers = {self.subjects.name(n): n for n in range(self.subjects.count)}

    def _asked(self, operations):
        kinds = [kind for kind, _ in operations]
        for index, (kind, body) in enumerate(operations):
            name = f"{kind}-{kinds[:index].count(kind)}"
            request = resolve_body(self.spec, OPERATIONS[kind].model_validate(body))
            yield Operation(index, name, False, kind, "p", Distribution.fixed(0.0), request)

    def log(self, text, replication=0):
        """The log whose lines are `text`, in order of time."""
        recorder, states = Recorder(), self.subjects.initial.astype(int).tolist()
        lines = [
            LINE.fullmatch(line.strip()).groups() for line in text.splitlines() if line.strip()
        ]
        for time, name, state, cause in sorted(lines, key=lambda line: float(line[0])):
            subject = self.numbers[name]
            new = self._code(subject, state, states[subject])
            because = self.numbers[cause or "arrivals"]
            recorder.record(float(time), subject, states[subject], new, because)
            states[subject] = new
        return recorder.freeze(self.subjects, replication, self.horizon, drew=True)

    def _code(self, subject, state, old):
        known = self.subjects.block_of(subject).states
        status, _, version = state.partition("/")
        number = known.versions.index(version) if version else old // known.width
        return known.statuses.index(status) + (number * known.width if status != "absent" else 0)

    def stack(self, *texts):
        """Logs as a stack of histories; its replications are 0, 1, ..."""
        stack = Stack([self.log(text, number) for number, text in enumerate(texts)])
        assert stack.audit() is None
        return stack

    def measure(self, *texts, warm_up=0.0):
        """Metric -> its values in the logs."""
        values, _ = self.model.measure(self.stack(*texts), warm_up)
        return {name: value.tolist() for (_, name), value in values.items()}

    def kept(self, text):
        """Whether every rollout was accepted and has ended."""
        _, kept = self.model.measure(self.stack(text), 0.0)
        return bool(kept[0])

    def audit(self, *texts):
        """The rule that the logs break."""
        return self.model.audit(self.stack(*texts))

    def series(self, text, name):
        """A series as pairs (seconds, value)."""
        line = self.model.timeline(self.log(text), name)
        return list(zip(line.times.tolist(), line.values.tolist(), strict=True))
