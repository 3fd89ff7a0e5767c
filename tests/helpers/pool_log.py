"""Hand-made logs of a Batch pool; a task that arrives needs no cause."""

from __future__ import annotations

from functools import partial

from hand_made import HandMade, operations

from sim.systems.base.operation import Span
from sim.systems.batch_pool.audit import broken_rules
from sim.systems.batch_pool.defaults import resolve, resolve_bodies
from sim.systems.batch_pool.layout import PoolLayout
from sim.systems.batch_pool.model import PoolModel
from sim.systems.batch_pool.requests import OPERATIONS
from sim.systems.batch_pool.spec import BatchPool

OLD = "WA-GUEST-OS-5.30_201904-01"
TARGET = "WA-GUEST-OS-5.31_201905-01"
UPGRADE = ("upgrade_os", {"target_os_version": TARGET})
BAG = {"tasks": 3, "service": "100s"}


class Pool(HandMade):
    """A pool `p` and what is made of logs of it."""

    def __init__(self, *requests, horizon=1000.0, nodes=2, csv="", **spec):
        """`requests` are pairs (kind, body), all of them named KIND-k; `spec` is as written.

        A job of `csv` has the tasks of that text.
        """
        spec = {"kind": "batch_pool", "nodes": nodes, "work": BAG} | spec
        self.spec = resolve("p", BatchPool.model_validate(spec))
        read = [
            job.with_contents({"csv": csv.encode()}) if job.csv else job for job in self.spec.work
        ]
        self.spec = self.spec.model_copy(update={"work": tuple(read)})
        asked = operations("p", requests, OPERATIONS, partial(resolve_bodies, self.spec))
        layout = PoolLayout("p", self.spec, list(asked), 1, Span(horizon, None))
        super().__init__(PoolModel(layout), horizon)

    def audit(self, *texts):
        """The rule that the logs break; their times are no draws, and not all of it is told."""
        rule = next(broken_rules(self.model.layout, self.stack(*texts)), None)
        return None if rule is None else f"p: {rule}"

    def because(self, _):
        return "arrivals"


SUBMITTED = """
    0 job/0 -> active
    0 job/1 -> active
    0 job/2 -> active
"""
SOUND = (
    SUBMITTED
    + """
    0 job/0 -> running because node-0
    0 job/1 -> running because node-1
    40 node-1 -> unusable because failures
    40 job/1 -> active because node-1
    100 job/0 -> completed because node-0
    100 job/1 -> running because node-0
    200 job/1 -> completed because node-0
    200 job/2 -> running because node-0
"""
)
"""A bag of three tasks, one of which a failure interrupts, to its end: a history that breaks no rule."""

BY = "upgrade by upgrade_os-0"
WALK = f"""
    0 job/0 -> active
    0 job/1 -> active
    0 job/2 -> active
    0 job/0 -> running because node-0
    0 job/1 -> running because node-1
    100 upgrade_os-0 -> InProgress because the scenario
    100 {BY} -> upgrading because upgrade_os-0
    100 pool p -> upgrading because {BY}
    100 target of p -> requested/{TARGET} because {BY}
    100 node-0 -> reimaging because {BY}
    100 job/0 -> active because node-0
    100 job/1 -> completed because node-1
    100 job/0 -> running because node-1
    100 upgrade_os-0 -> Succeeded because upgrade_os-0
    300 node-0 -> waitingforstarttask/{TARGET} because {BY}
    320 node-0 -> idle/{TARGET} because {BY}
    320 job/2 -> running because node-0
    320 node-1 -> running (scheduling disabled) because {BY}
    350 node-1 -> reimaging because {BY}
    350 job/0 -> active because node-1
    500 node-1 -> idle/{TARGET} because {BY}
    500 {BY} -> completed because {BY}
    500 target of p -> reached because {BY}
    500 pool p -> active because {BY}
"""
"""An upgrade of both nodes while tasks run: node-0 is taken at once, node-1 drains before."""
ROLLOUT = f"""
    100 upgrade_os-0 -> InProgress because the scenario
    100 upgrade by upgrade_os-0 -> upgrading because upgrade_os-0
    100 target of p -> requested/{TARGET} because upgrade by upgrade_os-0
    100 upgrade_os-0 -> Succeeded because upgrade_os-0
    100 node-0 -> reimaging because upgrade by upgrade_os-0
    400 node-0 -> idle/{TARGET} because upgrade by upgrade_os-0
    400 node-1 -> reimaging because upgrade by upgrade_os-0
    600 node-1 -> idle/{TARGET} because upgrade by upgrade_os-0
    600 upgrade by upgrade_os-0 -> completed because upgrade by upgrade_os-0
    600 target of p -> reached because upgrade by upgrade_os-0
"""
"""An upgrade of both nodes, one after the other, of a pool that runs nothing."""
