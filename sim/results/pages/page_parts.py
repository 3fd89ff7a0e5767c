"""What pages of all kinds of results share: figures, the scenario, how to reproduce them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.report.content import Cell, Code, Drawing, Folded, Listing, Paragraphs, Section, Table
from sim.results.provenance import RESOLVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sim.plots.parts.style import Picture
    from sim.report.content import Block

MOST_DRAWN = 1_200_000
"""Bytes of all figures: a page stays below 2 MB whatever the scenario."""
MOST_ROWS = 200
"""Rows of a table: a result may have thousands of variants, groups or requests."""
MOST_SYSTEMS = 30
"""Systems of which tables are shown."""
_CELL = 30
"""Bytes of a cell beside its text."""
_MOST_TEXT = 60_000
"""Characters of a text that may be as long as a file."""


def figures(drawn: Iterable[tuple[str, Picture]]) -> Section:
    """The figures, each with the table behind it."""
    return Section("figures", "Figures", [*_drawings(drawn)])


def _drawings(drawn: Iterable[tuple[str, Picture]]) -> Iterator[Drawing]:
    """The figures in order, as long as there is room; the others are named."""
    room, left_over = MOST_DRAWN, []
    for place, (name, picture) in enumerate(drawn):
        if room <= 0:
            left_over.append(f"figures/{name}.png")
            continue
        text, table, note = as_svg(picture, f"f{place}"), behind(picture), ""
        size = len(text) + _size(table)
        if size > room:
            text, table = "", None
            note = f"This figure is too large for this page: see figures/{name}.png."
        room -= size
        yield Drawing(picture.title, picture.subtitle, text, table, note)
    if left_over:
        first, *others = left_over
        more = f" and {len(others):,} more" if others else ""
        yield Drawing("Figures beside this page", f"{first}{more}", "", None)


def as_svg(picture: Picture, name: str) -> str:
    """A figure as part of a page; `name` makes its ids its own."""
    from sim.plots.parts.svg import svg  # noqa: PLC0415  (see `pictures`)

    return svg(picture, name)


def _size(table: Table | None) -> int:
    """About how many bytes of a page a table takes."""
    if table is None:
        return 0
    return sum(_CELL + 2 * len(str(cell)) for row in table.rows for cell in row)


def behind(picture: Picture) -> Table | None:
    """The numbers of a figure as a table."""
    readout = picture.readout
    if readout is None or not readout.rows:
        return None
    note = left_out(len(readout.rows), "rows", "")
    return Table(picture.title, readout.headings, readout.rows[:MOST_ROWS], note)


def assumptions(assumed: Sequence[str], more: Iterable[Block] = ()) -> Section:
    """What is assumed, and what is known of it."""
    if not assumed:
        told: list[Block] = [Paragraphs(["Nothing is assumed that Azure does not publish."])]
    else:
        first = "Azure publishes no value of these, or they are marked as guesses in the file:"
        told = [Paragraphs([first]), Listing(list(assumed))]
    return Section("assumptions", "Assumptions", [*told, *more])


def scenarios(resolved: Mapping[str, str]) -> Section:
    """The resolved scenarios, by what they are, as the folder has them."""
    blocks = [Folded(what, [Code(_cut(text), what)]) for what, text in resolved.items()]
    return Section("scenario", "Scenario", blocks)


WITH_DEFAULTS = "The scenario with every default filled in"


def _cut(text: str) -> str:
    if len(text) <= _MOST_TEXT:
        return text
    return f"{text[:_MOST_TEXT]}\n# ... the rest is in {RESOLVED}"


def reproduce(
    provenance: Mapping[str, Any], facts: Mapping[str, str], inputs: Mapping[str, str]
) -> Section:
    """The command, and what its results rest on; `inputs` are digests by file."""
    command, versions = str(provenance["command"]), provenance["versions"]
    told = {
        "made by": str(provenance["made_by"]),
        **facts,
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        **{f"SHA-256 of {name}": digest for name, digest in inputs.items()},
    }
    rows: list[list[Cell | str]] = [[name, value] for name, value in told.items()]
    blocks: list[Block] = [
        Code(shortened([command])[0], "The command that made these results"),
        Table("Where these results come from", ["what", "value"], rows[:MOST_ROWS]),
    ]
    return Section("reproduce", "How to reproduce", blocks)


def made_by(provenance: Mapping[str, Any]) -> str:
    """The last line of a page."""
    return f"Made by {provenance['made_by']}, {provenance['made_at']}"


def shortened(lines: Sequence[str], room: int = _MOST_TEXT // 6) -> list[str]:
    """As many lines as there is room for, in characters."""
    kept = []
    for line in lines:
        if len(line) > room:
            kept.append(f"{line[:room]} ... (cut)")
            break
        kept.append(line)
        room -= len(line)
    return kept


def left_out(rows: int, what: str, where: str) -> str:
    """That a table has not all rows, and where they are."""
    if rows <= MOST_ROWS:
        return ""
    more = f"{rows - MOST_ROWS:,} more {what}"
    return f"{more} are in {where}" if where else f"{more} are left out"
