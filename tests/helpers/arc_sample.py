"""A fleet of alike machines as a sample: nothing couples them, so each is a trial of its own."""

from __future__ import annotations

import numpy as np

from sim.core.stack import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation
from sim.systems.arc_fleet.states import EXTENSION, WIDTH

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
PUBLISHED = HOUR
"""When version 1.1 of every extension is released."""
CERTAIN = {"discovery": "0s", "install": "2min", "rollback": "2min", "retry_after": "3d"}


class Sample:
    """One run of a fleet, as columns by extension: all of the first kind, then of the next.

    `machines` is how many, or the groups; a key that is None takes its default.
    """

    def __init__(self, machines, kinds="A", horizon="60d", release=None, **keys):
        count = {"groups" if isinstance(machines, dict) else "machines": machines}
        told = {key: value for key, value in (CERTAIN | keys).items() if value is not None}
        extension = {"publisher": "P", "version": "1.0", "enable_automatic_upgrade": True}
        system = {
            "kind": "arc_fleet",
            "also_supported": [f"P/{kind}" for kind in kinds],
            "extensions": [extension | {"type": kind} for kind in kinds],
        }
        release = {"version": "1.1"} | (release or {})
        operations = [{"at": "1h", "publish_extension": {"type": kind} | release} for kind in kinds]
        text = {"horizon": horizon, "seed": 1, "systems": {"p": system | count | told}}
        self._read(Simulation(Scenario.from_dict(text | {"operations": operations})))

    def _read(self, simulation):
        self.stack = Stack([simulation.run()])
        model = simulation.models["p"]
        assert self.stack.audit() is None
        assert model.audit(self.stack) is None
        self.metrics = {
            name: float(value[0])
            for (group, name), value in model.measure(self.stack, 0.0)[0].items()
            if not group
        }
        self._first, self.count = model.layout.extensions[0].first, model.layout.nominal

    def _rows(self, status):
        """The rows by which extensions come to a status: their numbers, seconds."""
        mine = self.stack.subject >= self._first
        mine &= self.stack.new % WIDTH == EXTENSION.index(status)
        return self.stack.subject[mine] - self._first, self.stack.time[mine]

    def times(self, status):
        """How often each extension comes to a status."""
        return np.bincount(self._rows(status)[0], minlength=self.count)

    def last(self, status):
        """When each extension comes to a status last, seconds since the release; NaN if never."""
        found = np.full(self.count, np.nan)
        numbers, seconds = self._rows(status)
        found[numbers] = seconds - PUBLISHED
        return found

    def first(self, status):
        """When each comes to it first."""
        found = np.full(self.count, np.nan)
        numbers, seconds = self._rows(status)
        found[numbers[::-1]] = seconds[::-1] - PUBLISHED
        return found
