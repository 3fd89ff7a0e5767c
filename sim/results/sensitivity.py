"""What `assumptions` returns: a table, conclusions that change, pictures, files."""

from __future__ import annotations

import math
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sim import files
from sim.core.errors import ScenarioError
from sim.experiments.objectives import metric_of
from sim.experiments.running.failures import FailedChange
from sim.experiments.statistics.intervals import quantile
from sim.experiments.statistics.latin_hypercube import POINTS
from sim.experiments.studies.assumptions import (
    DOUBLE,
    HALF,
    MOST_RUNS_TOGETHER,
    guesses_with_numbers,
    headlines,
    sensitivity,
)
from sim.experiments.studies.standing import shortcomings
from sim.forecast.estimate import estimate
from sim.report.rendering import render
from sim.results import tables
from sim.results.cost import afford
from sim.results.given import BASELINE, given_scenario
from sim.results.kept.kept_parts import executing
from sim.results.pages import page_parts
from sim.results.pages.assumptions_page import assumptions_page
from sim.results.pages.notebook_page import main_figure, page_output
from sim.results.provenance import RESOLVED, failed_of, lost_of, made
from sim.results.saved_figures import as_files, chosen
from sim.results.tables import NUMBER, TEXT, WHOLE
from sim.scenario.factors import Factors
from sim.scenario.guesses import short_names
from sim.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor
    from os import PathLike
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from sim.core.metrics import Key
    from sim.experiments.studies.assumptions import Effect, Sensitivity
    from sim.files.partial_folder import PartialFolder
    from sim.plots.parts.style import Picture
    from sim.report.content import Page, Section
    from sim.results.pictures.assumption_pictures import AssumptionPictures
    from sim.scenario import Scenario
    from sim.scenario.guesses import Guess

ASSUMPTIONS = tables.schema(
    number=WHOLE,
    assumption=TEXT,
    path=TEXT,
    origin=TEXT,
    factor=NUMBER,
    changed_to=TEXT,
    variant=TEXT,
    system=TEXT,
    metric=TEXT,
    unit=TEXT,
    mean=NUMBER,
    baseline_mean=NUMBER,
    difference=NUMBER,
    ci_low=NUMBER,
    ci_high=NUMBER,
    level=NUMBER,
    better=TEXT,
    n=WHOLE,
    missing=WHOLE,
    weight=NUMBER,
    rank_correlation=NUMBER,
    partial_rank_correlation=NUMBER,
    note=TEXT,
)
FLIPS = tables.schema(
    number=WHOLE,
    assumption=TEXT,
    factor=NUMBER,
    variant=TEXT,
    what=TEXT,
    before=TEXT,
    after=TEXT,
)
_OF_A_ROW = (
    "system", "metric", "unit", "mean", "baseline_mean", "difference", "ci_low", "ci_high",
    "level", "better", "n", "missing",
)  # fmt: skip


def assumptions(
    scenario: Scenario | str | PathLike[str],
    of: Sequence[str] | None = None,
    *,
    replications: int | None = None,
    seed: int | None = None,
    progress: bool = False,
    force: bool = False,
    workers: int | None = None,
    executor: Executor | str | None = None,
    partial: PartialFolder | str | PathLike[str] | None = None,
) -> Assumptions:
    """Which assumption decides: each number that is assumed is halved and doubled by itself.

    That is each default in force that Azure does not publish and each value marked by
    ``assumed: true``. Of a file with variants, in each of them. All is run with common random
    numbers. A Latin hypercube of 64 points then moves all of them at once.

    Parameters
    ----------
    scenario
        A scenario, or the path of its file.
    of
        The paths of values to halve and double, instead of what is assumed.
    replications, seed, progress, force, workers, executor, partial
        As for `run`.

    Raises
    ------
    ScenarioError
        If the file is wrong or asks for too much, `of` names no value, or no number is assumed.
    ModelError
        If every replication of every variant fails. A variant, or a change, of which all do is left
        out and stands in `failed_replications`.
    """
    if isinstance(of, str):
        raise ScenarioError.of(f"of must be a list of paths, got {of!r}")
    scenario = given_scenario(scenario, replications=replications, seed=seed)
    names = scenario.variant_names
    variants = {name: scenario.variant(name) for name in names} or {
        scenario.variant_name or BASELINE: scenario
    }
    known = {name: Factors(each) for name, each in variants.items()}
    guesses = sum(bool(each.paths) for each in guesses_with_numbers(known, of))
    runs = (1 + 2 * guesses) * scenario.replications
    if guesses > 1:
        runs += POINTS * min(scenario.replications, MOST_RUNS_TOGETHER)
    afford([estimate(Simulation(each), runs) for each in variants.values()], force=force)
    with executing(
        scenario, executor=executor, workers=workers, partial=partial, progress=progress
    ) as execution:
        return Assumptions(sensitivity(scenario, variants, of, execution=execution))


