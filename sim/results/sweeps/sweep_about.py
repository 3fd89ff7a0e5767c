"""What a sweep is about, as far as no table says it, and its result in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: TC003  (checked when read)
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Self

from pydantic import TypeAdapter

from sim.core.wall_clock import start_of
from sim.experiments.objectives import bound_of
from sim.experiments.studies.sweep_conclusion import SweepConclusion  # noqa: TC001  (checked when read)
from sim.experiments.studies.sweeps import FailedAt, Happening  # noqa: TC001  (checked when read)
from sim.experiments.studies.unseen import Unseen  # noqa: TC001  (checked when read)
from sim.results.provenance import made

if TYPE_CHECKING:
    import datetime as dt

    from sim.experiments.studies.sweeps import Swept
    from sim.scenario import Scenario
    from sim.scenario.sweeps import Sweep

SWEEP = "sweep"
"""The key of a provenance under which a sweep stands, and the name of its table."""


@dataclass(frozen=True)
class AxisAbout:
    """An axis: its path and its values."""

    name: str
    path: str
    unit: str
    """Of its numbers: s, share (of 1) or empty."""
    texts: Sequence[str]
    """Its values as written; in a grid each once, otherwise one a point, empty where there is none.
    """
    numbers: Sequence[float | None]
    """The same in SI units; empty where they are no numbers of one unit."""


@dataclass(frozen=True)
class SweepAbout:
    """What a sweep is about. Times in seconds."""

    name: str
    question: str
    start: str
    """Date and time of day at which the scenario begins, ISO 8601, or empty."""
    time_zone: str
    warm_up_s: float
    horizon_s: float
    axes: Sequence[AxisAbout]
    is_grid: bool
    """Whether the points are all combinations; the last axis changes first."""
    points: int
    variants: Sequence[str]
    seed: int
    replications: int
    """Of each point and variant."""
    random: bool
    headlines: Mapping[str, Sequence[str]]
    """By system the metrics that say most."""
    kinds: Mapping[str, str]
    """By system what it is."""
    prefer: Sequence[str]
    mean_bounds: Mapping[str, Mapping[str, float]]
    """By system and metric what objectives on the whole of it ask of the mean over runs."""
    conclusion: SweepConclusion
    happenings: Sequence[Happening]
    unseen: Sequence[Unseen]
    failed_replications: Sequence[FailedAt]
    assumptions: Sequence[str]
    inputs: Mapping[str, str]
    """The scenario and the files that it names -> SHA-256 of their content."""
    wall_time_s: float

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        sweep: Sweep,
        swept: Swept,
        conclusion: SweepConclusion,
        variants: Sequence[str],
        wall_time: float,
    ) -> Self:
        """What a sweep of a scenario is about that was just run."""
        return cls(
            name=scenario.name,
            question=scenario.question,
            start=scenario.start.isoformat() if scenario.start else "",
            time_zone=scenario.time_zone,
            warm_up_s=scenario.warm_up,
            horizon_s=scenario.horizon,
            axes=[
                AxisAbout(
                    axis.name,
                    axis.path,
                    axis.unit,
                    axis.texts,
                    [None if number != number else number for number in axis.numbers],  # noqa: PLR0124
                )
                for axis in sweep.axes
            ],
            is_grid=sweep.is_grid,
            points=sweep.size,
            variants=variants,
            seed=scenario.seed,
            replications=scenario.replications if swept.random else 1,
            random=swept.random,
            headlines=swept.headlines,
            kinds=swept.kinds,
            prefer=scenario.prefer,
            mean_bounds=_mean_bounds(scenario, swept),
            conclusion=conclusion,
            happenings=swept.happenings,
            unseen=swept.unseen,
            failed_replications=swept.failed,
            assumptions=scenario.assumptions,
            inputs={
                file: sha256(content).hexdigest()
                for file, content in sorted(scenario.written.contents.items())
            },
            wall_time_s=wall_time,
        )

    @classmethod
    def read(cls, provenance: Mapping[str, Any]) -> Self:
        """As it was written into a provenance. ValueError for anything else."""
        return TypeAdapter(cls).validate_python(provenance.get(SWEEP))

    def provenance(self, command: str) -> dict[str, Any]:
        """The content of provenance.json."""
        return {**made(command), SWEEP: asdict(self)}

    @property
    def start_time(self) -> dt.datetime | None:
        """The start as a datetime."""
        return start_of(self.start, self.time_zone)

    def places(self, point: int) -> tuple[int, ...]:
        """Where a point stands on each axis."""
        if not self.is_grid:
            return (point,) * len(self.axes)
        found = []
        for axis in reversed(self.axes):
            point, place = divmod(point, len(axis.texts))
            found.append(place)
        return tuple(reversed(found))

    def texts(self, point: int) -> list[str]:
        """The values of a point as written, one an axis."""
        places = self.places(point)
        return [axis.texts[place] for axis, place in zip(self.axes, places, strict=True)]

    def label(self, point: int) -> str:
        """``bake 10min, domains 5``."""
        named = zip(self.axes, self.texts(point), strict=True)
        return ", ".join(f"{axis.name} {text}" for axis, text in named if text)


def _mean_bounds(scenario: Scenario, swept: Swept) -> dict[str, dict[str, float]]:
    """Those of the file itself. Where nothing is random the one run is its mean."""
    found: dict[str, dict[str, float]] = {}
    for each in scenario.objectives:
        if not each.group and (each.of == "mean" or not swept.random):
            found.setdefault(each.system, {})[each.metric] = bound_of(each)[0]
    return found
