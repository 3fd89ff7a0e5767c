"""Small runs of a cloud service for its tests: a scenario as text, its log as lines."""

from __future__ import annotations

from sim.core.stack import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation

WANTS = (
    "target",
    "deployment",
    "size",
    "configuration",
    "known_configuration",
    "extension",
    "service_extension",
    "endpoints",
)
"""Kinds of the subjects that say what the service wants, and who was told of it."""

TEXT = """
horizon: {horizon}
systems:
  s:
    kind: cloud_service
    update_domains: {domains}
    {more}
    roles: {{{roles}}}
operations:
{operations}
"""


def story(
    operations, roles="W: {instances: 2, restart: 100s}", *, domains=2, more="", horizon="1h", run=0
):
    """The run number `run` of a service `s`; `operations` are lines, `more` is one line of keys."""
    asked = "\n".join(f"  - {{{line.strip()}}}" for line in operations.strip().splitlines())
    text = TEXT.format(
        horizon=horizon, domains=domains, more=more, roles=roles, operations=asked or "  []"
    )
    return Story(text, run)


class Story:
    """One run of a scenario that passes its audit."""

    def __init__(self, text: str, replication: int = 0) -> None:
        self.simulation = Simulation(Scenario.from_text(text))
        self.log = self.simulation.run(replication)
        self.stack = Stack([self.log])
        assert self.stack.audit() is None
        assert [model.audit(self.stack) for model in self.simulation.models.values()] == [
            None for _ in self.simulation.models
        ]

    @property
    def model(self):
        """The only system."""
        (model,) = self.simulation.models.values()
        return model

    kinds_of_wants = WANTS

    @property
    def lines(self):
        """The log in words, but for what is wanted: see `wants`."""
        return [line for kind, line in self._kinds_and_lines() if kind not in self.kinds_of_wants]

    @property
    def wants(self):
        """What the service decides, in words: builds of roles, slots of deployments, locks."""
        return [line for kind, line in self._kinds_and_lines() if kind in self.kinds_of_wants]

    def _kinds_and_lines(self):
        kinds = [self.log.subjects.block_of(row["subject"]).kind for row in self.log.rows]
        return zip(kinds, self.all_lines, strict=True)

    @property
    def all_lines(self):
        """The whole log in words."""
        return self.log.lines()

    def about(self, *subjects):
        """The lines whose subject is one of `subjects`, such as "W_IN_0" or "update domain 1"."""
        names = [self.log.subjects.name(row["subject"]) for row in self.log.rows]
        return [line for name, line in zip(names, self.all_lines, strict=True) if name in subjects]

    def brief(self, *subjects):
        """The same as ``time new-state``."""
        return [f"{line.split()[0]} {_new(line)}" for line in self.about(*subjects)]

    def ready(self, instance):
        """The instants at which an instance becomes ReadyRole, cold or warm."""
        return [_time(line) for line in self.about(instance) if "-> ReadyRole" in line]

    def taken_at(self, instance):
        """The instant of an instance's first row: a turn takes it."""
        line = self.about(instance)[0]
        assert "because update domain" in line
        return _time(line)

    def taken(self, instance):
        """The instants at which a turn takes an instance out whose restart is not in stages."""
        rows = self.about(instance)
        return [_time(line) for line in rows if " -> BusyRole" in line and "because update" in line]

    def measure(self, metric, group="", warm_up=0.0):
        """The value of a metric."""
        values, _ = self.model.measure(self.stack, warm_up)
        return float(values[group, metric][0])

    @property
    def rollouts_ended(self):
        """Whether every rollout that the file asks for was accepted and has ended."""
        _, kept = self.model.measure(self.stack, 0.0)
        return bool(kept[0])

    def operation(self, name):
        """The row of an operation in the table of operations."""
        (row,) = [row for row in self.model.operations_table(self.log) if row["name"] == name]
        return row

    def status(self, at):
        """Get Deployment at an instant, seconds."""
        return self.model.status(self.log, at)

    def series(self, name, group=""):
        """A series as pairs (seconds, value)."""
        line = self.model.timeline(self.log, name, group)
        return list(zip(line.times.tolist(), line.values.tolist(), strict=True))


def _time(line):
    return float(line.split()[0])


def _new(line):
    return line.split(" -> ")[1].split(" because ")[0]


def builds(told, *instances):
    """The builds of instances at the horizon."""
    shown = told.status(told.log.horizon)["RoleInstanceList"]
    found = {each["InstanceName"]: each["Build"] for each in shown}
    return [found[name] for name in instances or sorted(found)]
