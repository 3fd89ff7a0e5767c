"""The smallest or the largest value of a path that meets the objectives, and what finds it."""

from __future__ import annotations

import warnings
from dataclasses import asdict, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sim import files
from sim.core.errors import LongRunWarning, ModelError, ScenarioError
from sim.experiments.objectives import bound_of, how_to_ask
from sim.experiments.precision_asked import MOST, most_of
from sim.experiments.studies.candidates import candidates
from sim.experiments.studies.search import WHERE, at_value, looks_of, search, without_path
from sim.forecast.estimate import estimate, warning
from sim.report.rendering import render
from sim.results import tables
from sim.results.cost import bear
from sim.results.find_about import NO_ANSWER, NOT_SEARCHED, AboutFind
from sim.results.given import BASELINE, given_scenario
from sim.results.kept.kept_parts import executing
from sim.results.pages import page_parts
from sim.results.pages.find_page import find_page
from sim.results.pages.notebook_page import main_figure, page_output
from sim.results.provenance import RESOLVED, made
from sim.results.saved_figures import FIGURES, as_files
from sim.systems.base.spec import look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor
    from os import PathLike
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from sim.experiments.running.failures import FailedReplication
    from sim.experiments.studies.candidates import Candidates
    from sim.experiments.studies.search import Found, Trial
    from sim.experiments.studies.search_sentence import Answer
    from sim.files.partial_folder import PartialFolder
    from sim.forecast.estimate import Estimate
    from sim.plots.parts.style import Picture
    from sim.scenario import Scenario
    from sim.simulation import Simulation

FILE = "find.csv"
"""The table of the values that were tried."""

_MOVES_NOTHING = ("seed", "replications")
"""Of them nothing depends that an objective asks for."""


def find(
    scenario: Scenario | str | PathLike[str],
    path: str,
    low: object,
    high: object,
    *,
    largest: bool = False,
    tolerance: object = None,
    variant: str = "",
    seed: int | None = None,
    max_replications: int | None = None,
    progress: bool = False,
    force: bool = False,
    workers: int | None = None,
    executor: Executor | str | None = None,
    partial: PartialFolder | str | PathLike[str] | None = None,
) -> FindResults:
    """The smallest value of a path, from `low` to `high`, for which all objectives are met.

    Of a variant that has no such path it is said, and the others are searched.

    A bisection with common random numbers: each value is judged by its objectives' verdicts, an
    undecided one gets twice as many replications, and the error is shared over all that is judged.

    Parameters
    ----------
    scenario
        A scenario, or the path of its file. Each of its variants gets an answer of its own.
    path
        As for `Scenario.override`.
    low, high
        The ends, written as in a file: whole numbers, other numbers, "10min", "80%".
    largest
        Whether the largest value is looked for instead.
    tolerance
        How far apart the values of the answer may be; by default 1 between whole numbers, else a
        round step of which there are 64 or a few more.
    variant
        The only variant to search.
    seed
        The seed, instead of the scenario's own.
    max_replications
        How many to make of a value at most, 30 or more; by default 10,000.
    progress
        Whether to show a bar on stderr where that is a terminal.
    force
        Whether to run what is expected to pass the bounds of a run or the memory of this machine.
    workers, executor, partial
        As for `run`.

    Warns
    -----
    LongRunWarning
        If what was begun is expected to take more than a minute or 2 GB.

    Raises
    ------
    ScenarioError
        If the file is wrong, has no objectives or does not take a value, which is then named, or
        `low`, `high` or `tolerance` are no such values.
    ModelError
        If in every variant every run at a value breaks an invariant of its own model, or the first
        ten do.
    """
    began = perf_counter()
    most = MOST if max_replications is None else most_of(max_replications, path)
    scenario = given_scenario(scenario, seed=seed)
    values = candidates(path, low, high, tolerance)
    asked = _variants(scenario, variant)
    passed_over = without_path(asked, path, values.text(0))
    variants = {name: each for name, each in asked.items() if name not in passed_over}
    _check(variants.values(), path, values)
    looks = looks_of(variants, most)
    before_look = _costs(force=force)
    found: list[Found] = []
    lost: dict[str, ModelError] = {}
    with executing(
        scenario, executor=executor, workers=workers, partial=partial, progress=progress
    ) as execution:
        for name, each in variants.items():
            try:
                one = search(
                    name,
                    _at(each, path),
                    values,
                    looks,
                    largest=largest,
                    before_look=before_look,
                    execution=execution,
                )
            except ModelError as error:
                lost[name] = error
            else:
                found.append(one)
    if not found:
        raise next(iter(lost.values()))
    about = AboutFind.of(
        scenario,
        asked,
        values,
        found,
        lost,
        passed_over,
        path=path,
        looks=looks,
        largest=largest,
        wall_time=perf_counter() - began,
    )
    return FindResults(about, found, values)


