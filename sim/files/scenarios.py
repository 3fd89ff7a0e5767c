"""Scenario files, and the files that they name, from the disk."""

from __future__ import annotations

import stat
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

from sim.core.errors import ScenarioError
from sim.core.units import shorten_any
from sim.formats.checking import nearest
from sim.formats.tree import LARGEST
from sim.scenario import Document, Scenario, not_given

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sim.core.errors import Problem

LARGEST_INPUT = 256 * 2**20
"""Bytes of a file that a scenario names."""


def load(
    path: str | PathLike[str], changes: Mapping[str, object] = MappingProxyType({})
) -> Scenario:
    """Read a scenario file and the files that it names, whose paths are relative to it.

    Parameters
    ----------
    changes
        Other values in the file (path -> value, as `Scenario.override`); they may name other files.

    Raises
    ------
    ScenarioError
        With all that one stage found.
    """
    file = as_path(path)
    origin = str(path)
    try:
        text = _read(file, LARGEST)
    except ValueError as error:
        raise ScenarioError.of(f"{error}{_instead(file)}", where=origin) from None
    return _scenario(text, file, origin, changes)


def load_stream(
    stream: BinaryIO, name: str, changes: Mapping[str, object] = MappingProxyType({})
) -> Scenario:
    """As `load`, from a stream; the files that it names are relative to the current folder.

    `name` is what messages, and a scenario without a name, are called.
    """
    text = stream.read(LARGEST + 1)  # what is too large is refused by its reader
    return _scenario(text, Path(name), name, changes)


def _scenario(text: bytes, file: Path, origin: str, changes: Mapping[str, object]) -> Scenario:
    document = Document.of_text(text, origin, changes)
    contents, unread = _read_named(file.parent, document.files)
    try:
        # The scenario's own text is kept with the files that it names: provenance digests them all.
        return Scenario.from_document(document, {**contents, file.name: text})
    except ScenarioError as error:
        raise ScenarioError(_with_reasons(error.problems, unread)) from None


def _with_reasons(problems: Iterable[Problem], unread: Mapping[str, str]) -> Iterator[Problem]:
    """With each place that names a file that could not be read, why that is."""
    names = {not_given(name): name for name in unread}
    for problem in problems:
        yield problem
        name = names.get(problem.rule)
        if name is not None:
            yield replace(problem, rule=f"{name}: {unread[name]}")


def as_path(path: object) -> Path:
    """A path that was given from Python. ScenarioError where it is none."""
    if isinstance(path, str | PathLike) and isinstance(fspath(path), str):
        return Path(path)
    raise ScenarioError.of(f"must be a path, such as shop.yaml, got {shorten_any(path)}")


def loads(text: str | bytes) -> Scenario:
    """Read a scenario that names no other files from its text.

    Raises
    ------
    ScenarioError
        With all that one stage found.
    """
    if not isinstance(text, str | bytes):
        raise ScenarioError.of(f"must be the text of a scenario, got {shorten_any(text)}")
    return Scenario.from_text(text, "scenario")


def _read_named(folder: Path, names: Iterable[str]) -> tuple[dict[str, bytes], dict[str, str]]:
    """The files' contents by name, and by name why the rest could not be read."""
    contents, unread = {}, {}
    for name in names:
        try:
            contents[name] = _read(folder / name, LARGEST_INPUT)
        except ValueError as error:
            unread[name] = str(error)
    return contents, unread


def _read(path: Path, most: int) -> bytes:
    """A file's content. ValueError(rule) where it is none, or has more than `most` bytes."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):  # Windows would say that permission is denied
            raise ValueError("must be a file, got a directory")
        if not stat.S_ISREG(mode):  # it may never end, or never begin
            raise ValueError("must be a file, got a pipe or a device")
        with path.open("rb") as file:
            content = file.read(most + 1)
    except FileNotFoundError:
        raise ValueError("must be a file, got a name that does not exist") from None
    except OSError as error:
        raise ValueError(f"must be a file that can be read, got: {error.strerror}") from None
    if len(content) > most:
        raise ValueError(f"must be at most {most // 2**20} MiB, got more")
    return content


def _instead(missing: Path) -> str:
    """Which scenario of the same folder may be meant."""
    try:
        near = [each.name for each in missing.parent.iterdir() if each.suffix in (".yaml", ".yml")]
        name = None if missing.exists() else nearest(missing.name, near)
    except (OSError, ValueError):  # a name too long, or with a NUL
        return ""
    return f"; did you mean {name}?" if name else ""
