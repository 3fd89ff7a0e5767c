"""An answer in the requested form: text, JSON, Markdown, JUnit XML."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.cli.answers import streams
from sim.cli.answers.answer import Answer, command_line, not_written
from sim.cli.answers.json_text import json_text
from sim.cli.answers.junit import xml
from sim.cli.options.arguments import PROGRAM
from sim.cli.screens.console import Style, as_markdown, paragraph
from sim.core.version import __version__

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from sim.cli.answers.junit import Suite


@dataclass(frozen=True)
class Forms:
    """What an answer says, in each of its forms."""

    lines: Callable[[Style], list[str]]
    end: Sequence[str]
    """Lines below it: what it rests on."""
    end_with_places: Sequence[str]
    """The same, and where the results are."""
    data: Callable[[], dict[str, Any]]
    suites: Callable[[], list[Suite]]


def in_form(options: argparse.Namespace, code: int, said: Sequence[str], forms: Forms) -> Answer:
    """The answer with its exit code; `said` goes to stderr too, unless what is read tells it."""
    form = options.format or "text"
    if form == "text":
        style = streams.style(sys.stdout)
        before = [] if _is_told_before(options) else forms.lines(style)
        lines = [*before, *forms.end_with_places]
        return Answer(streams.text(lines), code, tuple(said))
    if form == "json":
        text = json_text(forms.data())
    elif form == "markdown":
        made_by = paragraph(f"made by {PROGRAM} {__version__}: {command_line(options.words)}")
        text = as_markdown([*forms.lines(Style(blocks=True, markdown=True)), *forms.end, *made_by])
    else:
        text = xml(forms.suites())
    return Answer(text, code, () if options.quiet else tuple(said))


def told_before(options: argparse.Namespace, lines: Callable[[Style], list[str]]) -> str:
    """Tell who reads the answer as text before its results are saved, which may take a while.

    Gives what went wrong with that, or nothing.
    """
    if not _is_told_before(options):
        return ""
    failed = streams.write(sys.stdout, streams.text(lines(streams.style(sys.stdout))))
    return not_written(failed) if failed else ""


def _is_told_before(options: argparse.Namespace) -> bool:
    return (options.format or "text") == "text" and not options.no_files
