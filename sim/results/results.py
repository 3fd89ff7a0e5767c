"""What `run` and `compare` return: their results as tables and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex

from sim import files
from sim.core.errors import ScenarioError
from sim.report.rendering import render
from sim.results import tables
from sim.results.conditions import Given
from sim.results.contents import Contents
from sim.results.kept.kept_logs import KEEP, check_keep
from sim.results.pages import page_parts
from sim.results.pages.notebook_page import result_page
from sim.results.pages.report_page import report_page
from sim.results.provenance import RESOLVED, About
from sim.results.quantiles import quantiles
from sim.results.saved_figures import CHOICE, as_files, chosen, of_report
from sim.results.single_run import Run
from sim.results.sources import TABLES, SavedResults
from sim.results.sweeps.sweep_about import SWEEP
from sim.results.sweeps.sweep_results import open_sweep

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from os import PathLike
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from sim.experiments.conclusion import Conclusion
    from sim.experiments.running.failures import FailedReplication
    from sim.plots.parts.style import Picture
    from sim.results.pictures.result_pictures import ResultPictures
    from sim.results.sweeps.sweep_results import SweepResults

_LARGE = (*KEEP, "replications")
"""Tables that are written piece by piece: all of one need not fit into memory."""

_WHERE_THERE_IS_ANY = ("progress", "conditions", "warm_up")
"""Tables that are written where they have rows."""


def open_results(path: str | PathLike[str]) -> Results | SweepResults:
    """Results that were saved, from their folder: those of a run, a comparison or a sweep.

    Raises
    ------
    ScenarioError
        If the folder holds no results.
    """
    folder = files.ResultFolder.at(path)
    try:
        if SWEEP in folder.provenance:
            return open_sweep(folder)
        about = About.read(folder.provenance)
    except ValueError:
        rule = files.of_another_form(folder.provenance)
        other = next((each for each in ("find", "assumptions") if each in folder.provenance), "")
        if other:
            rule = (
                f"must be results of run, compare or sweep, got those of {other}: read its tables"
            )
        raise ScenarioError.of(rule, where=str(path)) from None
    return Results(about, SavedResults(folder, about))


class Results(Contents):
    """Tables, pictures and replays of a run or a comparison.

    Tables are DataFrames with the names and columns of the result folder; each is a new one.
    """

    @property
    def conclusion(self) -> Conclusion | None:
        """Which variant is best and why, as data and in words; None after `run`."""
        return self.about.conclusion

    @property
    def failed_replications(self) -> Sequence[FailedReplication]:
        """Those that a fault of the program ended: no table and no picture has anything of them."""
        return self.about.failed_replications

    @property
    def summary(self) -> pd.DataFrame:
        """One row a metric: mean with interval, quantiles, the worst replication."""
        return tables.frame(self.table("summary"))

    def quantiles(
        self,
        metric: str,
        at: Sequence[float] = (0.05, 0.5, 0.95),
        system: str = "",
        group: str = "",
        *,
        confidence: float = 0.95,
    ) -> pd.DataFrame:
        """One row a quantile of a metric of each variant, with limits by order statistics.

        Each limit is one-sided at `confidence`, for whatever law; NaN where there are too few
        replications, and `sentence` says how many it needs. What is missing is above all.

        Raises
        ------
        ScenarioError
            If there is no such metric, or what should be shares are none.
        """
        return tables.frame(quantiles(self, metric, at, system, group, confidence))

    @property
    def comparison(self) -> pd.DataFrame:
        """One row a metric of each variant but the first, set against it; empty after `run`."""
        return tables.frame(self.table("comparison"))

    @property
    def objectives(self) -> pd.DataFrame:
        """One row an objective of each variant, with its verdict."""
        return tables.frame(self.table("objectives"))

    @property
    def operations(self) -> pd.DataFrame:
        """One row an operation of the first replication, with what the service answered."""
        return tables.frame(self.table("operations"))

    @property
    def progress(self) -> pd.DataFrame:
        """One row a day of each rollout that takes days, of the first replication."""
        return tables.frame(self.table("progress"))

    @property
    def replications(self) -> pd.DataFrame:
        """One row a metric of each replication."""
        return tables.frame(self.table("replications"))

    @property
    def timelines(self) -> pd.DataFrame:
        """One row a step of every series, of the first replication or of all that were kept."""
        return tables.frame(self.table("timelines"))

    @property
    def events(self) -> pd.DataFrame:
        """One row a transition, of the first replication or of all that were kept."""
        return tables.frame(self.table("events"))

    @property
    def plot(self) -> ResultPictures:
        """The pictures: capacity, up_to_date, compliance, availability, queue, gantt, warm_up.

        Of variants: variants_capacity, variants_up_to_date, variants_queue, variants_metrics,
        variants_differences, and overlay, which draws any series of all of them in one picture.
        distribution draws how a metric is spread over the runs.
        """
        from sim.results.pictures import result_pictures  # noqa: PLC0415  (see there)

        return result_pictures.ResultPictures(self)

    def given(self, condition: str, system: str = "") -> Given:
        """The headlines of the replications in which a condition holds, and of the others.

        Parameters
        ----------
        condition
            ``bad build 42``, or how several begin, such as ``bad build``; ``failed``, ``stuck``,
            ``not over``, ``cancelled``, ``rolled back``, ``refused``.
        system
            By default every one that has the condition.

        Raises
        ------
        ScenarioError
            If there is no such condition.
        """
        return Given(self, condition, system)

    def replay(self, replication: SupportsIndex | None = None, variant: str = "") -> Run:
        """One replication of a variant once more, by default the first ones, with everything kept.

        The run is that of the libraries installed now, whichever made the results.
        """
        return Run.again(self, replication, variant)

    def report(self, *, figures: str = "") -> str:
        """All that there is to say on one page: HTML that needs nothing else, as report.html.

        `figures` as of `save`, by default those of the folder, the main ones at least.
        """
        about = self._source.provenance or self.about.provenance("from Python")
        return self._report(chosen(self, figures or of_report(about)), about)

    def _report(self, drawn: Iterable[tuple[str, Picture]], about: Mapping[str, Any]) -> str:
        scenario = self._source.resolved(RESOLVED)
        return render(report_page(self, page_parts.figures(drawn), about, scenario))

    def save(
        self,
        path: str | PathLike[str] | None = None,
        *,
        overwrite: bool = False,
        keep: Collection[str] = (),
        figures: str = "main",
        answer: str = "",
        command: str = "",
    ) -> Path:
        """Write the result folder; by default a new one, ``results/NAME``. Gives its path.

        Parameters
        ----------
        overwrite
            Whether the folder may replace one that holds results.
        keep
            What to write of all replications: "timelines", "events". They are run again for it,
            unless they were made with the same `keep`.
        figures
            Which pictures: "all", "main" (those that the answer refers to) or "none".
        answer
            What the user is told, for answer.txt; by default there is none.
        command
            What the user typed, for the provenance.

        Raises
        ------
        ScenarioError
            If the folder cannot be written there. What is there stays.
        """
        check_keep(keep)
        drawn = chosen(self, figures)
        about = {**self.about.provenance(command or "from Python"), CHOICE: figures}
        parts = self._parts(keep, drawn, answer, about)
        return files.write_results(path, self.about.name, parts, about, overwrite=overwrite)

    def _parts(
        self,
        keep: Collection[str],
        drawn: Iterable[tuple[str, Picture]],
        answer: str,
        about: Mapping[str, Any],
    ) -> Iterator[tuple[str, files.Content]]:
        if answer:
            yield files.ANSWER, answer
        for file in dict.fromkeys([RESOLVED, *(one.file for one in self.about.variants)]):
            yield file, self._source.resolved(file)
        for name, (file, _) in TABLES.items():
            if name in keep:
                yield file, self._of_all_replications(name)
            elif name in _LARGE:
                yield file, self._source.pieces(name)
            elif self._tells(name):
                yield file, self.table(name)
        shown = list(drawn)
        yield from as_files(shown)
        yield files.REPORT, self._report(shown, about)

    def _tells(self, name: str) -> bool:
        """Whether a table has anything to tell of such results: these need not."""
        if name == "comparison":
            return self.about.compared
        return name not in _WHERE_THERE_IS_ANY or self.table(name).num_rows > 0

    def _of_all_replications(self, name: str) -> Iterator[pa.Table]:
        """A table of all replications, piece by piece: they may not fit into memory together."""
        for one in self.about.variants:
            yield from self._source.every(name, one, self.about.numbers(one))

    def __repr__(self) -> str:
        names = ", ".join(one.name for one in self.about.variants)
        return f"<Results of {self.about.name}: {names}>"

    def _repr_html_(self) -> str:
        return result_page(self, self.plot.figures())
