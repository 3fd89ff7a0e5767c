"""The files that a scenario names: which they are, and their content where they are named.

Nothing here touches a disk: whoever does hands the content over.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeGuard

from sim.formats.fields import Spec
from sim.formats.outside_files import quotable
from sim.systems.base.spec import Issue

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class InputFile:
    """A file that the scenario names."""

    path: str
    """As the scenario names it."""
    sha256: str
    """Digest of its content, in hexadecimal."""


class NamesFiles(Protocol):
    """A part of a scenario that may name files."""

    @property
    def files(self) -> Mapping[tuple[str, ...], str]:
        """The keys below the part under which a file is named -> its name there."""

    def with_contents(self, contents: Mapping[str, bytes]) -> Self:
        """The same with its files read; it still dumps as written. ValueError(rule)."""


def not_given(file: str) -> str:
    """The rule that a name breaks whose file was not given."""
    return f"must name a file that can be read (from the scenario's folder), got {file}"


class Reader:
    """Gives the parts that name files the content of these, and gathers what is wrong."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents
        self._read: dict[str, InputFile] = {}
        self.missing: list[str] = []
        """The files that are named and were not given."""
        self.findings: list[Issue] = []

    @property
    def inputs(self) -> tuple[InputFile, ...]:
        """The files that were read, in order of name."""
        return tuple(self._read[name] for name in sorted(self._read))

    def fill(self, value: Any, path: tuple[str | int, ...]) -> Any:
        """The same part of a scenario, in which every file that it names is read."""
        if _may_name_files(value) and value.files:
            value = self._filled(value, path)
        if isinstance(value, Spec):
            return self._fill_fields(value, path)
        if isinstance(value, dict):
            entries = {key: self.fill(each, (*path, key)) for key, each in value.items()}
            return value if all(entries[key] is value[key] for key in value) else entries
        if isinstance(value, tuple):
            items = tuple(self.fill(each, (*path, place)) for place, each in enumerate(value))
            return value if all(map(_same, items, value)) else items
        return value

    def _fill_fields(self, spec: Spec, path: tuple[str | int, ...]) -> Spec:
        fields, given = type(spec).model_fields, spec.model_fields_set  # no default names a file
        changed = {}
        for name in (name for name in fields if name in given):
            value = getattr(spec, name)
            if type(value) not in _SCALARS:
                filled = self.fill(value, (*path, fields[name].alias or name))
                if filled is not value:
                    changed[name] = filled
        return spec.model_copy(update=changed) if changed else spec

    def _filled(self, part: NamesFiles, path: tuple[str | int, ...]) -> NamesFiles:
        absent = {keys: file for keys, file in part.files.items() if file not in self._contents}
        for keys, file in absent.items():
            self.findings.append(Issue((*path, *keys), not_given(file)))
        self.missing += absent.values()
        if absent:
            return part
        for file in part.files.values():
            self._read[file] = InputFile(file, sha256(self._contents[file]).hexdigest())
        try:
            return part.with_contents(self._contents)
        except ValueError as error:
            keys, file = next(iter(part.files.items()))  # no part names more than one
            told = quotable(file, str(error))
            self.findings.append(Issue((*path, *keys), f"{file}: {told}"))
            return part


_SCALARS = frozenset({str, int, float, bool, type(None)})
"""Of what they are most of a file is, and they name none: not to look at each saves time."""


def _may_name_files(part: object) -> TypeGuard[NamesFiles]:
    """Ask the class: isinstance with a protocol costs more than the rest of a file's reading."""
    return hasattr(type(part), "with_contents")


def _same(one: object, other: object) -> bool:
    return one is other
