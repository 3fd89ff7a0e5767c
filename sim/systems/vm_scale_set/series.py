"""The series of a scale set's run: capacity, instances, who follows the model, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.log import UNIT
from sim.systems.base.metrics import at_least
from sim.systems.base.series import Series, names_of
from sim.systems.base.targets import Targets, up_to_date
from sim.systems.vm_scale_set.metrics import followers

if TYPE_CHECKING:
    from sim.core.log import Log
    from sim.core.timelines import Timeline
    from sim.systems.vm_scale_set.layout import SetLayout


def names(layout: SetLayout) -> list[tuple[str, str]]:
    """Every (series, group) that a run of the set has."""
    own = [(name, "") for name in ("available", "instances", "up_to_date")]
    return [*names_of([layout.instances]), *own]


class SetSeries(Series):
    """The series of one run; a set has no groups."""

    def __init__(self, layout: SetLayout, log: Log) -> None:
        super().__init__(layout.name, log, "instance")
        self._layout = layout

    def names(self) -> list[tuple[str, str]]:
        """Every (series, group) that the run has."""
        return names(self._layout)

    def capacity(self, group: str) -> Timeline:
        """Instances in service, as a share of the capacity at time 0."""
        nominal = self._layout.spec.instances * UNIT
        return self.members(group).series("capacity").timeline(0, nominal, "share")

    def available(self, group: str) -> Timeline:
        """1 while enough instances are in service, else 0."""
        ready = self.members(group).series("ready")
        return at_least(ready, self._layout.min_available).timeline(0, 1.0, "0/1")

    def instances(self, group: str) -> Timeline:
        """Instances that are there, in service or not: what is paid for."""
        return self.members(group).series("instances").timeline(0, 1.0, "count")

    def up_to_date(self, _: str) -> Timeline:
        """The share of the instances that are in service at the model."""
        return up_to_date(Targets(self.stack, self._layout.target), [followers(self._layout)])