class FindResults:
    """The bracket of each variant, and the values that were tried."""

    def __init__(self, about: AboutFind, found: Sequence[Found], values: Candidates) -> None:
        self.about = about
        self._found = {each.variant: each for each in found}
        self._values = values

    @property
    def answers(self) -> Sequence[Answer]:
        """One a variant: its bracket, with its confidence, and the sentence that says so."""
        return self.about.answers

    @property
    def sentence(self) -> str:
        """The answers of all variants, one a line."""
        several = len(self.about.asked) > 1
        told = {each.variant: each.sentence for each in self.answers}
        told |= {each.variant: f"{NO_ANSWER}: {each.message}" for each in self.about.lost}
        told |= {name: f"{NOT_SEARCHED}{why}" for name, why in self.about.passed_over.items()}
        return "\n".join(
            f"{name}: {told[name]}" if several else told[name] for name in self.about.asked
        )

    @property
    def failed_replications(self) -> Sequence[FailedReplication]:
        """Those that a fault of the program ended; what is said is of the others. First the
        variants in which every one did at a value, so that there is no answer.
        """
        return self.about.failed_replications

    @property
    def trials(self) -> pd.DataFrame:
        """One row an objective of each value that was tried, the lowest value first."""
        return tables.frame(self.table())

    def table(self) -> pa.Table:
        """The same in Arrow's form."""
        rows = [row for one in self._found.values() for row in self._rows(one)]
        return tables.from_rows(tables.TRIALS, rows)

    def rows(self) -> list[dict[str, Any]]:
        """The same as rows, column name -> value; NaN where there is no number."""
        return tables.to_rows(self.table())

    def tried(self, variant: str = "") -> list[Trial]:
        """The values that were tried of a variant, the lowest first."""
        return sorted(self._one(variant).trials, key=lambda each: each.place)

    def scenario(self, variant: str = "") -> Scenario:
        """The scenario at the value that is known to be met, next to the answer.

        Raises
        ------
        ScenarioError
            If no value is known to be met, or there is no such variant.
        """
        found = self._one(variant).scenario
        if found is None:
            raise ScenarioError.of("no value is known to meet the objectives", where=WHERE)
        return found

    def plot(self, variant: str = "") -> Picture:
        """The values that were tried of a variant, with intervals, and the bracket."""
        from sim.results.pictures import search_picture  # noqa: PLC0415  (see there)

        about = asdict(self.about)
        name = self._one(variant).variant
        answer = next(each for each in about["answers"] if each["variant"] == name)
        return search_picture.picture(about, self.rows(), answer)

    def save(
        self,
        path: str | PathLike[str] | None = None,
        *,
        overwrite: bool = False,
        figures: str = "main",
        answer: str = "",
        command: str = "",
    ) -> Path:
        """Write a folder: find.csv, the scenario of each answer, pictures, the provenance.

        By default a new one, ``results/NAME``; gives its path. There is a picture for each variant
        unless `figures` are "none". `answer` is what the user is told, `command` what was typed.

        Raises
        ------
        ScenarioError
            If the folder cannot be written there. What is there stays.
        """
        look_up(dict.fromkeys(FIGURES), figures, "a choice of figures")
        about = {**made(command or "from Python"), "find": asdict(self.about)}
        parts = self._parts(figures, answer, about)
        return files.write_results(path, self.about.name, parts, about, overwrite=overwrite)

    def _parts(
        self, figures: str, answer: str, about: dict[str, Any]
    ) -> Iterator[tuple[str, files.Content]]:
        if answer:
            yield files.ANSWER, answer
        yield FILE, self.table()
        alone, resolved = len(self._found) == 1, {}
        for place, one in enumerate(self._found.values()):
            if one.scenario is not None:
                file = RESOLVED if alone else f"variants/{place}.resolved.yaml"
                resolved[file] = one.scenario.to_yaml()
                yield file, resolved[file]
        drawn = [*self._pictures(about["find"])] if figures != "none" else []
        yield from as_files(drawn)
        shown = page_parts.figures(drawn)
        yield files.REPORT, render(find_page(about["find"], self.rows(), shown, resolved, about))

    def _one(self, variant: str) -> Found:
        if not variant:
            return next(iter(self._found.values()))
        return look_up(self._found, variant, "a variant of these results")

    def _rows(self, one: Found) -> Iterator[dict[str, Any]]:
        order = {trial.place: number for number, trial in enumerate(one.trials, 1)}
        for trial in sorted(one.trials, key=lambda each: each.place):
            for asked, text, verdict in zip(
                trial.objectives, trial.texts, trial.verdicts, strict=True
            ):
                yield {
                    "variant": trial.variant,
                    "path": self.about.path,
                    "value": trial.value,
                    "number": trial.number,
                    "unit": self.about.unit,
                    "tried": order[trial.place],
                    "replications": trial.replications,
                    "failed": len(trial.failures),
                    "verdict": trial.outcome,
                    "objective": text,
                    "bound": bound_of(asked)[0],
                    "share": verdict.share,
                    "low": verdict.low,
                    "high": verdict.high,
                    "objective_verdict": verdict.verdict,
                    "sentence": verdict.sentence,
                }

    def _pictures(self, about: Mapping[str, Any]) -> Iterator[tuple[str, Picture]]:
        from sim.results.pictures import search_picture  # noqa: PLC0415  (see there)

        return search_picture.pictures(about, self.rows())

    def __repr__(self) -> str:
        return f"<FindResults of {self.about.name}: {self.sentence}>"

    def _repr_html_(self) -> str:
        about, rows = asdict(self.about), self.rows()
        shown = main_figure(self._pictures(about))
        return page_output(find_page(about, rows, shown, {}, made("in a notebook")))


