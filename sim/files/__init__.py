"""The disk: the only place that touches it.

Result folders are written beside their target and renamed when whole, so that nobody ever sees half
of one, and an old one goes only when its successor is complete.
"""

from __future__ import annotations

import errno
import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import file_digest, sha256
from importlib.metadata import PackageNotFoundError, distribution
from itertools import count
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeAlias

from sim.core.errors import ScenarioError
from sim.core.units import shorten
from sim.files import exchange
from sim.files.scenarios import as_path, load, load_stream, loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from os import PathLike

    import pyarrow as pa

__all__ = [
    "ANSWER",
    "MAKER",
    "REPORT",
    "Content",
    "ResultFolder",
    "check_target",
    "default_target",
    "load",
    "load_stream",
    "loads",
    "of_another_form",
    "write_results",
]

RESULTS = "results"
"""The folder that holds results where no other is asked for."""
PROVENANCE = "provenance.json"
ANSWER, REPORT = "answer.txt", "report.html"
FILES, SEAL = "files", "sha256"
"""Keys of a provenance: all other files of the folder with their digests; its own digest."""
MAKER = "rollout-sim"
"""Begins `made_by` in the provenance of our folders."""
Content: TypeAlias = "str | bytes | pa.Table | Iterable[pa.Table]"
"""What a file of a result holds. Tables go to .csv, or to .parquet, one after the other."""


# Result folders: writing --------------------------------------------------------------------------


def check_target(path: str | PathLike[str] | None, *, overwrite: bool = False) -> None:
    """Whether results can be written there, to be asked before they are made.

    Without `path`, whether a new folder can be made where results go by default.

    Raises
    ------
    ScenarioError
        If something is there that must stay, or no folder can be made beside it.
    """
    shown = Path(RESULTS, MAKER) if path is None else Path(path)
    if "\0" in str(shown):
        _refuse(shown, "must be a path, got a control character")
    target = exchange.resolve(shown)
    if path is not None:
        _check_free(path, target, overwrite=overwrite)
    missing = [each for each in target.parents if not os.path.lexists(each)]
    try:
        # Only the attempt tells: neither a read-only disk nor a name too long shows in permissions.
        with exchange.draft(target), suppress(FileNotFoundError):
            target.lstat()
    except OSError as error:
        _refuse(shown, f"must be a folder that can be written, got: {exchange.why(error)}")
    finally:
        for each in missing:
            with suppress(OSError):
                each.rmdir()


def write_results(
    path: str | PathLike[str] | None,
    name: str,
    parts: Iterable[tuple[str, Content]],
    provenance: Mapping[str, Any],
    *,
    overwrite: bool = False,
) -> Path:
    """Write a result folder: file name -> content. Gives the folder.

    Without `path` it is a new one, ``results/NAME``, ``results/NAME-2`` and so on. `overwrite` lets
    it take the place of another result. The provenance is written last, with a list of all files.

    Raises
    ------
    ScenarioError
        If the folder cannot be written there. What is there stays.
    """
    shown = default_target(name) if path is None else Path(path)
    target = exchange.resolve(shown)
    if path is not None:
        _check_free(path, target, overwrite=overwrite)
    try:
        with exchange.draft(target) as folder:
            written = {}
            for part, content in parts:
                _write(folder / part, content)
                written[part] = _digest(folder / part)
            _write(folder / PROVENANCE, _sealed({**provenance, FILES: written}))
            if path is None:
                return shown.with_name(_take_free_name(folder, target))
            # Again: much may have happened meanwhile.
            check = partial(_check_free, path, overwrite=overwrite)
            exchange.place(folder, target, check)
    except OSError as error:
        _refuse(shown, f"must be a folder that can be written, got: {exchange.why(error)}")
    return shown


def default_target(name: str) -> Path:
    """Where the results of a scenario go by default, if nothing is there."""
    return Path(RESULTS, _file_name(name))


def _take_free_name(folder: Path, target: Path) -> str:
    """Rename to the first name that is free, also where others take names at the same time."""
    for number in count(1):
        free = target if number == 1 else target.with_name(f"{target.name}-{number}")
        if not os.path.lexists(free) and exchange.take_name(folder, free):
            return free.name
    raise AssertionError  # a count does not end


