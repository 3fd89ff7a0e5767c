"""Instances of a small set that nobody but a test asks for anything."""

from __future__ import annotations

from set_story import simulation
from simpy import Environment

from sim.core.random_streams import draws
from sim.systems.base.context import ACT, Context
from sim.systems.vm_scale_set.batch import Batch
from sim.systems.vm_scale_set.draws import Starts
from sim.systems.vm_scale_set.instances import Instances
from sim.systems.vm_scale_set.states import INSTANCE, REIMAGING, WIDTH

FAILURES = 2
"""A subject that may be a cause."""


class World:
    """Instances of a set `w` that nobody but a test asks for anything."""

    def __init__(self, *asked, **spec):
        self.layout = simulation(*asked, **spec).models["w"].layout
        self.context = Context(Environment(), draws(0, 0), 10_000.0, None)
        self.instances = Instances(self.context, self.layout)
        bad = [True] * len(self.layout.faulty)
        self.starts = Starts(self.context, self.layout, "asked", bad)
        self.batches = []

    def start(self, *members, status=REIMAGING, version=0):
        batch = Batch(self.context, 0, members)
        self.batches.append(batch)
        self.instances.start(members, version, status, self.starts, 0, batch)
        return batch

    def restore(self, member, version=0):
        batch = Batch(self.context, 0, [member])
        self.instances.restore(member, version, self.starts, 0, batch)
        return batch

    def delete(self, member):
        batch = Batch(self.context, 0, [member])
        self.instances.delete(member, self.starts, 0, batch)
        return batch

    def at(self, time, do, *given, **more):
        self.context.call(float(time), ACT, 0, lambda _: do(*given, **more))

    def fail(self, time, member, recovery):
        self.at(time, self.instances.fail, member, float(recovery), FAILURES)

    def run(self):
        """What instances became: number -> (time, status)."""
        self.context.run()
        found = {}
        for row in self.context.recorder.rows:
            number = int(row["subject"]) - self.instances.first
            found.setdefault(number, []).append((float(row["time"]), INSTANCE[row["new"] % WIDTH]))
        return found
