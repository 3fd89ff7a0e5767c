"""Job logs in the Standard Workload Format, plain or compressed by gzip (.swf, .swf.gz).

A line holds one job, its fields apart by spaces: 1 its number, 2 the time of submission, 4 the run
time, 5 the processors that it got, 8 those that it asked for; times in seconds, -1 where nothing is
known. What follows a semicolon is a comment. Source: Feitelson, "The Standard Workload Format",
Parallel Workloads Archive.
"""

from __future__ import annotations

import codecs
import gzip
import io
import math
import zlib
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.units import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LARGEST = 2**30
"""Bytes of a log, once it is no longer compressed."""

_USED, _NEEDED = 8, 5
_GZIP = b"\x1f\x8b"


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
    comments does not matter. Lines after the `first` ones are not looked at.
    """
    rows = list(islice(_job_lines(_unpacked(content)), first))
    if not rows:
        raise ValueError("must have a line with a job, got none")
    table = np.array(rows)
    number, submit, _, run_time, allocated, _, _, requested = table.T
    return Jobs(number, submit, run_time, _known(allocated, requested))


def _known(allocated: Floats, requested: Floats) -> Floats:
    """Some logs write 0 where -1 is meant: no job runs on no processor."""
    processors = np.where(allocated > 0, allocated, requested)
    return np.where(processors > 0, processors, -1.0)


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(_GZIP):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            unpacked = file.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error):
        raise ValueError("must be gzip data, got some that is damaged or cut short") from None
    if len(unpacked) > LARGEST:
        raise ValueError(f"must be at most {LARGEST // 2**30} GiB once unpacked, got more")
    return unpacked


def _job_lines(text: bytes) -> Iterator[list[float]]:
    """The first eight fields of each line that has any."""
    lines = text.removeprefix(codecs.BOM_UTF8).splitlines()
    for number, line in enumerate(lines, 1):
        fields = line.split(b";", 1)[0].split()
        if fields:
            yield _job(fields, line, number)


def _job(fields: list[bytes], line: bytes, number: int) -> list[float]:
    try:
        job = [float(field) for field in fields[:_USED]]
    except ValueError:
        job = []
    if len(job) < _NEEDED or not all(map(math.isfinite, job)):
        got = shorten(line.decode("latin-1").strip())
        rule = f"must have the fields of a job, {_NEEDED} numbers or more"
        raise ValueError(f"{rule}, got {got} at line {number}")
    return job + [-1.0] * (_USED - len(job))
