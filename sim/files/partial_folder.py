"""What is finished of a long run, on the disk: it stays, whatever becomes of the rest.

A folder beside the results to come, with a file for what was finished at about the same time. Each
is renamed in when it is whole and has the digest of its content in its name, so that nothing half
written is ever read. A lock tells the folder of a living run from that of a dead one.
"""

from __future__ import annotations

import json
import re
import shutil
from contextlib import suppress
from difflib import ndiff
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, TYPE_CHECKING, Any, Self
from weakref import finalize

from sim.core.errors import ScenarioError
from sim.core.units import shorten
from sim.core.version import __version__
from sim.files.exchange import resolve, take_lock, why

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike

    import pyarrow as pa

    from sim.files.part_files import PartsFolder

ABOUT, LOCK, PARTS = "partial.json", "lock", "parts"
_FILE = re.compile(r"(\d{6,})-([0-9a-f]{16})\.parquet")


class PartialFolder:
    """Finished work of one run; `about` says of which, for those who go on with it."""

    def __init__(
        self,
        path: str | PathLike[str],
        about: Mapping[str, Any],
        *,
        resume: bool = False,
        replace: bool = False,
    ) -> None:
        """Nothing is made before there is something to `append`.

        Parameters
        ----------
        resume
            Whether to go on with what is there.
        replace
            Whether to begin again instead.

        Raises
        ------
        ScenarioError
            If something is there that may not be taken: the work of a living run, that of a dead
            one where nobody said what to do with it or which is not the same, or anything else.
        """
        self.shown, self.path = Path(path), resolve(Path(path))
        self._about = {"made_by": f"rollout-sim {__version__}", **about}
        self._lock: IO[bytes] | None = None
        self._next = 0
        self.problem = ""
        """Why nothing more is kept, or empty."""
        if self.path.exists():
            self._take_over(resume=resume, replace=replace)

    @classmethod
    def temporary(cls, about: Mapping[str, Any]) -> Self:
        """One that goes with whoever holds it."""
        path = Path(mkdtemp(prefix="rollout-sim-"))
        folder = cls(path / "partial", about)
        finalize(folder, shutil.rmtree, path, ignore_errors=True)
        return folder

    @staticmethod
    def is_in_use(path: Path) -> bool:
        """Whether a living run keeps its work there."""
        try:
            with (path / LOCK).open("rb") as lock:
                return not take_lock(lock)
        except OSError:  # nothing is there, or no locks are
            return False

    def _take_over(self, *, resume: bool, replace: bool) -> None:
        try:
            theirs = json.loads((self.path / ABOUT).read_text(encoding="utf-8"))
            own = isinstance(theirs, dict) and "made_by" in theirs
        except (OSError, ValueError):
            # One that was killed at once has left nothing but a lock, if that.
            own, theirs = self.path.is_dir() and {*self._names()} <= {LOCK, f"{ABOUT}.new"}, None
        if not own:
            self._refuse("must be a new name or hold replications of an interrupted run")
        self._open()
        if resume and theirs is not None:
            found = "; ".join(_differences(theirs, self._about))
            if found:
                self.close()
                self._refuse(
                    f"must hold replications of the same run to continue with them: {found}"
                )
        elif not replace and self.has_work:
            self.close()
            rule = "holds replications of an interrupted run: resume=True continues with them"
            self._refuse(f"{rule}; to start over, overwrite or remove it")
        if resume:
            numbers = [int(match[1]) for match in map(_FILE.fullmatch, self._names()) if match]
            self._next = max(numbers, default=-1) + 1
        self._clear(everything=not resume)

    def _refuse(self, rule: str) -> None:
        raise ScenarioError.of(rule, where=str(self.shown)) from None

    def _names(self) -> list[str]:
        return sorted(each.name for each in self.path.iterdir())

    def _open(self) -> None:
        """Make the folder our own."""
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = (self.path / LOCK).open("ab")
        with suppress(OSError):  # no locks here
            if not take_lock(self._lock):
                self.close()
                self._refuse("must be free, got a folder in which another run keeps its work")

    def _clear(self, *, everything: bool) -> None:
        """Remove what was half written, or everything."""
        for name in self._names():
            if name == PARTS:
                self._clear_parts(everything=everything)
            elif name.endswith(".new") or (everything and name != LOCK):
                (self.path / name).unlink(missing_ok=True)

    def _clear_parts(self, *, everything: bool) -> None:
        if everything:
            shutil.rmtree(self.path / PARTS)
            return
        for half_written in (self.path / PARTS).glob("*.new"):
            half_written.unlink()

    @property
    def has_work(self) -> bool:
        """Whether anything is kept there."""
        return self.path.is_dir() and any(map(_FILE.fullmatch, self._names()))

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """What is there, by its file's name; what is not as it was written is removed."""
        from sim.files.tables import from_parquet  # noqa: PLC0415  (pyarrow, where there is any)

        for name in self._names() if self.path.is_dir() else ():
            match = _FILE.fullmatch(name)
            if match is None:
                continue
            content = (self.path / name).read_bytes()
            if sha256(content).hexdigest().startswith(match[2]):
                yield name, from_parquet(content)
            else:
                (self.path / name).unlink()

    def table(self, name: str) -> pa.Table:
        """One of `tables` again."""
        from sim.files.tables import from_parquet  # noqa: PLC0415

        return from_parquet((self.path / name).read_bytes())

    def append(self, table: pa.Table) -> bool:
        """Keep what is finished; False, and a `problem` from then on, where the disk refuses it."""
        if self.problem:
            return False
        new = self.path / f"{self._next:06}.new"
        try:
            self._begin()
            digest = _written(table, new)
            new.replace(self.path / f"{self._next:06}-{digest[:16]}.parquet")
        except (OSError, ScenarioError) as error:
            self.problem = why(error) if isinstance(error, OSError) else str(error)
            with suppress(OSError):
                new.unlink(missing_ok=True)
            return False
        self._next += 1
        return True

    def parts(self) -> PartsFolder | None:
        """Where workers write rows themselves; None, and a `problem`, where the disk refuses it."""
        from sim.files.part_files import PartsFolder  # noqa: PLC0415  (pyarrow)

        try:
            self._begin()
            return PartsFolder.at(self.path / PARTS)
        except (OSError, ScenarioError) as error:
            self.problem = why(error) if isinstance(error, OSError) else str(error)
            return None

    def _begin(self) -> None:
        """Make the folder, if that is not done."""
        if self._lock is None:
            self._open()
        if not (self.path / ABOUT).exists():
            self._write(ABOUT, json.dumps(self._about, indent=2).encode())

    def _write(self, name: str, content: bytes) -> None:
        new = self.path / f"{name}.new"
        try:
            new.write_bytes(content)
            new.replace(self.path / name)
        except OSError:
            with suppress(OSError):
                new.unlink()
            raise

    def close(self) -> None:
        """Leave it to others."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        if self.path.is_dir() and not self.has_work:
            self.remove()

    def remove(self) -> None:
        """Take it away: what it kept is no longer needed."""
        if self._lock is not None:
            self._lock.close()  # first: Windows removes no open file
            self._lock = None
        shutil.rmtree(self.path, ignore_errors=True)


def _written(table: pa.Table, path: Path) -> str:
    """Write a table; the digest of the file."""
    from sim.files.tables import write_numbers  # noqa: PLC0415  (pyarrow)

    write_numbers(table, path)
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _differences(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[str]:
    """What is not the same, in words."""
    for key in [*ours, *(key for key in theirs if key not in ours)]:
        was, now = theirs.get(key), ours.get(key)
        if was == now:
            continue
        if isinstance(was, str) and isinstance(now, str) and "\n" in was:
            lines = [line for line in ndiff(was.splitlines(), now.splitlines()) if line[0] in "-+"]
            was, now = (
                next((line[1:].strip() for line in lines if line[0] == sign), "nothing there")
                for sign in "-+"
            )
        yield f"{key} was {shorten(str(was))}, is {shorten(str(now))}"
