"""Speed against the yardsticks: pytest -m benchmark -s. Never part of the ordinary tests.

Both run in alternation, each in a process of its own; what counts are medians of five and their
ratios.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
YARDSTICKS = Path(os.environ.get("YARDSTICKS", HERE.parents[1] / "shared" / "yardsticks"))

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(not YARDSTICKS.is_dir(), reason="the yardsticks are not here"),
]


def measured(script: Path, *arguments: object) -> dict[str, float]:
    command = [sys.executable, str(script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=script.parent)
    return json.loads(done.stdout.splitlines()[-1])


def alternated(instances: int, replications: int) -> tuple[float, float, float]:
    """Medians of five: naive SimPy, our loop with its log, our whole; seconds."""
    size = ("-n", instances, "--reps", replications)
    naive, ours = [], []
    for _ in range(5):
        naive.append(measured(YARDSTICKS / "w1_simpy_naive.py", *size, "--no-answer")["wall"])
        ours.append(measured(HERE / "benchmarks" / "w1_ours.py", *size))
    medians = (
        statistics.median(naive),
        statistics.median(run["loop"] for run in ours),
        statistics.median(run["wall"] for run in ours),
    )
    print(
        f"\nW1 {instances} x {replications}: naive {medians[0]:.3f} s, loop and log "
        f"{medians[1] / medians[0]:.2f} of it, whole {medians[2] / medians[0]:.2f} of it"
    )
    return medians


def test_small_services_cost_no_more_than_naive_simpy():
    naive, loop, whole = alternated(50, 2000)
    assert whole <= 2 * naive
    assert loop <= naive * 1.05  # noise


def test_a_large_service_is_three_times_faster_than_naive_simpy():
    naive, _, whole = alternated(100_000, 1)
    assert whole <= naive / 3


def test_time_grows_linearly():
    small = statistics.median(
        measured(HERE / "benchmarks" / "w1_ours.py", "-n", 20_000, "--reps", 1)["wall"]
        for _ in range(5)
    )
    large = statistics.median(
        measured(HERE / "benchmarks" / "w1_ours.py", "-n", 200_000, "--reps", 1)["wall"]
        for _ in range(5)
    )
    print(f"\n10 x the instances take {large / small:.1f} x the time")
    assert large <= 15 * small
