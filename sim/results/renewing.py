"""The report of a result folder made again, of what is in the folder."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING

from sim import files
from sim.report.content import Drawing, Section
from sim.report.rendering import render
from sim.results import tables
from sim.results.assumptions_page import assumptions_page
from sim.results.find_page import find_page
from sim.results.finding import FILE
from sim.results.page_parts import MOST_DRAWN
from sim.results.provenance import RESOLVED
from sim.results.results import open_results
from sim.results.sensitivity import ASSUMPTIONS, FLIPS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike
    from pathlib import Path


def renew_report(path: str | PathLike[str]) -> Path:
    """Make the report of a result folder again, of what is in the folder. Gives its path.

    Raises
    ------
    ScenarioError
        If the folder holds no results, or cannot be written.
    """
    folder = files.ResultFolder.at(path)
    known = {"find": _find, "assumptions": _assumptions}
    for what, made in known.items():
        if what in folder.provenance:
            return folder.put(files.REPORT, made(folder))
    return folder.put(files.REPORT, open_results(path).report())


def _find(folder: files.ResultFolder) -> str:
    about = folder.provenance
    rows = tables.to_rows(folder.table(FILE, tables.TRIALS))
    names = [name for name in folder.files if name.endswith(".resolved.yaml")]
    resolved = {name: folder.text(name) for name in names}
    return render(find_page(about["find"], rows, _pictures(folder), resolved, about))


def _assumptions(folder: files.ResultFolder) -> str:
    about = folder.provenance
    rows, flips = (
        tables.to_rows(folder.table(file, schema))
        for file, schema in (("assumptions.csv", ASSUMPTIONS), ("assumptions_flips.csv", FLIPS))
    )
    shown, scenario = _pictures(folder), folder.text(RESOLVED)
    return render(assumptions_page(about["assumptions"], rows, flips, shown, scenario, about))


def _pictures(folder: files.ResultFolder) -> Section:
    """The pictures as they were saved: what they were drawn from is not in such a folder."""
    return Section("figures", "Figures", [*_drawings(folder)])


def _drawings(folder: files.ResultFolder) -> Iterator[Drawing]:
    room = MOST_DRAWN
    for name in sorted(each for each in folder.files if each.startswith("figures/")):
        title = name.removeprefix("figures/").removesuffix(".png").replace("-", " ")
        content = b64encode(folder.content(name)).decode("ascii")
        room -= len(content)
        note = "" if room >= 0 else f"This figure is too large for this page: see {name}."
        image = f'<img alt="{escape(title)}" src="data:image/png;base64,{content}">'
        yield Drawing(title, "", "" if note else image, None, note)
