"""Small runs of a Batch pool for its tests: told row by row, see `story`."""

from __future__ import annotations

from story import Story

from sim.core.stack import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation

NEW = "WA-GUEST-OS-5.31_201905-01"
NEWER = "WA-GUEST-OS-5.32_201906-01"
UPGRADE = {"upgrade_os": {"target_os_version": NEW}}
IMAGE = {"upgrade_image": {}}
BAG = {"tasks": 3, "service": "100s"}


def simulation(*asked, horizon="1h", seed=0, start=None, others=None, contents=None, **spec):
    """A pool `p` of two nodes, whose upgrade takes 60 s; `asked` are pairs (time, operation).

    A time is a number of seconds or a distribution.
    """
    pool = {"kind": "batch_pool", "nodes": 2, "node_upgrade": "60s", "max_concurrent": 1} | spec
    text = {
        "horizon": horizon,
        "seed": seed,
        "systems": {"p": pool, **(others or {})},
        "operations": [
            {"at": at if isinstance(at, dict) else f"{at}s", **each} for at, each in asked
        ],
    }
    if start:
        text["start"] = start
    return Simulation(Scenario.from_dict(text, contents=contents or {}))


def resize(nodes, option="requeue"):
    """A resize to so many nodes."""
    return {"resize": {"nodes": nodes, "node_deallocation_option": option}}


def reboot(node, option="requeue"):
    """A reboot of a node."""
    return {"reboot_node": {"node": node, "option": option}}


def tasks(*lines):
    """Work by a table: lines of submit_s, service_s, priority and required_slots."""
    columns = "submit_s,service_s,priority,required_slots"
    rows = [",".join(map(str, (*line, *(0, 1)[len(line) - 2 :]))) for line in lines]
    return {"work": {"csv": "t"}, "contents": {"t": "\n".join([columns, *rows]).encode()}}


def story(*asked, run=0, **spec):
    """A run of such a pool that passes its audit."""
    return PoolStory(simulation(*asked, **spec), run)


class PoolStory(Story):
    """One run of a scenario with a pool `p`."""

    def __init__(self, simulation, run=0):
        self.simulation = simulation
        self.log = simulation.run(run)
        self.stack = Stack([self.log])
        assert self.stack.audit() is None
        assert [each.audit(self.stack) for each in simulation.models.values()] == [None] * len(
            simulation.models
        )

    @property
    def model(self):
        return self.simulation.models["p"]

    @property
    def all_lines(self):
        """The whole log in words, versions in short."""
        return [
            line.replace("WA-GUEST-OS-", "").replace("_201904-01", "").replace("_201905-01", "")
            for line in self.log.lines()
        ]

    def runs(self, job="job"):
        """Task -> its runs as (node, from, to, what it became); to None where the horizon cuts."""
        found, names = {}, self.log.subjects.name
        for row in self.log.rows:
            name = names(row["subject"])
            if not name.startswith(f"{job}/"):
                continue
            mine = found.setdefault(int(name.partition("/")[2]), [])
            states = self.log.subjects.block_of(row["subject"]).states
            if states.status(row["new"]) == "running":
                mine.append((names(row["cause"]), float(row["time"]), None, "running"))
            elif row["old"]:
                mine[-1] = (*mine[-1][:2], float(row["time"]), states.status(row["new"]))
        return found

    def statuses(self, *nodes):
        """The states of nodes as (time, status); their rows together, in order of the log."""
        found = []
        for row, name in zip(self.log.rows, self._names, strict=True):
            if name in nodes:
                states = self.log.subjects.block_of(row["subject"]).states
                found.append((float(row["time"]), states.status(row["new"])))
        return found

    @property
    def taken(self):
        """Node -> when an upgrade took it first, in order of number."""
        found = {}
        for row, name in zip(self.log.rows, self._names, strict=True):
            if name.startswith("node-") and self._upgrades(row):
                found.setdefault(name, float(row["time"]))
        return dict(sorted(found.items(), key=lambda each: int(each[0].partition("-")[2])))

    @property
    def times(self):
        """When nodes were taken, in order of number."""
        return list(self.taken.values())

    def request(self, name):
        """How a request was answered, with its code where it was refused or failed."""
        row = self.operation(name)
        return row["status"], row["http_status"], row["code"]

    @property
    def _names(self):
        return [self.log.subjects.name(row["subject"]) for row in self.log.rows]

    def _upgrades(self, row):
        """Whether a node's row is that an upgrade takes it."""
        status = self.log.subjects.block_of(row["subject"]).states.status(row["new"])
        cause = self.log.subjects.name(row["cause"])
        return status in ("reimaging", "upgradingos") and cause.startswith("upgrade by")
