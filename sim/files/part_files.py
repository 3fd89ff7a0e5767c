"""Rows that workers write themselves, beside the finished work of a run.

Each file is renamed in when it is whole and has the digest of its content in its name. A worker on
another machine does not see the folder: what it would write comes back in bytes, to be put there.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest, sha256
from typing import TYPE_CHECKING, Self
from uuid import uuid4

import pyarrow as pa

from sim.files.tables import ParquetWriter

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class PartsFolder:
    """Where workers write. It pickles."""

    path: Path
    token: str
    """A file that no other folder has, also where one on another machine has the same path."""

    @classmethod
    def at(cls, path: Path) -> Self:
        """The folder, made if it is not there. OSError as the disk says."""
        path.mkdir(exist_ok=True)
        for old in path.glob("*.token"):
            old.unlink()
        token = f"{uuid4().hex}.token"
        (path / token).touch()
        return cls(path, token)

    @property
    def is_here(self) -> bool:
        """Whether this process sees it and may write there."""
        return (self.path / self.token).exists() and os.access(self.path, os.W_OK)

    def put(self, name: str, content: bytes) -> str:
        """Write what came back from afar; gives the file's name. OSError as the disk says."""
        new = self.new(name)
        try:
            new.write_bytes(content)
            return self.take(name, new, sha256(content).hexdigest())
        finally:
            new.unlink(missing_ok=True)

    def new(self, name: str) -> Path:
        """Where to write until it is whole: the same may be written twice at the same time."""
        return self.path / f"{name}.{uuid4().hex[:8]}.new"

    def take(self, name: str, new: Path, digest: str) -> str:
        """Give what is whole its name."""
        whole = f"{name}-{digest[:16]}.parquet"
        new.replace(self.path / whole)
        return whole

    def found(self, whole: str) -> Path | None:
        """A file, if it is there and as it was written."""
        path = self.path / whole
        try:
            with path.open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
        except OSError:
            return None
        return path if whole.endswith(f"-{digest[:16]}.parquet") else None


class PartFile:
    """One such file while it is written."""

    def __init__(self, folder: PartsFolder, name: str) -> None:
        self._folder, self._name = folder, name
        self._new = folder.new(name) if folder.is_here else None
        self._memory = pa.BufferOutputStream()
        self._writer = ParquetWriter(self._new or self._memory)

    def add(self, table: pa.Table) -> None:
        """More rows. OSError as the disk says."""
        self._writer.add(table)

    def close(self) -> str | bytes:
        """The name that it has now; where the folder is not seen from here its content."""
        self._writer.close()
        if self._new is None:
            content: bytes = self._memory.getvalue().to_pybytes()
            return content
        with self._new.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        return self._folder.take(self._name, self._new, digest)

    def discard(self) -> None:
        """Let go what is half written."""
        with suppress(OSError):
            self._writer.close()
        if self._new is not None:
            with suppress(OSError):
                self._new.unlink()
