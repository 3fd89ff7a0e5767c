"""Where results come from: what was run, with which inputs and libraries, by which command."""

from __future__ import annotations

import datetime as dt
import platform
import shlex
from collections.abc import Mapping, Sequence  # noqa: TC003  (checked when read)
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import TypeAdapter

from sim.core.version import __version__
from sim.core.wall_clock import start_of
from sim.experiments.comparison import references
from sim.experiments.conclusion import Conclusion, conclude
from sim.experiments.objectives import bound_of, metric_of
from sim.experiments.outcomes import Outcome, outcomes
from sim.experiments.precision import Precision  # noqa: TC001  (checked when read)
from sim.experiments.running.failures import FailedReplication, options_of
from sim.experiments.warm_up import WarmUp, warm_ups
from sim.files import MAKER, library_version
from sim.systems import SYSTEM_TYPES
from sim.systems.base.system_type import MOST_HEADLINES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.core.errors import ModelError
    from sim.experiments.objectives import Experiment
    from sim.scenario import Scenario

LIBRARIES = (
    "simpy",
    "numpy",
    "scipy",
    "pandas",
    "matplotlib",
    "pyarrow",
    "pydantic",
    "PyYAML",
)
"""What results may depend on."""

RESOLVED = "scenario.resolved.yaml"
"""The resolved scenario in a result folder: of a comparison, the file without its variants."""


@dataclass(frozen=True)
class Variant:
    """One variant, as its results tell of it."""

    name: str
    file: str
    """Its resolved scenario, in the result folder."""
    seed: int
    replications: int
    first: int
    """The replication that is kept with all its steps."""
    random: bool
    """Whether anything was drawn."""
    reference: bool
    """Without a rollout among variants that have one: shown, never ranked."""
    meets_all: bool
    """Whether every objective is met."""
    bounds: Mapping[str, Mapping[str, float]]
    """By system and metric what objectives on the whole of it ask of runs, at most or at least."""
    modes: Mapping[str, str]
    """By operation (``operations.0``) its mode, of those that have one."""
    mean_bounds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """As `bounds`, of the mean over runs."""

    @property
    def is_spread(self) -> bool:
        """Whether its replications differ."""
        return self.random and self.replications > 1


@dataclass(frozen=True)
class About:
    """What results are about, as far as no table tells it. Times in seconds."""

    name: str
    question: str
    start: str
    """Date and time of day at which the scenario begins, ISO 8601, or empty."""
    warm_up_s: float
    horizon_s: float
    compared: bool
    """Whether variants were compared."""
    conclusion: Conclusion | None
    """Which variant is best and why; None where none were compared."""
    outcomes: Sequence[Outcome]
    """What failed, got stuck, was cancelled, refused or rolled back in any replication."""
    headlines: Mapping[str, Sequence[str]]
    """By system the metrics that say most."""
    kinds: Mapping[str, str]
    """By system what it is."""
    variants: Sequence[Variant]
    assumptions: Sequence[str]
    inputs: Mapping[str, str]
    """The scenario and the files that it names -> SHA-256 of their content."""
    wall_time_s: float
    time_zone: str = ""
    """Whose clock all times of day follow, or empty."""
    precision: Precision | None = None
    """Why there are so many replications; None where their number was given."""
    failed_replications: Sequence[FailedReplication] = ()
    """The replications that failed by a fault of the program, by variant; all else leaves them out.
    """
    warm_ups: Sequence[WarmUp] = ()
    """Of pools with a stream of work, where no rollout is asked for: whether `warm_up` suffices."""

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        made: Sequence[Experiment],
        *,
        compared: bool,
        wall_time: float,
        precision: Precision | None = None,
        lost: Mapping[str, ModelError] = MappingProxyType({}),
    ) -> Self:
        """What experiments with a scenario, or with variants of it, are about.

        `lost` are the variants of which every replication failed, with the first fault of each.
        """
        without = references(made)
        kinds = {name: spec.kind for one in made for name, spec in one.scenario.systems.items()}
        return cls(
            name=scenario.name,
            question=scenario.question,
            start=scenario.start.isoformat() if scenario.start else "",
            warm_up_s=scenario.warm_up,
            horizon_s=scenario.horizon,
            compared=compared,
            conclusion=conclude(made) if compared else None,
            outcomes=tuple(each for one in made for each in outcomes(one)),
            headlines={name: _headlines(made, name, kind) for name, kind in kinds.items()},
            kinds=kinds,
            variants=tuple(
                _variant(one, place, compared=compared, reference=one.variant in without)
                for place, one in enumerate(made)
            ),
            assumptions=scenario.assumptions,
            inputs={
                file: sha256(content).hexdigest()
                for file, content in sorted(scenario.written.contents.items())
            },
            wall_time_s=wall_time,
            time_zone=scenario.time_zone,
            precision=precision,
            failed_replications=(
                *(lost_of(name, error) for name, error in lost.items()),
                *(each for one in made for each in failed_of(one)),
            ),
            warm_ups=tuple(warm_ups(made)),
        )

    @classmethod
    def read(cls, provenance: Mapping[str, Any]) -> Self:
        """As it was written into a provenance. ValueError for anything else."""
        return TypeAdapter(cls).validate_python(provenance.get("results"))

    @property
    def start_time(self) -> dt.datetime | None:
        """The start as a datetime."""
        return start_of(self.start, self.time_zone)

    @property
    def objectives_met(self) -> bool:
        """Whether every objective is met; in a comparison, by any variant that is no reference."""
        return any(one.meets_all for one in self.variants if not one.reference)

    @property
    def lost(self) -> list[FailedReplication]:
        """The variants of which every replication failed, by their first one."""
        known = {one.name for one in self.variants}
        return [each for each in self.failed_replications if each.variant not in known]

    def failed(self, variant: str) -> list[FailedReplication]:
        """Those of one variant."""
        return [each for each in self.failed_replications if each.variant == variant]

    def numbers(self, one: Variant) -> list[int]:
        """Which replications a variant's results are of."""
        failed = {each.replication for each in self.failed(one.name)}
        numbers = range(one.first, one.first + one.replications + len(failed))
        return [number for number in numbers if number not in failed][: one.replications]

    def provenance(self, command: str) -> dict[str, Any]:
        """The content of provenance.json."""
        return {**made(command), "results": asdict(self)}