def _check(variants: Iterable[Scenario], path: str, values: Candidates) -> None:
    """ScenarioError where nothing is asked for, or a variant does not take both ends."""
    if path in _MOVES_NOTHING:
        raise ScenarioError.of("must be a key that the run depends on", where=WHERE, path=path)
    for each in variants:
        if not each.objectives:
            raise ScenarioError.of(how_to_ask(each), where=WHERE)
        for end in (0, values.last):
            at_value(each, path, values.text(end))


def _variants(scenario: Scenario, variant: str) -> dict[str, Scenario]:
    """Those that are searched."""
    if variant:
        return {variant: scenario.variant(variant)}
    names = scenario.variant_names
    if names:
        return {name: scenario.variant(name) for name in names}
    return {scenario.variant_name or BASELINE: scenario}


def _at(scenario: Scenario, path: str) -> Callable[[str], Scenario]:
    return lambda value: at_value(scenario, path, value)


def _costs(*, force: bool) -> Callable[[Simulation, int], None]:
    """Refuses a look that is too much, and warns once of the one that makes it long in all."""
    made: dict[Simulation, Estimate] = {}
    told: list[str] = []

    def before_look(simulation: Simulation, runs: int) -> None:
        expected = made.get(simulation) or estimate(simulation, runs)
        made[simulation] = replace(expected, replications=runs)
        bear([made[simulation]], force=force)
        said = None if told else warning(list(made.values()))
        if said is not None:
            told.append(said)
            warnings.warn(said, LongRunWarning, stacklevel=6)

    return before_look
