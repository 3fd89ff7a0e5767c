"""What stands on a page: sections of paragraphs, tables, figures. Texts are plain, never HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Tone = Literal["met", "missed", "undecided", "failed", ""]
"""How an answer sounds: `failed` is a fault of the program, nothing where nothing is asked."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table."""

    text: str
    value: str = ""
    """The number in full, as a table of results has it."""
    below: str = ""
    """What stands below in small letters, such as an interval."""
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first cell of each row is its name."""

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    note: str = ""
    """What is not in it."""
    kind: ClassVar = "table"


@dataclass(frozen=True, slots=True)
class Paragraphs:
    """Lines of text; one that begins with spaces belongs to the one before it."""

    lines: Sequence[str]
    kind: ClassVar = "paragraphs"


@dataclass(frozen=True, slots=True)
class Listing:
    """Points, one below the other."""

    items: Sequence[str]
    kind: ClassVar = "listing"


@dataclass(frozen=True, slots=True)
class Code:
    """A text as it stands in a file or in a shell."""

    text: str
    what: str
    kind: ClassVar = "code"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure, and the table behind it."""

    title: str
    subtitle: str
    svg: str
    """Inline SVG, or an image: the only markup of a page that is not its template's own."""
    table: Table | None
    note: str = ""
    kind: ClassVar = "drawing"


@dataclass(frozen=True, slots=True)
class Folded:
    """What is read by who asks for it, and on paper."""

    summary: str
    blocks: Sequence[Block]
    printed: bool = True
    kind: ClassVar = "folded"


Block: TypeAlias = "Table | Paragraphs | Listing | Code | Drawing | Folded"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page with its own heading."""

    key: str
    """Its address within the page."""
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer in one sentence that can be passed on as it is."""

    tone: Tone
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Output:
    """What an object shows in a notebook, as a part of its page."""

    title: str
    verdict: Verdict | None
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Page:
    """All of it; sections without a block are not shown."""

    name: str
    question: str
    size: str
    """What was simulated, and how often."""
    verdict: Verdict
    warnings: Sequence[str]
    """What is told beside the verdict, the worst first."""
    sections: Sequence[Section]
    made_by: str
    above_warnings: str = "What happened in the runs"
