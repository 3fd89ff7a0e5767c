"""The report of a result folder made again, of what is in the folder."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING, Any

from sim import files
from sim.core.errors import ScenarioError
from sim.report.content import Drawing, Section
from sim.report.rendering import render
from sim.results import tables
from sim.results.finding import FILE
from sim.results.pages import page_parts
from sim.results.pages.assumptions_page import assumptions_page, weights
from sim.results.pages.find_page import find_page
from sim.results.pages.report_page import report_page
from sim.results.pictures.assumption_pictures import AssumptionPictures
from sim.results.pictures.search_picture import pictures
from sim.results.provenance import RESOLVED
from sim.results.results import Results, open_results
from sim.results.saved_figures import chosen, of_report
from sim.results.sensitivity import ASSUMPTIONS, FLIPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from os import PathLike
    from pathlib import Path

    from sim.plots.parts.style import Picture
    from sim.report.content import Block


def renew_report(path: str | PathLike[str], assumptions: str | PathLike[str] | None = None) -> Path:
    """Make the report of a result folder again, of what is in the folder. Gives its path.

    Parameters
    ----------
    assumptions
        A folder of `assumptions` of the same scenario: the report of a run or a comparison then
        tells what each assumption weighs.

    Raises
    ------
    ScenarioError
        If the folder holds no results, or cannot be written, or that of assumptions is of others.
    """
    folder = files.ResultFolder.at(path)
    known = {"find": _find, "assumptions": _assumptions}
    for what, made in known.items():
        if what in folder.provenance:
            _take_no(assumptions, what, path)
            try:
                return folder.put(files.REPORT, made(folder))
            except KeyError:
                rule = files.of_another_form(folder.provenance)
                raise ScenarioError.of(rule, where=str(path)) from None
    found = open_results(path)
    if not isinstance(found, Results):
        _take_no(assumptions, "sweep", path)
        return folder.put(files.REPORT, found.report())
    weighed = [_weights(assumptions, found)] if assumptions is not None else []
    return folder.put(files.REPORT, _of_runs(folder, found, weighed))


def _take_no(assumptions: str | PathLike[str] | None, what: str, path: str | PathLike[str]) -> None:
    """Refuse assumptions for a page that has no place for them."""
    if assumptions is not None:
        rule = f"must be results of run or compare to show assumptions, got those of {what}"
        raise ScenarioError.of(rule, where=str(path))


def _of_runs(folder: files.ResultFolder, found: Results, weighed: Sequence[Block]) -> str:
    """That of a run or a comparison, whose first runs are made again for it."""
    about, scenario, without = folder.provenance, folder.text(RESOLVED), ""
    try:
        for one in found.about.variants:
            found.simulation(one.name)
        shown = page_parts.figures(chosen(found, of_report(about)))
    except ScenarioError as error:
        # A folder does not hold the files that its scenario names.
        without = f"No run can be made again from this folder: {error.problems[0].rule}."
        shown = _pictures(folder)
    page = report_page(found, shown, about, scenario, weights=weighed, without=without)
    return render(page)


def _weights(path: str | PathLike[str], found: Results) -> Block:
    """What each assumption weighs, from a folder of `assumptions`."""
    folder = files.ResultFolder.at(path)
    about = folder.provenance.get("assumptions")
    if about is None or about["inputs"] != found.about.inputs:
        rule = "must be results of assumptions with the same scenario file, got others"
        raise ScenarioError.of(rule, where=str(path))
    rows, flips = _changes(folder)
    return weights(rows, flips, about)


def _find(folder: files.ResultFolder) -> str:
    about = folder.provenance
    rows = tables.to_rows(folder.table(FILE, tables.TRIALS))
    names = [name for name in folder.files if name.endswith(".resolved.yaml")]
    resolved = {name: folder.text(name) for name in names}
    shown = _drawn_again(folder, pictures(about["find"], rows))
    return render(find_page(about["find"], rows, shown, resolved, about))


def _assumptions(folder: files.ResultFolder) -> str:
    about = folder.provenance
    rows, flips = _changes(folder)
    drawn = AssumptionPictures(about["assumptions"], rows).figures()
    shown, scenario = _drawn_again(folder, drawn), folder.text(RESOLVED)
    return render(assumptions_page(about["assumptions"], rows, flips, shown, scenario, about))


def _changes(folder: files.ResultFolder) -> Iterator[list[dict[str, Any]]]:
    """The rows of what changes, and of the conclusions that do."""
    for file, schema in (("assumptions.csv", ASSUMPTIONS), ("assumptions_flips.csv", FLIPS)):
        yield tables.to_rows(folder.table(file, schema))


def _drawn_again(folder: files.ResultFolder, drawn: Iterable[tuple[str, Picture]]) -> Section:
    """The pictures that the folder has, or else all, from its tables."""
    own = {name for name in folder.files if name.startswith("figures/")}
    return page_parts.figures(
        (name, picture) for name, picture in drawn if not own or f"figures/{name}.png" in own
    )


def _pictures(folder: files.ResultFolder) -> Section:
    """The pictures as they were saved, where no run can be made again to draw them."""
    return Section("figures", "Figures", [*_drawings(folder)])


def _drawings(folder: files.ResultFolder) -> Iterator[Drawing]:
    room = page_parts.MOST_DRAWN
    for name in sorted(each for each in folder.files if each.startswith("figures/")):
        title = name.removeprefix("figures/").removesuffix(".png").replace("-", " ")
        content = b64encode(folder.content(name)).decode("ascii")
        room -= len(content)
        note = "" if room >= 0 else f"This figure is too large for this page: see {name}."
        image = f'<img alt="{escape(title)}" src="data:image/png;base64,{content}">'
        yield Drawing(title, "", "" if note else image, None, note)
