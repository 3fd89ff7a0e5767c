"""Hand-made logs of a system, for tests of what is made of them.

A line of a log is ``time subject -> state/version because cause``. The version may be left out
where it stays the same, the cause where the system's helper has one for such a subject.
"""

from __future__ import annotations

import re

import numpy as np

from sim.core.log import Block, Recorder, States, Subjects
from sim.core.stack import Stack
from sim.formats.distributions import Distribution
from sim.systems.base.operation import Operation

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


def operations(system, asked, bodies, resolve):
    """The operations of a file from pairs (kind, body), all of them named KIND-k."""
    kinds = [kind for kind, _ in asked]
    requests = resolve([bodies[kind].model_validate(body) for kind, body in asked])
    for index, (kind, request) in enumerate(zip(kinds, requests, strict=True)):
        name = f"{kind}-{kinds[:index].count(kind)}"
        yield Operation(index, name, False, kind, system, Distribution.fixed(0.0), request)


class HandMade:
    """A system and what is made of logs of it."""

    def __init__(self, model, horizon):
        self.model, self.horizon = model, horizon
        self.subjects = Subjects([SCENARIO, *model.blocks])
        self.numbers = {self.subjects.name(n): n for n in range(self.subjects.count)}

    def because(self, name):
        """The cause of a subject's row that names none."""
        raise NotImplementedError(name)

    def log(self, text, replication=0):
        """The log whose lines are `text`, in order of time."""
        recorder, states = Recorder(), self.subjects.initial.astype(int).tolist()
        lines = [
            LINE.fullmatch(line.strip()).groups() for line in text.splitlines() if line.strip()
        ]
        for time, name, state, cause in sorted(lines, key=lambda line: float(line[0])):
            subject = self.numbers[name]
            new = self._code(subject, state, states[subject])
            because = self.numbers[cause or self.because(name)]
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

    def measure(self, *texts, group="", warm_up=0.0):
        """Metric -> its values in the logs."""
        values, _ = self.model.measure(self.stack(*texts), warm_up)
        return {name: value.tolist() for (of, name), value in values.items() if of == group}

    def rollouts_ended(self, text):
        """Whether every rollout was accepted and has ended."""
        _, kept = self.model.measure(self.stack(text), 0.0)
        return bool(kept[0])

    def audit(self, *texts):
        """The rule that the logs break."""
        return self.model.audit(self.stack(*texts))

    def series(self, text, name, group=""):
        """A series as pairs (seconds, value)."""
        line = self.model.timeline(self.log(text), name, group)
        return list(zip(line.times.tolist(), line.values.tolist(), strict=True))
