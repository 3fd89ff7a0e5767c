"""What `sweep` returns: one tidy table, the front, pictures."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import files
from sim.core.errors import ScenarioError
from sim.core.metrics import Key
from sim.core.units import shorten_any
from sim.experiments.precision_asked import key_of
from sim.experiments.studies.sweep_conclusion import conclude
from sim.experiments.studies.sweeps import run
from sim.report.rendering import render
from sim.results import tables
from sim.results.given import given_scenario
from sim.results.kept.kept_parts import executing
from sim.results.pages import page_parts
from sim.results.pages.notebook_page import main_figure, page_output
from sim.results.pages.sweep_page import sweep_report
from sim.results.provenance import RESOLVED
from sim.results.saved_figures import CHOICE, as_files, chosen, of_report
from sim.results.sweeps import sweep_tables
from sim.results.sweeps.sweep_about import SWEEP, SweepAbout
from sim.results.sweeps.sweep_contents import SweepContents, check_front
from sim.results.sweeps.sweep_cost import afford_sweep
from sim.scenario import points
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Executor
    from os import PathLike
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from sim.experiments.studies.sweeps import FailedAt
    from sim.files import ResultFolder
    from sim.files.partial_folder import PartialFolder
    from sim.plots.parts.style import Picture
    from sim.results.pictures.sweep_pictures import SweepPictures
    from sim.scenario import Scenario


def sweep(
    scenario: Scenario | str | PathLike[str],
    over: Mapping[str, object] | None = None,
    *,
    replications: int | None = None,
    seed: int | None = None,
    variant: str | None = None,
    progress: bool = False,
    force: bool = False,
    front: Sequence[str] = (),
    executor: Executor | str | None = None,
    partial: PartialFolder | str | PathLike[str] | None = None,
    workers: int | None = None,
) -> SweepResults:
    """Run a scenario at each point of a sweep, with common random numbers.

    >>> sim.sweep(scenario, {"systems.shop.update_domains": [2, 5, 10]}).table  # doctest: +SKIP

    Where the file has variants, each point has all of them; a variant that sets a path itself keeps
    its value. Verdicts are those of one look at the given number of replications, 100 by default.

    Parameters
    ----------
    scenario
        A scenario, or the path of its file.
    over
        What the key `sweep` of a file holds: path -> values, or ``{"from", "to", "step"}``. By
        default the sweep of the file.
    replications, seed
        Instead of the scenario's own.
    variant
        The only variant to run.
    progress
        Whether to show a bar on stderr where that is a terminal.
    force
        Whether to run what is expected to pass the bounds of a run or the memory of this machine.
    front
        The metrics of the front, by default the two headlines that disagree most.
    executor, workers, partial
        Where to run, as in `run`: the results are the same.

    Warns
    -----
    LongRunWarning
        If the replications are expected to take more than a minute or 2 GB.

    Raises
    ------
    ScenarioError
        If the file or a point of the sweep is wrong, or asks for too much (a `TooMuchError`).
    ModelError
        If every run at every point breaks an invariant of its own model, or the first ten do; a
        point of which all do is left out, and stands in `failed_replications`.
    """
    began = perf_counter()
    scenario = given_scenario(scenario, replications=replications, seed=seed)
    if over is not None:
        scenario = scenario.with_sweep(_plain(over))
    asked = scenario.sweep
    if asked is None:
        rule = "must name what to vary, such as `sweep: {systems.NAME.KEY: [VALUE, ...]}`, got none"
        raise ScenarioError.of(rule, path="sweep")
    if variant is not None:
        scenario.variant(variant)  # refuses a name that there is not
    names = [variant] if variant else list(scenario.variant_names)
    wanted = front_keys(front, [scenario, *map(scenario.variant, scenario.variant_names)])
    points.check(scenario, asked)
    afford_sweep(scenario, asked, names, force=force)
    preferred = [
        Key(system, "", metric) for metric in scenario.prefer for system in scenario.systems
    ]
    with executing(
        scenario, executor=executor, workers=workers, partial=partial, progress=progress
    ) as execution:
        swept = run(scenario, asked, names, [*wanted, *preferred], execution=execution)
    found = conclude(swept, asked, scenario.prefer, wanted)
    shown = names or [sweep_tables.NO_VARIANT]
    wall_time = perf_counter() - began
    about = SweepAbout.of(scenario, asked, swept, found.conclusion, shown, wall_time)
    made = {
        "sweep": sweep_tables.sweep(swept, about),
        "points": sweep_tables.points(swept, about, found),
        "objectives": sweep_tables.objectives(swept, about),
    }
    return SweepResults(about, made.__getitem__, scenario.to_yaml(), swept.values)


def _plain(over: object) -> object:
    """What arrays, ranges and series hold, as lists: a file has nothing else."""
    if not isinstance(over, Mapping):
        rule = 'must be PATH: values, such as {"systems.shop.update_domains": [2, 5]}'
        raise ScenarioError.of(f"{rule}, got {shorten_any(over)}", where="sweep")
    return {path: each.tolist() if hasattr(each, "tolist") else each for path, each in over.items()}


def front_keys(names: Sequence[str], scenarios: Sequence[Scenario]) -> list[Key]:
    """The metrics of a front by their names, METRIC, SYSTEM.METRIC or SYSTEM.GROUP.METRIC.

    Raises
    ------
    ScenarioError
        Where one is none, or neither more nor less of it is better, or there is only one.
    """
    found = []
    for name in names:
        try:
            key = key_of(name, scenarios)
        except ValueError as error:
            raise ScenarioError.of(str(error), where="front", path=str(name)) from None
        found.append(key)
    kinds = {system: spec.kind for each in scenarios for system, spec in each.systems.items()}
    check_front(found, {system: SYSTEM_TYPES[kind].metrics for system, kind in kinds.items()})
    return found


def open_sweep(folder: ResultFolder) -> SweepResults:
    """A sweep that was saved. ValueError where the folder holds none of this version."""
    about = SweepAbout.read(folder.provenance)

    def table(name: str) -> pa.Table:
        file = f"{name}.parquet" if name == SWEEP else f"{name}.csv"
        if file not in folder.files:
            return tables.empty(sweep_tables.schema(name, about))
        return folder.table(file, sweep_tables.schema(name, about))

    return SweepResults(about, table, folder.text(RESOLVED), {}, folder.provenance)


class SweepResults(SweepContents):
    """Tables and pictures of a sweep.

    Tables are DataFrames with the names and columns of the result folder; each is a new one. Each
    has the columns `point`, the axes (numbers in SI units, with NAME_unit beside them) and
    `variant`.
    """

    @property
    def table(self) -> pd.DataFrame:
        """One row a metric of each point and variant: mean with interval, quantiles and so on."""
        return tables.frame(self.arrow(SWEEP))

    @property
    def points(self) -> pd.DataFrame:
        """One row a point and variant: whether it meets every objective, and is on the front."""
        return tables.frame(self.arrow("points"))

    @property
    def objectives(self) -> pd.DataFrame:
        """One row an objective of each point and variant, with its verdict."""
        return tables.frame(self.arrow("objectives"))

    @property
    def failed_replications(self) -> Sequence[FailedAt]:
        """Those that a fault of the program ended: no table has anything of them."""
        return self.about.failed_replications

    def front(self, metrics: Sequence[str] | None = None) -> pd.DataFrame:
        """The points and variants that no other one beats in all of some metrics, by means.

        Parameters
        ----------
        metrics
            Two or more, by name; by default those that the sweep chose.

        Returns
        -------
        DataFrame
            One row a metric of each: the columns of `table` before `min`, and `front`: ``yes``, or
            ``not told apart`` where none that beats it is surely better, by the 95 % interval of
            the paired difference (of results that were opened: by those of the two means). The best
            in the first metric come first.
        """
        keys = self.front_keys(metrics)
        found = self.standings(keys)
        table = self.arrow(SWEEP)
        wanted: dict[int, dict[int, int]] = {}
        for order, key in enumerate(keys):
            for row in np.flatnonzero(self.rows_of(key)).tolist():
                place = int(self.places[row])
                if found[place] in ("yes", "not told apart"):
                    wanted.setdefault(place, {})[order] = row
        first = self.signed(keys[0]) if keys else np.empty(0)
        ordered = sorted(wanted, key=lambda place: (found[place] != "yes", first[place], place))
        chosen = [(place, row) for place in ordered for _, row in sorted(wanted[place].items())]
        frame = tables.frame(table.take([row for _, row in chosen]))
        frame = frame.loc[:, :"ci95_high"]
        frame["front"] = [found[place] for place, _ in chosen]
        return frame

    # What it is shown by

    @property
    def plot(self) -> SweepPictures:
        """The pictures: lines over one axis, heat_map over two, front."""
        from sim.results.pictures import sweep_pictures  # noqa: PLC0415  (see there)

        return sweep_pictures.SweepPictures(self)

    def save(
        self,
        path: str | PathLike[str] | None = None,
        *,
        overwrite: bool = False,
        figures: str = "main",
        answer: str = "",
        command: str = "",
    ) -> Path:
        """Write the result folder; by default a new one, ``results/NAME``. Gives its path.

        As `Results.save`. ScenarioError if the folder cannot be written there.
        """
        drawn = chosen(self, figures)
        about = {**self.about.provenance(command or "from Python"), CHOICE: figures}
        parts = self._parts(drawn, answer, about)
        return files.write_results(path, self.about.name, parts, about, overwrite=overwrite)

    def report(self, *, figures: str = "") -> str:
        """All that there is to say on one page: HTML that needs nothing else, as report.html.

        `figures` as of `save`, by default those of the folder, the main ones at least.
        """
        about = self.about.provenance("from Python") if self._made is None else self._made
        shown = page_parts.figures(chosen(self, figures or of_report(about)))
        return render(sweep_report(self, shown, about))

    def _parts(
        self, drawn: Iterable[tuple[str, Picture]], answer: str, about: Mapping[str, Any]
    ) -> Iterator[tuple[str, files.Content]]:
        if answer:
            yield files.ANSWER, answer
        yield RESOLVED, self.resolved
        yield "sweep.csv", self.arrow(SWEEP)
        yield "sweep.parquet", self.arrow(SWEEP)
        yield "points.csv", self.arrow("points")
        yield "objectives.csv", self.arrow("objectives")
        shown = list(drawn)
        yield from as_files(shown)
        yield files.REPORT, render(sweep_report(self, page_parts.figures(shown), about))

    def __repr__(self) -> str:
        axes = " x ".join(axis.name for axis in self.about.axes)
        return f"<SweepResults of {self.about.name}: {self.about.points:,} points of {axes}>"

    def _repr_html_(self) -> str:
        about = self.about.provenance("in a notebook")
        return page_output(sweep_report(self, main_figure(self.plot.figures()), about))
