"""Job logs in the Standard Workload Format, plain or compressed by gzip (.swf, .swf.gz).

A line holds one job, its fields apart by spaces: 1 its number, 2 the time of submission, 4 the run
time, 5 the processors that it got, 8 those that it asked for; times in seconds, -1 where nothing is
known. What follows a semicolon is a comment. Source: Feitelson, "The Standard Workload Format",
Parallel Workloads Archive.
"""

from __future__ import annotations

import gzip
import io
import math
import zlib
from array import array
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.units import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LARGEST = 256 * 2**20
"""Bytes of a log, once it is no longer compressed."""
MOST_LINES = 5_000_000
"""Of a log that are looked at; they take some seconds and some hundred MB."""
LONGEST_LINE = 2**16
"""Bytes."""

_USED, _NEEDED = 8, 5
_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = "\xef\xbb\xbf"  # of UTF-8, read as Latin-1


class Jobs(NamedTuple):
    """The jobs of a log in its order, each column of shape (jobs,)."""

    number: Floats
    """Job numbers. A log may leave some out."""
    submit: Floats
    """Seconds after the log's time 0."""
    run_time: Floats
    """Seconds; -1 where it is not known."""
    processors: Floats
    """Those that the job got, else those that it asked for; -1 where neither is known."""


def read_jobs(content: bytes, first: int | None = None) -> Jobs:
    """The `first` job lines, or all. ValueError(rule, with the line).

    Lines without a job, comments, a byte order mark and fractions are no obstacle; the encoding of
    comments does not matter. Lines after the `first` ones are neither unpacked nor looked at.
    """
    try:
        jobs = array("d", chain.from_iterable(islice(_job_lines(_lines(content)), first)))
    except (OSError, EOFError, zlib.error):
        raise ValueError("must be gzip data, got some that is damaged or cut short") from None
    if not jobs:
        raise ValueError("must have a line with a job, got none")
    table = np.frombuffer(jobs).reshape(-1, _USED)
    number, submit, _, run_time, allocated, _, _, requested = table.T
    return Jobs(number, submit, run_time, _known(allocated, requested))


def _known(allocated: Floats, requested: Floats) -> Floats:
    """Some logs write 0 where -1 is meant: no job runs on no processor."""
    processors = np.where(allocated > 0, allocated, requested)
    return np.where(processors > 0, processors, -1.0)


def _lines(content: bytes) -> Iterator[str]:
    """The lines, read and unpacked piece by piece."""
    stored = io.BytesIO(content)
    packed = content.startswith(_GZIP)
    file = gzip.GzipFile(fileobj=stored) if packed else stored
    # Any byte is a character of Latin-1; what is no ASCII may stand in comments only.
    with io.TextIOWrapper(file, "latin-1") as text:
        size = 0
        lines = iter(partial(text.readline, LONGEST_LINE + 1), "")
        for number, line in enumerate(lines, 1):
            size += len(line)
            if size > LARGEST:
                unpacked = " once unpacked" if packed else ""
                raise ValueError(f"must be at most {LARGEST // 2**20} MiB{unpacked}, got more")
            if number > MOST_LINES:
                rule = f"must have at most {MOST_LINES:,} lines before the last job that is read"
                raise ValueError(f"{rule} (see `jobs`), got more")
            if len(line) > LONGEST_LINE:
                rule = f"must have lines of at most {LONGEST_LINE // 2**10} KiB"
                raise ValueError(f"{rule}, got more at line {number}")
            yield line


def _job_lines(lines: Iterator[str]) -> Iterator[list[float]]:
    """The first eight fields of each line that has any."""
    for number, line in enumerate(lines, 1):
        fields = line.removeprefix(_BYTE_ORDER_MARK).split(";", 1)[0].split()
        if fields:
            yield _job(fields, line, number)


def _job(fields: list[str], line: str, number: int) -> list[float]:
    try:
        job = [float(field) for field in fields[:_USED]]
    except ValueError:
        job = []
    if len(job) < _NEEDED or not all(map(math.isfinite, job)):
        got = shorten(line.strip())
        rule = f"must have the fields of a job, {_NEEDED} numbers or more"
        raise ValueError(f"{rule}, got {got} at line {number}")
    return job + [-1.0] * (_USED - len(job))
