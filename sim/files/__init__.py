"""The disk: the only place that touches it.

Result folders are written beside their target and renamed when whole, so that nobody ever sees half
of one, and an old one goes only when its successor is complete.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from sim.errors import Problem, ScenarioError
from sim.formats.checking import nearest
from sim.formats.tree import LARGEST
from sim.scenario import Scenario, files_named
from sim.units import shorten

if TYPE_CHECKING:
    from os import PathLike

LARGEST_INPUT = 256 * 2**20
"""Bytes of a file that a scenario names."""

RESULTS = "results"
"""The folder that holds results where no other is asked for."""
PROVENANCE = "provenance.json"
MAKER = "rollout-sim"
"""Begins `made_by` in the provenance of our folders."""
OURS = frozenset(
    {
        PROVENANCE,
        "scenario.resolved.yaml",
        "summary.csv",
        "comparison.csv",
        "progress.csv",
        "objectives.csv",
        "operations.csv",
        "replications.parquet",
        "timelines.parquet",
        "events.parquet",
        "bands.parquet",
        "report.html",
        "figures",
        "variants",
    }
)
"""What a result folder may hold."""

Content: TypeAlias = str | bytes | pa.Table | Iterable[pa.Table]
"""What a file of a result holds. Tables go to .csv, or to .parquet, one after the other."""


# Scenarios ----------------------------------------------------------------------------------------


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
    file = Path(path)
    origin = str(path)
    try:
        text = _read(file, LARGEST)
    except ValueError as error:
        raise ScenarioError.of(f"{error}{_instead(file)}", where=origin) from None
    contents, unread = _read_named(file.parent, files_named(text, origin, changes))
    try:
        # The scenario's own text is kept with the files that it names: provenance digests them all.
        return Scenario.from_text(text, origin, {**contents, file.name: text}, changes)
    except ScenarioError as error:
        raise ScenarioError([*error.problems, *unread]) from None


def loads(text: str | bytes) -> Scenario:
    """Read a scenario that names no other files from its text.

    Raises
    ------
    ScenarioError
        With all that one stage found.
    """
    return Scenario.from_text(text, "scenario")


def _read_named(folder: Path, names: Iterable[str]) -> tuple[dict[str, bytes], list[Problem]]:
    """The files' contents by name, and why the rest could not be read.

    What is missing is told by the scenario, which knows the place that names it.
    """
    contents, unread = {}, []
    for name in names:
        try:
            contents[name] = _read(folder / name, LARGEST_INPUT)
        except ValueError as error:
            unread.append(Problem(name, "", str(error)))
    return contents, unread


def _read(path: Path, most: int) -> bytes:
    """A file's content. ValueError(rule) where it is none, or has more than `most` bytes."""
    try:
        if path.is_dir():  # Windows would say that permission is denied
            raise ValueError("must be a file, got a directory")
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
    except OSError:
        return ""
    name = None if missing.exists() else nearest(missing.name, near)
    return f"; did you mean {name}?" if name else ""


# Result folders: writing --------------------------------------------------------------------------


def check_target(path: str | PathLike[str] | None, *, overwrite: bool = False) -> None:
    """Whether results may be written there, to be asked before they are made.

    Raises
    ------
    ScenarioError
        If something is there that must stay.
    """
    if path is not None:
        _check(Path(path), overwrite=overwrite)


def write_results(
    path: str | PathLike[str] | None,
    name: str,
    parts: Iterable[tuple[str, Content]],
    *,
    overwrite: bool = False,
) -> Path:
    """Write a result folder: file name -> content. Gives the folder.

    Without `path` it is a new one, ``results/NAME``, ``results/NAME-2`` and so on. `overwrite` lets
    it take the place of another result.

    Raises
    ------
    ScenarioError
        If the folder cannot be written there. What is there stays.
    """
    check_target(path, overwrite=overwrite)
    target = Path(RESULTS, _file_name(name)) if path is None else Path(path)
    draft = target.parent / f".{target.name}-{uuid4().hex[:8]}"
    try:
        draft.mkdir(parents=True)
        for part, content in parts:
            _write(draft / part, content)
        if path is None:
            return _place_new(draft, target)
        return _place(draft, target, overwrite=overwrite)
    except OSError as error:
        _refuse(target, f"must be a folder that can be written, got: {error.strerror}")
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _place_new(draft: Path, target: Path) -> Path:
    """Rename to the first name that is free, also where others take names at the same time."""
    for number in count(1):
        free = target if number == 1 else target.with_name(f"{target.name}-{number}")
        if not os.path.lexists(free):
            try:
                return draft.rename(free)
            except OSError:
                if not os.path.lexists(free):
                    raise
    raise AssertionError  # a count does not end


