"""A scale set in a scenario: how a replication begins, and what is asked of a finished one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.log import SCENARIO
from sim.systems.base.failures import FailureProcess
from sim.systems.base.model import SystemModel
from sim.systems.vm_scale_set import rejections
from sim.systems.vm_scale_set.instances import Instances
from sim.systems.vm_scale_set.layout import SetLayout
from sim.systems.vm_scale_set.service import ScaleSetService
from sim.systems.vm_scale_set.states import BAD, FAILURES, GOOD, IN_SERVICE, INSTANCE

if TYPE_CHECKING:
    from sim.systems.base.context import Context
    from sim.systems.base.operation import Request
    from sim.systems.base.records import Rejection


class SetModel(SystemModel[SetLayout]):
    """One scale set of a scenario."""

    member = "instance"
    in_service = tuple(INSTANCE[status] for status in IN_SERVICE)

    def service(self, context: Context) -> ScaleSetService:
        """The service of one set, whose instances fail from now on."""
        bad = self._draw_versions(context)
        instances = Instances(context, self.layout)
        self._let_instances_fail(context, instances)
        return ScaleSetService(context, self.layout, instances, bad)

    def _draw_versions(self, context: Context) -> list[bool]:
        """Whether each faulty version is bad: one draw a replication."""
        layout, found = self.layout, []
        for place, name in enumerate(layout.faulty):
            path, chance = f"{layout.name}/{name}/bad", layout.fault(place).bad
            is_bad = context.draws.happens(path, chance, 1)[0, 0]
            state = BAD if is_bad else GOOD
            context.record(0.0, layout.first_fault + place, 0, state, SCENARIO)
            found.append(is_bad)
        return found

    def _let_instances_fail(self, context: Context, instances: Instances) -> None:
        failures = self.layout.spec.failures
        if failures is None or not failures.per_year:
            return
        cause = self.layout.actor(FAILURES)

        def fail(number: int, recovery: float) -> None:
            instances.fail(number, recovery, cause)

        subjects = list(self.layout.instances.numbers)
        path = f"{self.layout.name}/failures"
        FailureProcess(context, path, failures, subjects, fail).begin()

    def rule(self, body: Request) -> str | None:
        """The rule that a request breaks by what it says, whenever it is sent."""
        return rejections.by_request(body, self.layout.room)

    def answer(self, rule: str, body: Request) -> Rejection:
        """The rejection by a rule, its message about this request."""
        return rejections.answer(rule, body)
