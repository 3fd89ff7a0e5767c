"""How a result folder gets its name: at that name a whole one stands, the old one or the new.

A writer fills a draft, a hidden folder beside the target, and gives it the target's name when it is
whole; what stood there goes only then. Where the system can exchange two names in one step, so it
is done; elsewhere the old folder steps aside first, and whoever comes next puts it back where the
writer was killed in between. Each draft has a lock beside it, which its writer's death opens: so
the drafts of the dead are known from those of the living.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import sys
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import IO, TYPE_CHECKING
from uuid import uuid4

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LONGEST = 200
"""Bytes of a target's name that leave room for what its companions' names add to it."""


def why(error: OSError) -> str:
    """What the disk said, in the system's words: libraries add their own."""
    return os.strerror(error.errno) if error.errno else str(error)


def resolve(path: Path) -> Path:
    """The folder that is meant, without ``..`` and without links on the way to it.

    Where the folder itself is a link, it stays one.
    """
    return path.parent.resolve() / path.name if path.name not in ("", "..") else path.resolve()


@contextmanager
def draft(target: Path) -> Iterator[Path]:
    """A new folder beside a resolved target, to be filled and then `place`d; else it goes.

    What killed writers left there is removed, or put back, first. OSError as the disk says.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    mend(target)
    folder, lock = _claim(target)
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()  # first: Windows removes no open file
        _lock_of(folder).unlink(missing_ok=True)


def mend(target: Path) -> None:
    """Remove the drafts of dead writers of a resolved target; put back what one had set aside.

    What may not be changed there stays as it is.
    """
    companion = re.compile(rf"({re.escape(_hidden(target))}\.[0-9a-f]{{8}})\.(draft|former|lock)")
    with suppress(OSError):
        found = [companion.fullmatch(each.name) for each in target.parent.iterdir()]
        for stem in {match[1] for match in found if match}:
            _mend(target.with_name(f"{stem}.draft"), target)


def _mend(folder: Path, target: Path) -> None:
    """Do so with one draft, if its writer is dead."""
    with suppress(OSError):
        # A lock that is not there has no owner either: a new one is as good.
        with _lock_of(folder).open("ab") as lock:
            if not take_lock(lock):
                return
            former = _former_of(folder)
            if former.exists() and not os.path.lexists(target):
                former.rename(target)
            for left in (former, folder):
                shutil.rmtree(left, ignore_errors=True)
        _lock_of(folder).unlink(missing_ok=True)


def place(folder: Path, target: Path, check: Callable[[Path], None]) -> None:
    """Give a draft the name of a resolved target. Where several write there, the last one stays.

    `check` raises for a folder that must not be replaced. It sees the old one before and, for what
    may have come into it meanwhile, after the exchange; what it refuses is put back.
    """
    while not _placed(folder, target, check):
        pass  # another writer was faster: look again at what is there now


def _placed(folder: Path, target: Path, check: Callable[[Path], None]) -> bool:
    if not os.path.lexists(target):
        return take_name(folder, target)
    check(target)
    if not swap_names(folder, target):
        return _placed_in_steps(folder, target, check)
    try:
        check(folder)  # where the old one is now
    except BaseException:
        swap_names(folder, target)
        raise
    return True


def _placed_in_steps(folder: Path, target: Path, check: Callable[[Path], None]) -> bool:
    former = _former_of(folder)
    try:
        target.rename(former)
    except FileNotFoundError:
        return False
    try:
        check(former)
        placed = take_name(folder, target)
    except BaseException:
        with suppress(OSError):
            former.rename(target)
        raise
    shutil.rmtree(former, ignore_errors=True)
    return placed


def take_name(folder: Path, name: Path) -> bool:
    """Rename a folder to a name that was free; False where it is not free any more."""
    try:
        folder.rename(name)
    except OSError:
        if not os.path.lexists(name):
            raise
        return False
    return True


def swap_names(one: Path, other: Path) -> bool:
    """Exchange the names of two folders in one step; False where the system cannot."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    relative_to_here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of renameat2(2)
    paths = os.fsencode(one), os.fsencode(other)
    if rename(relative_to_here, paths[0], relative_to_here, paths[1], exchange) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS):  # a file system, or a kernel, that has no such thing
        return False
    if code == errno.ENOENT and one.exists():  # the other one went away: it cannot be exchanged
        return False
    raise OSError(code, os.strerror(code), str(other))


# Companions of a target: .NAME.1a2b3c4d.draft, .former and .lock ----------------------------------


def _hidden(target: Path) -> str:
    """How the names of a target's companions begin."""
    name = target.name
    short = len(os.fsencode(name)) <= _LONGEST
    return f".{name}" if short else f".{sha256(os.fsencode(name)).hexdigest()}"


def _lock_of(folder: Path) -> Path:
    return folder.with_suffix(".lock")


def _former_of(folder: Path) -> Path:
    return folder.with_suffix(".former")


def _claim(target: Path) -> tuple[Path, IO[bytes]]:
    """A name for a draft that nobody has, and its lock, taken."""
    while True:
        folder = target.with_name(f"{_hidden(target)}.{uuid4().hex[:8]}.draft")
        lock = _lock_of(folder).open("xb")
        try:
            mine = take_lock(lock)
        except OSError:  # no locks here, so that nobody will take this draft for a dead writer's
            return folder, lock
        if mine and _lock_of(folder).exists():
            return folder, lock
        lock.close()  # whoever mends saw it in the moment before it was taken, and removed it


def take_lock(lock: IO[bytes]) -> bool:
    """Take a lock, if no living process has it. OSError where files cannot be locked."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # as POSIX and as Windows say it
        return False
    return True