def _place(draft: Path, target: Path, *, overwrite: bool) -> Path:
    """Rename to a certain name; what is there is put aside first, and back if that fails."""
    _check(target, overwrite=overwrite)  # again: much may have happened meanwhile
    if not os.path.lexists(target):
        return draft.rename(target)
    former = draft.with_name(f"{draft.name}-former")
    target.rename(former)
    try:
        draft.rename(target)
    except OSError:
        former.rename(target)
        raise
    shutil.rmtree(former, ignore_errors=True)
    return target


def _check(target: Path, *, overwrite: bool) -> None:
    if not os.path.lexists(target):
        return
    if not target.is_dir() or target.is_symlink():
        _refuse(target, "must be a folder or a new name, got something else")
    if not overwrite:
        _refuse(target, "must be a new name, got a folder that exists; overwrite replaces results")
    if not _is_ours(target):
        _refuse(target, f"must be results to be overwritten, got no {PROVENANCE} of {MAKER} in it")
    foreign = sorted(each.name for each in target.iterdir() if each.name not in OURS)
    if foreign:
        _refuse(target, f"must hold results alone to be overwritten, got {shorten(foreign[0])}")


def _is_ours(folder: Path) -> bool:
    try:
        provenance = json.loads((folder / PROVENANCE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(provenance, dict) and str(provenance.get("made_by", "")).startswith(MAKER)


def _refuse(target: Path, rule: str) -> NoReturn:
    raise ScenarioError.of(rule, where=str(target)) from None


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
    elif path.suffix == ".csv" and isinstance(content, pa.Table):
        path.write_bytes(_csv(content).encode())
    else:
        _write_parquet(path, [content] if isinstance(content, pa.Table) else content)


def _write_parquet(path: Path, tables: Iterable[pa.Table]) -> None:
    writer = None
    try:
        for table in tables:
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
    finally:
        if writer:
            writer.close()


def _csv(table: pa.Table) -> str:
    """Numbers in full precision, nothing where there is none."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return out.getvalue()


# Result folders: reading --------------------------------------------------------------------------


def read_provenance(folder: str | PathLike[str]) -> dict[str, Any]:
    """What a result folder says about its origin.

    Raises
    ------
    ScenarioError
        If it is no result folder of ours.
    """
    path = Path(folder)
    if not _is_ours(path):
        _refuse(path, f"must be a folder of results, got no {PROVENANCE} of {MAKER} in it")
    provenance: dict[str, Any] = json.loads((path / PROVENANCE).read_text(encoding="utf-8"))
    return provenance


def has(folder: str | PathLike[str], name: str) -> bool:
    """Whether a result folder has a file."""
    return Path(folder, name).is_file()


def read_text(folder: str | PathLike[str], name: str) -> str:
    """A text of a result folder.

    Raises
    ------
    ScenarioError
        If it is missing.
    """
    path = Path(folder, name)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        _refuse(path, f"must be a file of results, got: {shorten(str(error))}")


def read_table(folder: str | PathLike[str], name: str, schema: pa.Schema) -> pa.Table:
    """A table of a result folder, as it was written.

    Raises
    ------
    ScenarioError
        If it is missing, or not a table with these columns.
    """
    path = Path(folder, name)
    try:
        if path.suffix == ".csv":
            return _read_csv(path, schema)
        return pq.read_table(path, schema=schema)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        _refuse(path, f"must be a table of results, got: {shorten(str(error))}")


def _read_csv(path: Path, schema: pa.Schema) -> pa.Table:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = [pa.array([_value(row[f.name], f.type) for row in rows], f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _value(text: str, kind: pa.DataType) -> str | float | int | None:
    if kind == pa.string():
        return text
    if not text:
        return None
    return int(text) if kind == pa.int64() else float(text)
