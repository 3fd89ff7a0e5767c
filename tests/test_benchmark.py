"""Speed against the yardsticks: pytest -m benchmark -n 0 -s. Never part of the ordinary tests.

Both run in alternation, each in a process of its own; what counts are medians of five and their
ratios.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import pytest
from places import ROOT, TESTS

from sim.experiments.running.places import cores

HERE = TESTS
YARDSTICKS = Path(os.environ.get("YARDSTICKS", HERE.parents[1] / "shared" / "yardsticks"))

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(not YARDSTICKS.is_dir(), reason="the yardsticks are not here"),
    pytest.mark.skipif(
        "PYTEST_XDIST_WORKER" in os.environ, reason="side by side they slow each other down: -n 0"
    ),
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


def test_a_large_scale_set_is_walked_faster_than_a_cloud_service():
    """With half as many rows again, as an instance runs before it is healthy."""
    script, size = HERE / "benchmarks" / "w1_ours.py", ("-n", 100_000, "--reps", 1)
    service, scale_set = [], []
    for _ in range(5):
        service.append(measured(script, *size))
        scale_set.append(measured(script, *size, "--kind", "vm_scale_set"))
    for what, most in (("loop", 0.75), ("wall", 1.0)):
        theirs, ours = (statistics.median(e[what] for e in runs) for runs in (service, scale_set))
        print(f"\na scale set of 100,000: {what} {ours / theirs:.2f} of a cloud service's")
        assert ours <= most * theirs


def test_a_large_service_is_four_times_faster_than_naive_simpy():
    naive, _, whole = alternated(100_000, 1)
    assert whole <= naive / 4


def processor(script: str, *arguments: object, rounds: int = 5) -> float:
    """Our median, seconds of the processor."""
    path = HERE / "benchmarks" / script
    return statistics.median(measured(path, *arguments)["loop"] for _ in range(rounds))


def faster(
    ours: str, theirs: str, size: tuple[object, ...], more: tuple[object, ...] = ()
) -> float:
    """How many times the time of ours a yardstick needs: the ratio of medians of five."""
    mine, other = [], []
    for _ in range(5):
        mine.append(measured(HERE / "benchmarks" / ours, *size)["loop"])
        other.append(measured(YARDSTICKS / theirs, *size, "--no-answer", *more)["cpu"])
    ratio = statistics.median(other) / statistics.median(mine)
    print(f"\n{theirs} {size}: {ratio:.2f} times ours, {statistics.median(mine):.2f} s")
    return ratio


@pytest.mark.parametrize("nodes", [100, 10_000])
def test_a_million_tasks_are_three_and_a_half_times_faster_than_naive_simpy(nodes):
    assert faster("w2_ours.py", "w2_simpy_naive.py", ("-c", nodes, "-m", 1_000_000)) >= 3.5


def test_a_million_tasks_are_eight_times_faster_than_ciw():
    pytest.importorskip("ciw", reason="the peer is not installed: pip install ciw")
    assert faster("w2_ours.py", "w2_ciw.py", ("-c", 100, "-m", 1_000_000)) >= 8


def test_tasks_cost_the_same_however_many():
    small, large = (processor("w2_ours.py", "-m", tasks) for tasks in (100_000, 1_000_000))
    print(f"\n10 x the tasks take {large / small:.1f} x the time")
    assert large <= 13 * small  # n log n


def test_a_task_needs_less_than_400_bytes():
    told = measured(HERE / "benchmarks" / "w2_ours.py", "-m", 1_000_000, "--whole")
    print(f"\n{told['bytes_a_task']:.0f} bytes a task, with audit and metrics")
    assert told["bytes_a_task"] < 400


def test_a_large_fleet_is_four_and_a_half_times_faster_than_naive_simpy():
    assert faster("w3_ours.py", "w3_simpy_naive.py", ("-n", 100_000)) >= 4.5


def test_a_million_machines_need_less_than_a_gigabyte():
    told = measured(HERE / "benchmarks" / "w3_ours.py", "-n", 1_000_000)
    print(f"\na million machines: {told['loop']:.0f} s, {told['peak_mb']:.0f} MB")
    assert told["peak_mb"] < 1000


def test_machines_cost_the_same_however_many():
    small, large = (processor("w3_ours.py", "-n", machines) for machines in (10_000, 100_000))
    print(f"\n10 x the machines take {large / small:.1f} x the time")
    assert large <= 13 * small


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


SERVICE = """\
horizon: 8h
systems:
  shop:
    kind: cloud_service
    builds:
      "42":
        bad: 5%
        unhealthy_later: {probability: 60%, after: {uniform: {low: 2min, high: 20min}}}
    roles: {Web: {instances: 30, restart: {lognormal: {median: 4min, p95: 9min}}}}
operations:
  - at: 10min
    upgrade_deployment: {build: "42"}
"""


def begun(folder: Path, replications: int, workers: int) -> subprocess.Popen[bytes]:
    """The command, with its bytecode written, as users have it."""
    words = ("run", "shop.yaml", "--out", f"r{replications}-{workers}-{next(_COUNT)}", "--quiet")
    size = ("--replications", str(replications), "--workers", str(workers))
    plain = {key: of for key, of in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.Popen(
        [sys.executable, "-m", "sim", *words, *size],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=plain | {"PYTHONPATH": str(ROOT)},
    )


def ended(folder: Path, replications: int, *, workers: int = 1, commands: int = 1) -> float:
    """How long some commands at once take that share replications out; seconds."""
    began = time.perf_counter()
    every = [begun(folder, replications // commands, workers) for _ in range(commands)]
    assert [each.wait() for each in every] == [0] * commands
    return time.perf_counter() - began


_COUNT = count()


@pytest.mark.skipif(cores() < 2, reason="there is one core")
def test_two_workers_are_about_as_fast_as_two_commands_by_hand(tmp_path):
    """Which is as fast as two can be on this machine, where each of two is slower than one alone."""
    (tmp_path / "shop.yaml").write_text(SERVICE, encoding="utf-8")
    ended(tmp_path, 10, workers=2)
    replications = round(20_000 * 13 / ended(tmp_path, 20_000))
    rounds = [
        (
            ended(tmp_path, replications),
            ended(tmp_path, replications, workers=2),
            ended(tmp_path, replications, commands=2),
        )
        for _ in range(4)
    ]
    one, two, by_hand = (min(each) for each in zip(*rounds, strict=True))
    print(
        f"\n{replications:,} replications: {one:.1f} s, with two workers {two:.1f} s "
        f"({one / two:.2f} times), as two commands by hand {by_hand:.1f} s"
    )
    assert two <= 1.2 * by_hand  # they import twice as much as two commands
