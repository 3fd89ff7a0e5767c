"""A system run in advance: the mean case, of which `explain` and the warnings read the log.

So what they say is what the model does, and no rule of a service is told a second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.systems.base.operation import Operation


MEAN = "every time at its mean, nothing happens whose chance is below 100 %"


def _itself(spec: Any) -> Any:
    return spec


def _nothing(_: str) -> bool:
    return False


class DryRunRules(NamedTuple):
    """How the systems of one kind are run in advance."""

    spec: Callable[[Any], Any] = _itself
    """What is run instead of a spec, at a bearable cost."""
    brief: Callable[[Any], Any] = _itself
    """The same where it matters only what the service answers to requests."""
    is_spread: Callable[[str], bool] = _nothing
    """Paths of draws that keep their laws, spread evenly over the members; the rest is its mean. In
    `brief` form nothing is spread."""
    is_sample: bool = False
    """Whether it is members that are spread: then averages over them are told and nothing else."""
    case: str = MEAN
    """What is run, in words."""
    brief_case: str = MEAN
    """The same of what is run in `brief` form."""


AS_IT_IS = DryRunRules()
"""All members, each time at its mean."""


class Trial(NamedTuple):
    """What a file has against harm, tried in the mean case of that harm: a run in advance tells
    whether it acts.
    """

    path: tuple[str | int, ...]
    """Where it stands in the file."""
    spec: Any
    """The system with the harm."""
    operation: Operation
    """All that is asked of it."""
    is_spread: Callable[[str], bool]
    """Paths of draws that keep their laws."""
    acts: str
    """Name of the operation that is sent where it acts."""
    otherwise: str
    """What is said where it does not."""