def _check_free(path: str | PathLike[str], folder: Path, *, overwrite: bool) -> None:
    """Whether `folder`, which the user calls `path`, is not there or may be replaced."""
    while (looked_at := _identity(folder)) is not None:
        try:
            _check_results(path, folder, overwrite=overwrite)
        except ScenarioError:
            if _identity(folder) == looked_at:
                raise
            continue  # another writer put a new one in its place meanwhile
        return


def _identity(folder: Path) -> tuple[int, int] | None:
    """Which one it is that has the name; None where nothing has it."""
    try:
        found = folder.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _check_results(path: str | PathLike[str], folder: Path, *, overwrite: bool) -> None:
    if not folder.is_dir() or folder.is_symlink():
        _refuse(path, "must be a folder or a new name, got something else")
    if not overwrite:
        rule = "must be a new name, got a folder that exists; overwrite=True replaces results"
        _refuse(path, rule)
    ours = {PROVENANCE, *ResultFolder.at(folder, path).files}
    foreign = next((file for file in _files_below(folder) if file not in ours), None)
    if foreign is not None:
        rule = "must hold only files of its own results to be overwritten, got"
        _refuse(path, f"{rule} {shorten(foreign)}")


def _files_below(folder: Path) -> Iterator[str]:
    """All that is below a folder and no folder itself; links are not followed."""
    for root, folders, names in os.walk(folder):
        links = [each for each in folders if Path(root, each).is_symlink()]
        for each in sorted([*links, *names]):
            yield Path(root, each).relative_to(folder).as_posix()


def _refuse(path: str | PathLike[str], rule: str) -> NoReturn:
    raise ScenarioError.of(rule, where=str(Path(path))) from None


def _file_name(name: str) -> str:
    """A name that every file system takes."""
    plain = re.sub(r"[^\w.-]+", "-", name)[:60].strip("-.") or "scenario"
    # Windows keeps these for devices, whatever follows the first dot.
    reserved = re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", plain, re.IGNORECASE)
    return f"{plain}-scenario" if reserved else plain


def _write(path: Path, content: Content) -> None:
    path.parent.mkdir(exist_ok=True)
    if isinstance(content, str):
        content = content.encode()
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        from sim.files.tables import write_table  # noqa: PLC0415  (pyarrow, for results only)

        write_table(path, content)


# Result folders: reading --------------------------------------------------------------------------


