"""Results and single runs in a notebook: the verdict, tables and the main picture."""

from __future__ import annotations

from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING

from sim.core.wall_clock import show_instant
from sim.plots.svg import svg
from sim.report.content import Drawing, Output, Paragraphs
from sim.report.rendering import render_output
from sim.results import report_tables
from sim.results.pictures import ResultPictures
from sim.results.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sim.plots.style import Picture
    from sim.report.content import Block
    from sim.results.contents import Contents
    from sim.results.provenance import About


def result_page(results: Contents) -> str:
    """The results as HTML."""
    about = results.about
    blocks = [*_told(results)]
    for _, picture in islice(ResultPictures(results).figures(), 1):
        blocks.append(drawing(picture))
    return render_output(Output(f"{about.name}: {size(about)}", verdict(results), blocks))


def run_page(title: str, lines: Sequence[str], picture: Picture | None) -> str:
    """One replication as HTML: what happened in it, and a picture of that."""
    blocks: list[Block] = [Paragraphs(lines), *([drawing(picture)] if picture else [])]
    return render_output(Output(title, None, blocks))


def drawing(picture: Picture) -> Drawing:
    """A picture whose ids are its own in a notebook, which may show many."""
    what = f"{picture.title}{picture.subtitle}{picture.readout and picture.readout.rows}"
    name = f"n{sha256(what.encode()).hexdigest()[:8]}"
    return Drawing(picture.title, picture.subtitle, svg(picture, name), None)


def size(about: About) -> str:
    """How often which span of time was simulated."""
    begin, end = (show_instant(at, about.start_time) for at in (about.warm_up_s, about.horizon_s))
    span = f"window {begin} to {end}"
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
    for system in about.headlines:
        yield report_tables.metrics(results, system)
    if about.assumptions:
        yield Paragraphs([f"assumed: {', '.join(about.assumptions)}"])


def _failed(about: About) -> Iterator[str]:
    for one in about.variants:
        failed = about.failed(one.name)
        if failed:
            of = one.replications + len(failed)
            told = f"{len(failed):,} of {of:,} replications failed: {failed[0].message}"
            yield f"{one.name}: {told}" if about.compared else told
