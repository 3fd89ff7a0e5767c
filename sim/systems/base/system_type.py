"""The registration record of a modelled system: all that the rest of the house asks of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from sim.core.metrics import NO_ROLLBACKS
from sim.systems.base.cost import of_rollouts
from sim.systems.base.dry_run import AS_IT_IS, DryRunRules, Trial
from sim.systems.base.series import Series
from sim.systems.base.spec import System

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.core.metrics import Measured, Metric, MetricFamily
    from sim.core.stack import Stack
    from sim.core.timelines import Steps
    from sim.systems.base.assumptions import Assumption, Path
    from sim.systems.base.cost import Part
    from sim.systems.base.model import Model
    from sim.systems.base.operation import Operation, Request, Span
    from sim.systems.base.records import Rejection
    from sim.systems.base.spec import Headcount, Issue

SampledSeries = Literal["capacity", "up_to_date"]
"""A series, of shares, of which there are pictures."""


S = TypeVar("S", bound=System)
V = TypeVar("V")


MOST_HEADLINES = 6
"""So many metrics of a system fit beside each other on a screen."""


def _none(*_: Any) -> Any:
    """Most systems have nothing to say."""
    return ()


def _nothing(_: object) -> Mapping[str, float]:
    """What happens in every replication or in none."""
    return {}


def _unknown(*_: Any) -> None:
    """What a system need not know."""


def _as_written(_: Any, written: Any) -> Any:
    """What needs no defaults that depend on other fields."""
    return written


def _unmoved(path: Path) -> Path:
    """Most values stay where they are written."""
    return path


def _no_variants(_: object, __: object) -> Mapping[str, Mapping[str, object]]:
    """Operations that offer no choice."""
    return {}


def _no_more(_: Any, __: Stack, name: str) -> Measured:
    """What most systems measure beside the metrics that they list."""
    raise KeyError(name)


@dataclass(frozen=True)
class SystemType(Generic[S]):
    """One modelled system. Hooks get a system's name, its spec and the operations asked of it.

    The first six are what a system must give.
    """

    kind: str
    spec: type[S]
    operations: Mapping[str, type[Request]]
    """Operation key -> its body. No two kinds share a key."""
    model: Callable[[str, S, Sequence[Operation], int, Span], Model]
    """The system in a scenario: its name, spec and operations, its first subject, the time."""
    horizon: float
    """Seconds that a scenario lasts where the file does not say."""
    starter: str
    """A minimal scenario (YAML), its question in the first line."""

    metrics: Mapping[str, Metric] = field(default_factory=lambda: NO_ROLLBACKS)
    """It may know more names than it lists: those are measured where a scenario names them."""
    metric_family: MetricFamily | None = None
    """What these are called."""
    group_metrics: Collection[str] = ()
    """Those of the metrics that groups have too."""
    groups: Callable[[S, Sequence[Operation]], Sequence[str]] = _none
    """The groups of members that series and metrics are also given for."""
    headcount: Callable[[S, Sequence[Operation], str], Headcount | None] = _unknown
    """Of a group, or of the whole system where that is empty. Nothing is resolved yet."""
    references: Callable[[str, S, Sequence[Operation]], Iterable[Issue]] = _none
    """Names that refer to nothing and keys that exclude or need each other, in a file whose keys
    and values are right. Nothing is resolved yet."""
    resolve: Callable[[str, S], S] = _as_written
    """Fills the defaults that depend on other fields."""
    resolve_bodies: Callable[[S, Sequence[Request]], Sequence[Request]] = _as_written
    """The same for the bodies of its operations, in their order. The spec is resolved."""
    active_assumptions: Callable[[S, Sequence[Operation]], Sequence[Assumption]] = _none
    """The assumptions in force, with the places of their numbers. The spec is as written."""
    resolved_place: Callable[[Path], Path] = _unmoved
    """Where a value of the file stands once defaults are filled in, by its path below the
    system."""
    warnings: Callable[[str, S, Sequence[Operation], Span], Sequence[Issue]] = _none
    """What is legal and yet hardly meant. All is resolved."""
    default_variants: Callable[
        [Sequence[Operation], Mapping[str, System]], Mapping[str, Mapping[str, object]]
    ] = _no_variants
    """Variant -> path -> value: the service's own choices, for a comparison of a file without
    variants, from what is asked and the systems by name. Empty where nothing offers a choice."""
    parts: Callable[[Any], Sequence[Part]] = of_rollouts
    """Of a model: what makes the rows and events of a replication, and how many it is expected to
    make."""
    limits: Callable[[str, S, Span], Iterable[Issue]] = _none
    """What there would be more of within the time than a model has room for. All is resolved."""
    chances: Callable[[S], Mapping[str, float]] = _nothing
    """Of what hits a replication as a whole or not at all: ``bad build 42``, as `incidents` has it
    from the log."""
    population: Callable[[Any, Stack], Sequence[Steps]] = _none
    """Of a model's stack: series whose sum becomes steady, such as the tasks that are there, where
    a stream of work that is always the same makes that a question."""
    main_series: SampledSeries = "capacity"
    """The series that says most over time: it is drawn beneath an answer."""
    progress: Callable[[Any, Log], Sequence[Mapping[str, Any]]] = _none
    """Of a model's run: how far a rollout had come, one row a day."""
    gives_way: str = ""
    """The headline that results go without where there are more than `MOST_HEADLINES`."""
    progress_text: Callable[[Any, Log], Sequence[str]] = _none
    """Of a model's run: how far a rollout came and what holds the rest, in sentences."""
    changes_text: Callable[[Any, Log], Sequence[str]] = _none
    """Of a model's run: what changed beside, for who asks why, in sentences."""
    trials: Callable[[S, Sequence[Operation]], Iterable[Trial]] = _none
    """What its operations have against harm, to be tried in advance. All is resolved."""
    dry_run_rules: DryRunRules = AS_IT_IS
    """How its systems are run in advance."""
    measure_more: Callable[[Any, Stack, str], Measured] = _no_more
    """Of a model's stack: a metric that is not listed, by (group, name)."""
    rejections: Mapping[str, Sequence[Rejection]] = field(default_factory=dict)
    """Operation key -> how the service may refuse it, or it may fail once accepted."""
    series: type[Series] = Series
    """Whose methods are the series of a run, and their docstrings what these mean."""

    def measure(
        self, model: Model, stack: Stack, warm_up: float, named: Iterable[str]
    ) -> tuple[Measured, NDArray[np.bool_]]:
        """What a model measures, and what a scenario names of the metrics that are not listed."""
        values, ended = model.measure(stack, warm_up)
        for name in sorted(set(named).difference(self.metrics)):
            if name in self.metrics:  # which knows more than it lists
                values |= self.measure_more(model, stack, name)
        return values, ended