@dataclass(frozen=True)
class ResultFolder:
    """A folder of results. What is read from it is as it was written, or refused by its name."""

    path: Path
    shown: str
    """What messages call it."""
    provenance: Mapping[str, Any]

    @classmethod
    def at(cls, path: str | PathLike[str], shown: str | PathLike[str] = "") -> Self:
        """The folder at `path`.

        Raises
        ------
        ScenarioError
            If it holds no results of ours, or its provenance is not as it was written.
        """
        where = str(shown or as_path(path))
        try:
            folder = exchange.resolve(as_path(path))
            if not folder.exists():  # a writer that was killed may have left it under another name
                exchange.mend(folder)
        except (OSError, ValueError) as error:  # a name too long, or with a NUL
            got = getattr(error, "strerror", None) or error
            _refuse(where, f"must be a folder of results, got: {got}")
        try:
            provenance = json.loads(_regular(folder / PROVENANCE).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            provenance = None
        if not isinstance(provenance, dict) or not _is_ours(provenance):
            _refuse(where, f"must be a folder of results, got no {PROVENANCE} of {MAKER} in it")
        if SEAL not in provenance:
            _refuse(where, of_another_form(provenance))
        if provenance[SEAL] != _seal(provenance) or not _lists_files(provenance.get(FILES)):
            rule = f"must be results as they were written, got a {PROVENANCE} that was changed"
            _refuse(where, rule)
        return cls(folder, where, provenance)

    @property
    def files(self) -> Mapping[str, str]:
        """Name, with ``/`` below folders -> SHA-256 of the content; without the provenance."""
        files: Mapping[str, str] = self.provenance[FILES]
        return files

    def file(self, name: str) -> Path:
        """Where one of the files is. ScenarioError if it is missing, or not as it was written."""
        path, where = self.path / name, Path(self.shown, name)
        if name not in self.files:
            _refuse(where, "must be a file of these results, got one that they do not list")
        try:
            written = _digest(path) == self.files[name]
        except OSError as error:
            _refuse(where, f"must be a file of results, got: {error.strerror}")
        if not written:
            _refuse(where, "must be as it was written, got a file that was changed or cut short")
        return path

    def text(self, name: str) -> str:
        """A text. ScenarioError if it is missing, or not as it was written."""
        return self.file(name).read_text(encoding="utf-8")

    def content(self, name: str) -> bytes:
        """What is in a file. ScenarioError if it is missing, or not as it was written."""
        return self.file(name).read_bytes()

    def table(self, name: str, schema: pa.Schema) -> pa.Table:
        """A table. ScenarioError if it is missing, not as it was written, or has other columns."""
        from sim.files.tables import read_table  # noqa: PLC0415  (pyarrow, for results only)

        path = self.file(name)
        try:
            return read_table(path, schema)
        except (OSError, ValueError) as error:
            self._refuse_table(name, error)

    def pieces(self, name: str, schema: pa.Schema) -> Iterator[pa.Table]:
        """A Parquet table, as few rows at once as it was written. ScenarioError as of `table`."""
        from sim.files.tables import read_pieces  # noqa: PLC0415  (pyarrow, for results only)

        path = self.file(name)
        try:
            yield from read_pieces(path, schema)
        except (OSError, ValueError) as error:
            self._refuse_table(name, error)

    def _refuse_table(self, name: str, error: Exception) -> NoReturn:
        where = Path(self.shown, name)
        _refuse(where, f"must be a table of this version, got: {shorten(str(error))}")

    def put(self, name: str, content: str) -> Path:
        """Write one of the files again, or a new one, and list it. Gives its path as it is shown.

        Raises
        ------
        ScenarioError
            If it cannot be written there. What is there stays.
        """
        try:
            with exchange.draft(self.path) as draft:
                _write(draft / name, content)
                listed = {**self.files, name: _digest(draft / name)}
                about = {**self.provenance, FILES: listed}
                _write(draft / PROVENANCE, _sealed(about))
                # The list goes first: what it does not know is nobody's, and may not be replaced.
                (draft / PROVENANCE).replace(self.path / PROVENANCE)
                (draft / name).replace(self.path / name)
        except OSError as error:
            rule = f"must be a folder that can be written, got: {exchange.why(error)}"
            _refuse(self.shown, rule)
        return Path(self.shown, name)


def of_another_form(provenance: Mapping[str, Any]) -> str:
    """The rule that results break of which this version cannot read all that it needs."""
    made_by = provenance["made_by"]
    return f"must be results in the form that this version reads, got those of {made_by}"


def _is_ours(provenance: Mapping[str, Any]) -> bool:
    return str(provenance.get("made_by", "")).startswith(MAKER)


def _lists_files(files: object) -> bool:
    """Whether it is a mapping of names that lie within a folder, with their digests."""
    return isinstance(files, dict) and all(
        isinstance(digest, str)
        and _is_within(PurePosixPath(name))
        and _is_within(PureWindowsPath(name))
        for name, digest in files.items()
    )


def _is_within(name: PurePath) -> bool:
    return not name.anchor and ".." not in name.parts


def _sealed(provenance: Mapping[str, Any]) -> str:
    """A provenance as it is written, with the digest of the rest of it."""
    return json.dumps({**provenance, SEAL: _seal(provenance)}, indent=2) + "\n"


def _seal(provenance: Mapping[str, Any]) -> str:
    """A digest of all of a provenance but itself: any other content has another one."""
    content = {key: value for key, value in provenance.items() if key != SEAL}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _regular(path: Path) -> Path:
    """The same, if it can be read to an end. OSError otherwise."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "a folder, a pipe or a device")
    return path


def _digest(path: Path) -> str:
    with _regular(path).open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def library_version(library: str) -> str:
    """The version of an installed library, ``unknown`` where it is not installed."""
    try:
        told = distribution(library).read_text("METADATA") or ""
    except PackageNotFoundError:  # not needed for these results
        return "unknown"
    # Parsing it as a message, as `version` does, takes a millisecond a library.
    found = re.search(r"^Version: *(\S+)", told, re.MULTILINE)
    return found[1] if found else "unknown"
