"""A service takes requests: each is rejected or accepted, and ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.core.log import ASKED, FAILED, OPERATION, REFUSED, SUCCEEDED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.core.windows import Windows
    from sim.systems.base.context import Context


@dataclass(frozen=True, eq=False)
class Call:
    """A request with who makes it: what a method of the service gets."""

    number: int
    """Of the operation, among those of its system."""
    subject: int
    name: str
    kind: str
    body: Any
    cause: int
    """The subject that makes the request."""
    rule: str | None
    """The rule that it breaks by what it says."""
    windows: Windows
    """When the upgrade that it asks for may begin something new."""
    target: Any = None
    """What of the system it means, where who makes it knows and the request cannot say."""


class Service:
    """Takes the requests of one replication. A system derives its own service: there the method of
    an operation's name carries it out, and ``check_NAME`` tells the rule by which the state of the
    service rejects it, if any.
    """

    def __init__(self, context: Context, rules: Sequence[str]) -> None:
        self.context = context
        self._rules = rules
        self._states: dict[int, int] = {}
        """Operation -> its state, as this side believes."""

    def handle(self, call: Call) -> bool:
        """Take a request; whether it is accepted. It may end at once or later."""
        rule = call.rule or self._check(call)
        if rule is not None:
            self._becomes(call, self._state(REFUSED, rule), call.cause)
            return False
        self._becomes(call, ASKED, call.cause)
        getattr(self, call.kind)(call)
        return True

    def _check(self, call: Call) -> str | None:
        check = getattr(self, f"check_{call.kind}", None)
        return check(call) if check else None

    def succeeds(self, call: Call, cause: int) -> None:
        """A request that is in progress ends well."""
        if self._states[call.number] == ASKED:
            self._becomes(call, SUCCEEDED, cause)

    def succeeded(self, call: Call, cause: int, at: float) -> None:
        """A request that was in progress ended well `at` a time that is known only later."""
        self.context.record(at, call.subject, ASKED, SUCCEEDED, cause)
        self._states[call.number] = SUCCEEDED

    def fails(self, call: Call, rule: str, cause: int) -> None:
        """A request that is in progress fails by a rule."""
        if self._states[call.number] % OPERATION.width == ASKED:
            self._becomes(call, self._state(FAILED, rule), cause)

    def _state(self, status: int, rule: str) -> int:
        """The state of an operation that has a status because of a rule."""
        return status + OPERATION.width * (1 + self._rules.index(rule))

    def _becomes(self, call: Call, state: int, cause: int) -> None:
        old = self._states.get(call.number, 0)
        self.context.record(self.context.now, call.subject, old, state, cause)
        self._states[call.number] = state