def made(command: str) -> dict[str, Any]:
    """What a provenance says of how any results were made."""
    versions = {library: library_version(library) for library in LIBRARIES}
    return {
        "made_by": f"{MAKER} {__version__}",
        "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "command": command,
        "versions": {"python": platform.python_version(), **versions},
    }


def _headlines(made: Sequence[Experiment], system: str, kind: str) -> tuple[str, ...]:
    """The headlines of any variant, in the order of the one with the most of them."""
    models = [one.simulation.models.get(system) for one in made]
    wanted = sorted((model.headlines for model in models if model), key=len, reverse=True)
    every = tuple(dict.fromkeys(name for names in wanted for name in names))
    if len(every) <= MOST_HEADLINES:
        return every
    return tuple(name for name in every if name != SYSTEM_TYPES[kind].gives_way)


def _variant(one: Experiment, place: int, *, compared: bool, reference: bool) -> Variant:
    measured = one.measured
    return Variant(
        name=one.variant,
        file=f"variants/{place}.resolved.yaml" if compared else RESOLVED,
        seed=one.scenario.seed,
        replications=len(measured.numbers),
        first=measured.first.replication,
        random=measured.random,
        reference=reference,
        meets_all=one.meets_all,
        bounds=bounds(one.scenario),
        modes=modes(one.scenario),
        mean_bounds=bounds(one.scenario, "mean"),
    )


def lost_of(variant: str, error: ModelError, changed: Sequence[str] = ()) -> FailedReplication:
    """The first replication of a variant of which every one failed; `changed` as for others."""
    again = options_of(error.replication, error.seed, error.variant) + _set(changed)
    return FailedReplication(variant, error.replication, error.seed, error.time, error.rule, again)


def failed_of(one: Experiment, changed: Sequence[str] = ()) -> Iterator[FailedReplication]:
    """The replications of a variant that failed; `changed` are its values, each PATH=VALUE."""
    seed, name = one.scenario.seed, one.scenario.variant_name
    for each in one.measured.failures:
        again = options_of(each.replication, seed, name) + _set(changed)
        yield FailedReplication(
            one.variant, each.replication, seed, each.time_s, each.message, again
        )


def _set(changed: Sequence[str]) -> str:
    return "".join(f" --set {shlex.quote(each)}" for each in changed)


def bounds(scenario: Scenario, of: Literal["runs", "mean"] = "runs") -> dict[str, dict[str, float]]:
    """By system and metric the tightest bound that objectives on the whole of it set in the
    metric's better direction, on a share of the runs or on the mean over all of them.
    """
    found: dict[str, dict[str, float]] = {}
    for objective in scenario.objectives:
        bound, at_least = bound_of(objective)
        better = metric_of(scenario, objective.system, objective.metric).better
        if objective.of != of or objective.group or at_least is not (better == "higher"):
            continue
        own = found.setdefault(objective.system, {})
        tightest = max if at_least else min
        own[objective.metric] = tightest(bound, own.get(objective.metric, bound))
    return found


def modes(scenario: Scenario) -> dict[str, str]:
    """By operation (``operations.0``) its mode, of those that have one."""
    asked = {f"operations.{each.index}": each.body for each in scenario.operations}
    return {path: body.mode for path, body in asked.items() if hasattr(body, "mode")}