class Assumptions:
    """What each guess, halved and doubled, makes of the headline metrics."""

    def __init__(self, found: Sensitivity) -> None:
        self.found = found
        self._correlations = found.correlations()

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.found.scenario.name

    @property
    def table(self) -> pd.DataFrame:
        """One row a guess, factor, variant and headline metric: the paired difference with its
        interval. A guess that cannot change has one without a metric, whose note says why.
        """
        return tables.frame(tables.from_rows(ASSUMPTIONS, self.rows()))

    @property
    def flips(self) -> pd.DataFrame:
        """One row for each conclusion that changes: a verdict, what is best, how runs end."""
        return tables.frame(tables.from_rows(FLIPS, self.flip_rows()))

    @property
    def latin_hypercube(self) -> pd.DataFrame:
        """One row a point, variant and metric: the factors of all guesses and the mean."""
        return tables.frame(self._points())

    @property
    def plot(self) -> AssumptionPictures:
        """The picture: tornado."""
        from sim.results.pictures import assumption_pictures  # noqa: PLC0415  (see there)

        return assumption_pictures.AssumptionPictures(
            self.about(), self._read(ASSUMPTIONS, self.rows())
        )

    @property
    def failed_replications(self) -> list[FailedChange]:
        """Those that a fault of the program ended, of the scenario as it is and of its points;
        first those of which nothing is known, as all others failed too.
        """
        lost = [
            FailedChange(
                **vars(lost_of(one.variant, error, one.changed)),
                change=one.label,
                nothing_known=True,
            )
            for one, error in self.found.lost
        ]
        return lost + [
            FailedChange(**vars(each), change=one.label)
            for one, made in self.found.failing
            for each in failed_of(made, one.changed)
        ]

    def rows(self) -> list[dict[str, Any]]:
        """The table as plain values."""
        told = [*map(self._row, self.found.effects)]
        for number, guess in enumerate(self.found.guesses, 1):
            if not guess.paths:
                empty = dict.fromkeys(ASSUMPTIONS.names)
                told.append({**empty, **self._head(number, guess), "note": guess.no_number})
        return sorted(told, key=lambda row: row["number"])

    def flip_rows(self) -> list[dict[str, Any]]:
        """The changed conclusions as plain values."""
        return [asdict(each) for each in self.found.flips]

    def weights(self) -> dict[int, float]:
        """By the number of each guess that has one: the largest of its changes of a headline, as a
        share of the larger value; above 1 where it turns something over.
        """
        found = {each.number: 0.0 for each in self.found.effects}
        for each in self.found.effects:
            found[each.number] = max(found[each.number], each.weight)
        for flip in self.found.flips:
            found[flip.number] += 1.0
        return found

    def correlation(self, number: int, variant: str, key: Key) -> tuple[float, float]:
        """Spearman's rank correlation of a guess with a mean, and the partial one; or nan."""
        return self._correlations.get((number, variant, key), (math.nan, math.nan))

    def save(
        self,
        path: str | PathLike[str] | None = None,
        *,
        overwrite: bool = False,
        figures: str = "main",
        answer: str = "",
        command: str = "",
    ) -> Path:
        """Write a folder: assumptions.csv, assumptions_flips.csv, assumptions_lhs.csv, pictures,
        report.html and provenance.json; by default a new one, ``results/NAME-assumptions``. Gives
        its path. Parameters are those of `Results.save`.

        Raises
        ------
        ScenarioError
            If the folder cannot be written there. What is there stays.
        """
        drawn = chosen(self, figures)
        about = {**made(command or "from Python"), "assumptions": self.about()}
        parts = self._parts(drawn, answer, about)
        name = f"{self.name}-assumptions"
        return files.write_results(path, name, parts, about, overwrite=overwrite)

    def about(self) -> dict[str, Any]:
        """What the tables rest on."""
        scenario = self.found.scenario
        contents = scenario.written.contents
        return {
            "name": scenario.name,
            "question": scenario.question,
            "seed": scenario.seed,
            "replications": scenario.replications,
            "kinds": {name: each.kind for name, each in scenario.systems.items()},
            "variants": [one.variant for one in self.found.variants],
            "factors": [HALF, DOUBLE],
            "guesses": self._guesses(),
            "headlines": [*self._headlines()],
            "as_it_is": self.as_it_is(),
            "latin_hypercube": {
                "points": len({each.point for each in self.found.points}),
                "refused": self.found.refused,
                "failed": self.found.unknown,
                "replications": self._runs_together,
            },
            "inputs": {
                file: sha256(content).hexdigest() for file, content in sorted(contents.items())
            },
            "failed_replications": [asdict(each) for each in self.failed_replications],
        }

    def as_it_is(self) -> list[str]:
        """What went wrong, and which objectives are not met, with nothing changed: a sentence each
        variant of which there is anything to say.
        """
        several = len(self.found.variants) > 1
        told = ((one.variant, shortcomings(one)) for one in self.found.variants)
        return [f"{name}: {said}" if several else said for name, said in told if said]

    def _guesses(self) -> list[dict[str, Any]]:
        names = short_names(self.found.guesses)
        return [
            {
                "number": number,
                "assumption": each.text,
                "name": name,
                "moved": number in self.found.moved,
            }
            for number, (each, name) in enumerate(zip(self.found.guesses, names, strict=True), 1)
        ]

    def _headlines(self) -> Iterator[dict[str, Any]]:
        """The headline metrics of each variant, with the mean and the median as the scenario is."""
        for one in self.found.variants:
            for key in headlines(one):
                metric = metric_of(one.scenario, key.system, key.metric)
                values = one.measured.values[key]  # noqa: PD011  (a mapping)
                mean, median = float(values.mean()), quantile(values, 0.5)
                yield {
                    "variant": one.variant,
                    "system": key.system,
                    "metric": key.metric,
                    "title": metric.title,
                    "unit": metric.unit,
                    "mean": None if math.isnan(mean) else mean,
                    "median": median if math.isfinite(median) else None,
                    "replications": len(one.measured.numbers),
                }

    @property
    def _runs_together(self) -> int:
        """Replications of each point; one where nothing is random."""
        runs = [len(one.measured.numbers) for one in self.found.variants]
        return min(max(runs), MOST_RUNS_TOGETHER)

    def _parts(
        self, drawn: Iterable[tuple[str, Picture]], answer: str, about: dict[str, Any]
    ) -> Iterator[tuple[str, files.Content]]:
        if answer:
            yield files.ANSWER, answer
        yield RESOLVED, self.found.scenario.to_yaml()
        yield "assumptions.csv", tables.from_rows(ASSUMPTIONS, self.rows())
        yield "assumptions_flips.csv", tables.from_rows(FLIPS, self.flip_rows())
        if self.found.points:
            yield "assumptions_lhs.csv", self._points()
        shown = list(drawn)
        yield from as_files(shown)
        yield files.REPORT, render(self._page(page_parts.figures(shown), about))

    def _page(self, shown: Section, about: Mapping[str, Any]) -> Page:
        """The content of the report."""
        rows = self._read(ASSUMPTIONS, self.rows())
        flips = self._read(FLIPS, self.flip_rows())
        scenario = self.found.scenario.to_yaml()
        return assumptions_page(self.about(), rows, flips, shown, scenario, about)

    @staticmethod
    def _read(schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Rows as they are read from a folder."""
        return tables.to_rows(tables.from_rows(schema, rows))

    def _row(self, effect: Effect) -> dict[str, Any]:
        guess = self.found.guesses[effect.number - 1]
        head = {**dict.fromkeys(ASSUMPTIONS.names), **self._head(effect.number, guess)}
        head |= {"factor": effect.factor, "changed_to": effect.changed_to}
        head |= {"variant": effect.variant, "note": effect.note}
        if effect.row is None or effect.key is None:
            return head
        told: dict[str, Any] = {name: getattr(effect.row, name) for name in _OF_A_ROW}
        told["weight"] = effect.weight
        correlation = self.correlation(effect.number, effect.variant, effect.key)
        names = ("rank_correlation", "partial_rank_correlation")
        return head | told | dict(zip(names, correlation, strict=True))

    def _head(self, number: int, guess: Guess) -> dict[str, Any]:
        return {
            "number": number,
            "assumption": guess.text,
            "path": ", ".join(guess.places),
            "origin": guess.origin,
        }

    def _points(self) -> pa.Table:
        columns = {"variant": TEXT, "point": WHOLE, "system": TEXT, "metric": TEXT, "mean": NUMBER}
        columns |= {f"factor_{number}": NUMBER for number in self.found.moved}
        rows = [
            {"variant": each.variant, "point": each.point, "system": key.system}
            | {"metric": key.metric, "mean": mean}
            | {
                f"factor_{number}": float(factor)
                for number, factor in zip(self.found.moved, each.factors, strict=True)
            }
            for each in self.found.points
            for key, mean in each.means.items()
        ]
        return tables.from_rows(tables.schema(**columns), rows)

    def __repr__(self) -> str:
        moved = sum(bool(guess.paths) for guess in self.found.guesses)
        return f"<Assumptions of {self.name}: {moved} with a number, {len(self.found.flips)} flips>"

    def _repr_html_(self) -> str:
        return page_output(self._page(main_figure(self.plot.figures()), made("in a notebook")))
