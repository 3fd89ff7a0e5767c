"""What is freed is kept for what comes next."""

import platform
import sys

import pytest
from shells import python

FAULTS = """
import resource, sys
import numpy as np
from sim.core.heap import keep_freed_memory

if sys.argv[1:]:
    keep_freed_memory()


def stacks(count):
    for _ in range(count):
        arrays = [np.ones(1_000_000) for _ in range(8)]
        del arrays


stacks(3)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
stacks(10)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(*words, **more):
    done = python("-c", FAULTS, *words, env={"NUMPY_MADVISE_HUGEPAGE": "0"} | more)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(
    sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="the allocator of glibc"
)
def test_pages_are_not_fetched_again_and_again():
    assert faults() > 20_000  # 64 MB, ten times, in pages of 4 kB
    assert faults("kept") < 1_000
    assert faults("kept", MALLOC_MMAP_THRESHOLD_="131072") > 20_000


@pytest.mark.skipif(sys.platform != "linux", reason="it is as on Linux without glibc")
def test_another_allocator_is_left_alone():
    without = "import ctypes; from types import SimpleNamespace; ctypes.CDLL = lambda _: SimpleNamespace()"
    for code in (without, "import sys; sys.modules['ctypes'] = None"):
        call = "from sim.core.heap import keep_freed_memory; keep_freed_memory()"
        done = python("-c", f"{code}\n{call}")
        assert (done.returncode, done.stderr) == (0, "")
