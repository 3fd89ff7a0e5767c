"""A scenario file as its user gave it: read once and checked once, together with its variants."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from sim.core.errors import Problem, ScenarioError
from sim.formats.fields import LONGEST_NAME
from sim.formats.yaml_reading import read
from sim.scenario.inputs import Reader
from sim.scenario.sweeps import Sweep, sweep_of
from sim.scenario.variants import Draft, drafts, overridden, without

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sim.formats.tree import Node
    from sim.scenario.references import Linked


@dataclass(frozen=True)
class _Kept:
    """What is found out once is kept, but goes along to no other process: it can be found again."""

    def __getstate__(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True)
class Document(_Kept):
    """A scenario file: its tree, which knows the place of every value."""

    tree: Node
    name: str
    """Its name where the tree has none."""
    question: str

    @classmethod
    def of_text(
        cls,
        text: bytes | str,
        origin: str = "",
        changes: Mapping[str, object] = MappingProxyType({}),
    ) -> Self:
        """Read a file, with other values in it: see `Scenario.from_text`."""
        tree = changed(read(text, origin), changes)
        return cls(tree, _stem(origin), _question(text))

    @cached_property
    def drafts(self) -> list[Draft]:
        """The file and its variants, with keys and values that are right.

        Raises
        ------
        ScenarioError
            With all that are wrong.
        """
        return drafts(self.tree)

    @cached_property
    def sweep(self) -> Sweep | None:
        """The points that the file names.

        Raises
        ------
        ScenarioError
            With all that is wrong, as far as no point need be made for it.
        """
        entry = self.drafts[0].file.sweep
        return None if entry is None else sweep_of(self.tree, entry)

    @property
    def files(self) -> tuple[str, ...]:
        """The other files that the file, its variants and points name, as they name them.

        Raises
        ------
        ScenarioError
            Where a key or a value is wrong.
        """
        reader = Reader({})
        for draft in (*self.drafts, *self._varied()):
            reader.fill(draft.file, ())
        return tuple(dict.fromkeys(reader.missing))

    def _varied(self) -> Iterator[Draft]:
        """The file with each value of a sweep that may name another file, as far as it is right."""
        rest = without(without(self.tree, "sweep"), "variants")
        for axis in self.sweep.axes if self.sweep else ():
            for value in () if axis.is_number else axis.values:
                with suppress(ScenarioError):  # told when the points are checked
                    yield from drafts(rest if value is None else changed(rest, {axis.path: value}))


@dataclass(frozen=True)
class Written(_Kept):
    """A scenario file with the content of the files that it names."""

    document: Document
    contents: Mapping[str, bytes]

    @property
    def tree(self) -> Node:
        """The file itself."""
        return self.document.tree

    @cached_property
    def linked(self) -> list[Linked]:
        """The file and its variants, in that order, each with parts that know each other.

        Raises
        ------
        ScenarioError
            With all that does not fit together.
        """
        problems: list[Problem] = []
        linked = [draft.link(self.contents, problems) for draft in self.document.drafts]
        if problems:
            raise ScenarioError(problems)
        return linked


def changed(tree: Node, changes: Mapping[str, object]) -> Node:
    """The file with other values. ScenarioError with all that is wrong with their paths."""
    problems: list[Problem] = []
    found = overridden(tree, changes, problems)
    if problems:
        raise ScenarioError(problems)
    return found


def _stem(origin: str) -> str:
    """The name of a file's scenario where it gives none: a legal one, whatever the file's is."""
    stem = "".join(c if c.isprintable() else "-" for c in PurePath(origin).stem)
    return stem.replace("\\", "-")[:LONGEST_NAME].strip() or "scenario"


def _question(text: bytes | str) -> str:
    """What the first comment asks."""
    content = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    for line in content.splitlines():
        asked = re.fullmatch(r"#\s*Question:\s*(.*\S)\s*", line)
        if asked:
            return asked[1]
        if line.strip() and not line.startswith("#"):
            break
    return ""
