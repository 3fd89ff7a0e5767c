"""Small runs of a scale set for its tests: told row by row, see `story`."""

from __future__ import annotations

import pytest
from story import Story

from sim.core.errors import ScenarioError
from sim.core.stack import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation

IMAGE = {"update_model": {"image": "2"}}
SIZE = {"update_model": {"size": "2"}}
EXTENSIONS = {"update_model": {"extensions": "2"}}
CANCEL = {"cancel_rolling_upgrade": {}}
BAD = {"2": {"unhealthy": "100%"}}
"""A version on which no instance gets healthy."""
BY = "upgrade by update_model-0"

SET = {
    "kind": "vm_scale_set",
    "instances": 4,
    "update_domains": 1,
    "upgrade": "200s",
    "reimage": "100s",
    "restore": "70s",
    "restart": "40s",
    "create": "150s",
    "delete": "30s",
    "healthy_after": "50s",
}
"""Each time is another one: an end tells what was done. An instance is reimaged and healthy after
150 s, given up after 400 s; updated and healthy after 250 s, created after 200 s.
"""
POLICY = {"max_batch_instance_percent": 0.5, "max_unhealthy_instance_percent": 0.5}


def scenario(*asked, horizon="3h", seed=0, start=None, policy=None, objectives=(), **spec):
    """A scale set `w` of four instances, two a batch; `asked` are pairs (time, operation).

    A time is a number of seconds or a distribution; `policy` is what its policy has beside that.
    """
    written = {"upgrade_policy": POLICY | (policy or {}), **SET, **spec}
    text = {
        "horizon": horizon,
        "seed": seed,
        "systems": {"w": written},
        "operations": [
            {"at": at if isinstance(at, dict) else f"{at}s", **each} for at, each in asked
        ],
        "objectives": list(objectives),
    }
    if start:
        text["start"] = start
    return Scenario.from_dict(text)


def simulation(*asked, **spec):
    """Such a set, ready to run."""
    return Simulation(scenario(*asked, **spec))


def story(*asked, run=0, **spec):
    """A run of such a set that passes its audit."""
    return SetStory(simulation(*asked, **spec), run)


def refused(*asked, **spec):
    """What is wrong with such a file: place and rule."""
    with pytest.raises(ScenarioError) as caught:
        scenario(*asked, **spec)
    return [f"{problem.path}: {problem.rule}" for problem in caught.value.problems]


def noted(*asked, **spec):
    """What is legal in such a file and yet hardly meant."""
    return list(scenario(*asked, **spec).warnings)


class SetStory(Story):
    """One run of a scenario with a scale set `w`."""

    kinds_of_wants = ("target", "size")

    def __init__(self, simulation, run=0):
        self.simulation = simulation
        self.log = simulation.run(run)
        self.stack = Stack([self.log])
        assert self.stack.audit() is None
        assert self.model.audit(self.stack) is None

    @property
    def rows(self):
        """The log as (time, subject, old state, new state, cause); a state without its version."""
        subjects, found = self.log.subjects, []
        for row in self.log.rows:
            states = subjects.block_of(row["subject"]).states
            found.append(
                (
                    float(row["time"]),
                    subjects.name(row["subject"]),
                    states.status(row["old"]),
                    states.status(row["new"]),
                    subjects.name(row["cause"]),
                )
            )
        return found

    def states(self, *subjects):
        """What subjects became, as (time, state) in order of the log; a number is an instance."""
        names = [f"w_{each}" if isinstance(each, int) else each for each in subjects]
        return [(time, new) for time, subject, _, new, _ in self.rows if subject in names]

    def batches(self, *work):
        """Time -> the numbers of the instances with which a batch began something then."""
        begun = work or ("extensions updating", "updating", "reimaging", "creating")
        found = {}
        for time, subject, _, new, cause in self.rows:
            if cause == "batch of w" and new in begun:
                found.setdefault(time, []).append(int(subject.removeprefix("w_")))
        return found

    @property
    def walk(self):
        """What the rolling upgrade does, as (time, state)."""
        return self.states("batch of w")

    def rollout(self, name="update_model-0"):
        """How an upgrade went, as (time, state)."""
        return self.states(f"upgrade by {name}")

    def request(self, name):
        """How a request was answered, with its code where it was refused or failed."""
        row = self.operation(name)
        return row["status"], row["http_status"], row["code"]

    def ended(self, name="update_model-0"):
        """When an operation ended, and how, by which code."""
        times = [time for time, subject, *_ in self.rows if subject == name]
        row = self.operation(name)
        return times[-1], row["status"], row["code"]

    def latest(self, at):
        """GET rollingUpgrades/latest at a time, seconds."""
        return self.status(at)["rollingUpgrades/latest"]

    def progress(self, at):
        """Its progress: successful, failed, in progress, pending."""
        return tuple(self.latest(at)["progress"].values())
