"""Job logs in the Standard Workload Format, as they are found in the wild."""

from __future__ import annotations

import gzip
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import DATA

from sim.formats import swf
from sim.formats.swf import read_jobs

LOGS = DATA / "swf"
NASA, HPC2N = LOGS / "NASA-iPSC-1993-3.1-cln.swf", LOGS / "hpc2n-alea-2023.swf"
real = pytest.mark.skipif(not LOGS.is_dir(), reason="the real logs are not beside the repository")

REST = "-1 -1 -1 -1 -1 -1 -1 -1 -1 -1"


def line(number=1, submit=0, run_time=60, processors=1, requested=-1):
    return f"{number} {submit} -1 {run_time} {processors} -1 -1 {requested} {REST}"


def lists(jobs):
    return [column.tolist() for column in jobs]


def test_a_job_has_its_number_submission_run_time_and_processors():
    text = f"; Version: 2.2\n{line(7, 30, 120, 4)}\n{line(9, 31.5, 0.25, 8)}\n"
    assert lists(read_jobs(text.encode())) == [[7, 9], [30, 31.5], [120, 0.25], [4, 8]]


@pytest.mark.parametrize(
    ("allocated", "requested", "processors"),
    [(4, 8, 4), (-1, 8, 8), (0, 8, 8), (-1, -1, -1), (0, 0, -1)],
)
def test_a_job_whose_processors_are_not_known_has_those_that_it_asked_for(
    allocated, requested, processors
):
    content = line(processors=allocated, requested=requested).encode()
    assert read_jobs(content).processors == [processors]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbf%s\n%s\n", id="a byte order mark"),
        pytest.param(b"; a note: \xc5ke\n%s\n\n \n;\n%s\n \n\n", id="blank lines and comments"),
        pytest.param(b"%s\r\n%s\r\n", id="lines of Windows"),
        pytest.param(b"  %s   ; the first\n\t%s", id="indented, and none at the end"),
    ],
)
def test_what_stands_around_jobs_is_no_obstacle(content):
    text = content % (line(1).encode(), line(4).encode())
    assert read_jobs(text).number.tolist() == [1, 4]


def test_fields_that_a_line_leaves_out_are_not_known():
    assert read_jobs(b"1 0 -1 60 -1").processors == [-1]


def test_only_the_first_lines_are_looked_at():
    text = f"{line(1)}\n; a comment\n\n{line(5)}\nnot a job\n".encode()
    assert read_jobs(text, 2).number.tolist() == [1, 5]
    with pytest.raises(ValueError, match="got not a job at line 5"):
        read_jobs(text, 3)
    assert len(read_jobs(line().encode(), 10).number) == 1


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"1 0 -1 60", "5 numbers or more, got 1 0 -1 60 at line 1"),
        (b"; a\n1 0 -1 6o 1", "got 1 0 -1 6o 1 at line 2"),
        (b"1 0 -1 nan 1", "got 1 0 -1 nan 1 at line 1"),
        (b"1 0 -1 inf 1", "got 1 0 -1 inf 1 at line 1"),
        (b"", "must have a line with a job, got none"),
        (b"; nothing\n\n", "must have a line with a job, got none"),
        ("1 0 -1 60 1".encode("utf-16"), "must have the fields of a job"),
    ],
)
def test_what_is_no_job_is_refused_with_its_line(content, got):
    with pytest.raises(ValueError) as refused:
        read_jobs(content)
    assert got in str(refused.value)


def test_a_compressed_log_is_the_same_log():
    text = f"{line(1)}\n{line(2, 5)}\n".encode()
    assert lists(read_jobs(gzip.compress(text))) == lists(read_jobs(text))


@pytest.mark.parametrize("spoilt", [lambda c: c[:-9], lambda c: c[:12] + b"xxxx" + c[16:]])
def test_a_compressed_log_must_be_whole(spoilt):
    with pytest.raises(
        ValueError, match="must be gzip data, got some that is damaged or cut short"
    ):
        read_jobs(spoilt(gzip.compress(line().encode() * 50)))


def test_a_compressed_log_must_not_be_endless(monkeypatch):
    monkeypatch.setattr(swf, "LARGEST", 2**20)
    with pytest.raises(ValueError, match="must be at most 1 MiB once unpacked, got more"):
        read_jobs(gzip.compress(b"; a comment\n" * 100_000))


def test_no_more_is_unpacked_than_is_read():
    """A hundred MB of blank lines, and damage after them, which nobody comes across."""
    content = gzip.compress(f"{line(1)}\n{line(2)}\n".encode() + b"\n" * 10**8)[:-9]
    tracemalloc.start()
    try:
        assert read_jobs(content, 2).number.tolist() == [1, 2]
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("packed", [False, True])
def test_lines_are_few_and_short_enough_for_memory(monkeypatch, packed):
    pack = gzip.compress if packed else bytes
    monkeypatch.setattr(swf, "MOST_LINES", 1000)
    with pytest.raises(ValueError, match=r"must have at most 1,000 lines .*`jobs`.*, got more"):
        read_jobs(pack(line().encode() + b"\n" * 1001), 2)
    assert len(read_jobs(pack(line().encode() + b"\n" * 1001), 1).number) == 1
    with pytest.raises(ValueError, match="lines of at most 64 KiB, got more at line 2"):
        read_jobs(pack(b"\n;" + bytes(10**6)))


times = st.integers(-100, 10**11).map(lambda hundredths: hundredths / 100)
some_jobs = st.lists(st.tuples(times, times, st.integers(-1, 999)), min_size=1, max_size=4)


@settings(derandomize=True)
@given(some_jobs)
def test_whatever_is_written_is_read(jobs):
    lines = [line(k, *job) for k, job in enumerate(jobs)]
    read = read_jobs("\n".join(lines).encode())
    assert read.number.tolist() == list(range(len(jobs)))
    assert read.submit.tolist() == [submit for submit, _, _ in jobs]
    assert read.run_time.tolist() == [run_time for _, run_time, _ in jobs]
    assert read.processors.tolist() == [p if p > 0 else -1 for _, _, p in jobs]


@real
def test_the_first_2000_jobs_of_the_nasa_log():
    """The part of the known answer that is its reader's: numbers have gaps, run times of 0 stay."""
    jobs = read_jobs(NASA.read_bytes(), 2000)
    assert len(jobs.number) == 2000
    assert jobs.number[-1] == 5104
    assert np.count_nonzero(jobs.run_time == 0) == 14
    assert jobs.run_time.min() == 0


@real
def test_every_job_of_the_nasa_log_is_read():
    jobs = read_jobs(NASA.read_bytes())
    assert (len(jobs.number), np.count_nonzero(jobs.run_time == 0)) == (18239, 173)
    assert jobs.processors.max() == 128


@real
def test_a_log_with_gaps_fractions_and_a_blank_last_line_is_read():
    jobs = read_jobs(HPC2N.read_bytes())
    assert (len(jobs.number), jobs.number[-1]) == (3170, 7183)
    assert np.count_nonzero(jobs.run_time == -1) == 25
    assert all(map(math.isfinite, jobs.submit))
