"""stdout and stderr: what they can show, what they must never get, and what if they are closed."""

from __future__ import annotations

import io
import logging
import os
import re
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, TextIO

from sim.cli.screens.console import BLOCKS, Style
from sim.core.errors import ScenarioError, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_COLOUR = re.compile("(\x1b\\[[0-9]+m)")


def prepare() -> None:
    """Make both streams fit to be written to, whatever the shell gave.

    A name that a stream cannot show is escaped; a stream that is closed swallows what it gets.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # The next file that is opened would get the stream's number, and what is written to it.
            nowhere = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
            setattr(sys, name, nowhere)
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def stdin() -> BinaryIO:
    """What comes in, in bytes.

    Raises
    ------
    ScenarioError
        If it is closed.
    """
    if sys.stdin is None:
        raise ScenarioError.of(
            "is closed, so there is no scenario to read: name a file", where="stdin"
        )
    return sys.stdin.buffer


@contextmanager
def without_warnings(quiet: bool) -> Iterator[None]:
    """Let no library say anything on stderr, where the user asked for quiet."""
    if not quiet:
        yield
        return
    before = logging.root.manager.disable
    logging.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def style(stream: TextIO) -> Style:
    """Plain when piped, and no more than the stream can show."""
    # A console of Windows may show the codes of colours instead of colours.
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or os.name == "nt"
    try:
        BLOCKS.encode(stream.encoding or "ascii")
        shows_blocks = True
    except UnicodeEncodeError:
        shows_blocks = False
    return Style(colour=stream.isatty() and not plain, blocks=shows_blocks)


def text(lines: Iterable[str]) -> str:
    """Lines as a stream gets them: of control characters only our own colours."""
    return "".join(f"{_shown(line)}\n" for line in lines)


def _shown(line: str) -> str:
    parts = _COLOUR.split(line)
    return "".join(part if _COLOUR.fullmatch(part) else one_line(part) for part in parts)


def write(stream: TextIO, content: str) -> str | None:
    """Write all of it; why that failed, None where it did not or its reader has had enough."""
    try:
        stream.write(content)
        stream.flush()
    except OSError as error:
        # Python would complain once more when it closes the stream in the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return None if isinstance(error, BrokenPipeError) else error.strerror or str(error)
    except ValueError:  # whoever called us has closed it
        return None
    return None


def tell(lines: Iterable[str]) -> None:
    """Say something on stderr; where that fails nobody is left to be told."""
    write(sys.stderr, text(lines))
