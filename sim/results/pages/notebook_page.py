"""Results and single runs in a notebook: the verdict, tables and the main picture."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING

from sim.core.wall_clock import show_window
from sim.report.content import (
    Drawing,
    Folded,
    Listing,
    Output,
    Paragraphs,
    Section,
    Table,
)
from sim.report.rendering import render_output
from sim.results.pages import report_tables
from sim.results.pages.page_parts import as_svg
from sim.results.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sim.plots.parts.style import Picture
    from sim.report.content import Block, Page
    from sim.results.contents import Contents
    from sim.results.provenance import About


MOST_ROWS = 20
"""Of a table in a notebook."""


def result_page(results: Contents, drawn: Iterable[tuple[str, Picture]]) -> str:
    """The results as HTML, with the first of the pictures."""
    about = results.about
    blocks = [*_told(results)]
    for _, picture in islice(drawn, 1):
        blocks.append(drawing(picture))
    return render_output(Output(f"{about.name}: {size(about)}", verdict(results), blocks))


def run_page(title: str, lines: Sequence[str], picture: Picture | None) -> str:
    """One replication as HTML: what happened in it, and a picture of that."""
    blocks: list[Block] = [Paragraphs(lines), *([drawing(picture)] if picture else [])]
    return render_output(Output(title, None, blocks))


def main_figure(drawn: Iterable[tuple[str, Picture]]) -> Section:
    """The first figure, as what a page has of figures."""
    return Section("figures", "Figures", [drawing(picture) for _, picture in islice(drawn, 1)])


def page_output(page: Page) -> str:
    """A page as a notebook shows it: the verdict, the tables of its results, the main figure."""
    results, figures = page.sections[:2]
    blocks: list[Block] = [Paragraphs([page.question])] if page.question else []
    blocks += [Listing(page.warnings)] if page.warnings else []
    for block in (*results.blocks, *figures.blocks):
        if isinstance(block, Table) and len(block.rows) > MOST_ROWS:
            note = f"{len(block.rows) - MOST_ROWS:,} more rows are left out"
            blocks.append(replace(block, rows=block.rows[:MOST_ROWS], note=note))
        elif not isinstance(block, Folded):
            blocks.append(block)
    return render_output(Output(f"{page.name}: {page.size}", page.verdict, blocks))


def drawing(picture: Picture) -> Drawing:
    """A picture whose ids are its own in a notebook, which may show many."""
    what = f"{picture.title}{picture.subtitle}{picture.readout and picture.readout.rows}"
    name = f"n{sha256(what.encode()).hexdigest()[:8]}"
    return Drawing(picture.title, picture.subtitle, as_svg(picture, name), None)


def size(about: About) -> str:
    """How often which span of time was simulated."""
    span = f"window {show_window(about.warm_up_s, about.horizon_s, about.start_time)}"
    if not any(one.random for one in about.variants):
        return f"deterministic, one run suffices, {span}"
    return f"{max(one.replications for one in about.variants):,} replications, {span}"


def _told(results: Contents) -> Iterator[Block]:
    about = results.about
    if about.question:
        yield Paragraphs([about.question])
    yield from (Paragraphs([each]) for each in _failed(about))
    objectives = report_tables.objectives(results)
    if objectives:
        yield objectives
    yield from report_tables.metrics(results, list(about.headlines)[:MOST_ROWS])
    if about.assumptions:
        yield Paragraphs([f"assumed: {', '.join(about.assumptions)}"])


def _failed(about: About) -> Iterator[str]:
    for one in about.variants:
        failed = about.failed(one.name)
        if failed:
            of = one.replications + len(failed)
            told = f"{len(failed):,} of {of:,} replications failed: {failed[0].message}"
            yield f"{one.name}: {told}" if about.compared else told
