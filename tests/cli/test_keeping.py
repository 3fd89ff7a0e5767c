"""A command that is interrupted or killed says how to go on, and ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from dask_cluster import dask_cluster
from places import ROOT

from sim.experiments.running import execution
from sim.results.kept import kept_parts
from sim.simulation import Simulation

POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")

COMMAND = """
import sys
from sim.experiments.running import execution
execution.LONG = execution.SHORT = 0.02
from sim.results.kept import kept_parts
kept_parts.WORTH_A_FILE = 0.0
from sim.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""The command line, with small pieces of work."""

WORDS = ("run", "random.yaml", "--replications", "1500", "--out", "r", "--figures", "none")


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(kept_parts, "WORTH_A_FILE", 0.0)
    monkeypatch.setattr(execution, "LONG", 0.005)
    monkeypatch.setattr(execution, "SHORT", 0.005)


def content(folder):
    """All files but those that tell when and how they were made."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("provenance.json", "report.html")
    }


@pytest.fixture
def interrupted(shell, monkeypatch, small_pieces):  # noqa: ARG001  (it sets the stage)
    """A run of 30 replications, interrupted at the 20th."""
    run, ran = Simulation.run, []

    def stopping(simulation, replication=0):
        ran.append(replication)
        if len(ran) == 20:
            raise KeyboardInterrupt
        return run(simulation, replication)

    with monkeypatch.context() as patch:
        patch.setattr(Simulation, "run", stopping)
        return shell("run", "random.yaml", "--out", "r", "--workers", "1")


def test_interruption_says_what_is_kept_and_how_to_go_on(interrupted, tmp_path):
    code, out, err = interrupted
    assert (code, out) == (130, "")
    assert re.fullmatch(
        "rollout-sim: interrupted after [0-9]+ of 30 replications; what is finished is kept in "
        "r.partial; to go on with it: rollout-sim run random.yaml --out r --workers 1 --resume\n",
        err,
    )
    assert max(each.name for each in (tmp_path / "r.partial").iterdir()) == "partial.json"


@pytest.mark.usefixtures("interrupted")
def test_resume_ends_as_if_nothing_had_happened(shell, tmp_path, monkeypatch):
    ran, run = [], Simulation.run

    def counting(simulation, replication=0):
        ran.append(replication)
        return run(simulation, replication)

    with monkeypatch.context() as patch:
        patch.setattr(Simulation, "run", counting)
        resumed = shell("run", "random.yaml", "--out", "r", "--resume")
    assert len(ran) < 25
    assert sorted(each.name for each in tmp_path.iterdir() if each.is_dir()) == ["r"]
    plain = shell("run", "random.yaml", "--out", "s")
    assert (plain[0], plain[1].replace(" s/", " r/")) == resumed[:2]
    assert content(tmp_path / "r") == content(tmp_path / "s")


@pytest.mark.usefixtures("interrupted")
def test_what_is_kept_is_neither_overwritten_nor_mixed_up(shell):
    code, _, err = shell("run", "random.yaml", "--out", "r")
    assert code == 2
    assert err == (
        "r.partial: holds replications of an interrupted run: --resume continues with them; to start "
        "over, overwrite or remove it\n"
    )
    code, _, err = shell("run", "random.yaml", "--out", "r", "--resume", "--seed", "9")
    assert code == 2
    assert err.startswith(
        "r.partial: must hold replications of the same run to continue with them: seed"
    )
    assert shell("run", "random.yaml", "--out", "r", "--overwrite")[0] == 0


def test_resume_of_nothing_begins(shell, tmp_path):
    assert shell("run", "random.yaml", "--out", "r", "--resume")[0] == 0
    assert not (tmp_path / "r.partial").exists()


def test_nothing_is_resumed_where_nothing_is_written(shell):
    code, _, err = shell("run", "random.yaml", "--no-files", "--resume")
    assert code == 2
    assert err == "--no-files: must not be given together with --resume\n"


def test_run_that_was_killed_after_it_had_saved_its_results_is_done(shell):
    assert shell("run", "random.yaml", "--out", "r")[0] == 0
    code, _, err = shell("run", "random.yaml", "--out", "r", "--resume")
    assert code == 2
    assert err.splitlines() == [
        "r: must be a new name, got a folder that exists; --overwrite replaces results",
        "rollout-sim: if the interrupted run had saved r, all is done",
    ]


def test_place_that_no_run_can_have_saved_is_told_alone(shell, tmp_path):
    (tmp_path / "results").write_text("a file", "utf-8")
    code, _, err = shell("run", "random.yaml", "--resume")
    assert code == 2
    assert "all is done" not in err


@pytest.mark.usefixtures("small_pieces")
def test_results_that_cannot_be_saved_stay_in_what_is_kept(shell, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("sim.files._write", full)
        code, out, err = shell("run", "random.yaml", "--out", "r")
    assert code == 5
    assert "lowest capacity" in out
    assert "what is finished is kept in r.partial; to go on with it: rollout-sim run" in err
    assert shell("run", "random.yaml", "--out", "r", "--resume")[0] == 0
    assert sorted(each.name for each in tmp_path.iterdir() if each.is_dir()) == ["r"]


@pytest.mark.usefixtures("small_pieces")
def test_disk_that_keeps_nothing_on_the_way_is_a_warning(shell, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sim.files.partial_folder.PartialFolder._write", full)
    code, _, err = shell("run", "random.yaml", "--out", "r")
    assert code == 0
    told = "warning: finished replications were not kept on the way, as r.partial got: No space"
    assert told in err


@contextmanager
def small_disk(folder):
    """A disk of 1 MB, and what makes it larger."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
    if (
        sys.platform != "linux"
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("needs the right to mount")
    try:
        yield lambda: subprocess.run(["mount", "-o", "remount,size=50m", folder], check=True)
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.usefixtures("small_pieces")
def test_disk_that_is_full_of_rows_costs_no_answer_and_nothing_that_is_finished(shell, tmp_path):
    words = ("run", "random.yaml", "--replications", "150", "--keep", "events", "--workers", "1")
    assert shell(*words, "--out", "whole", "--figures", "none")[0] == 0
    with small_disk(tmp_path / "disk") as enlarge:
        (tmp_path / "disk" / "ballast").write_bytes(bytes(700_000))
        code, out, err = shell(*words, "--out", "disk/r", "--figures", "none")
        assert (code, "lowest capacity" in out) == (5, True)
        assert "disk/r: must be a folder that can be written, got: No space left on device" in err
        assert list((tmp_path / "disk/r.partial/parts").glob("*.parquet"))
        assert not list((tmp_path / "disk/r.partial").rglob("*.new"))
        enlarge()
        assert shell(*words, "--out", "disk/r", "--figures", "none", "--resume")[0] == 0
        assert content(tmp_path / "disk/r") == content(tmp_path / "whole")


# Kills --------------------------------------------------------------------------------------------


def begun(folder, *more):
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *WORDS, "--resume", *more],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def forget_whole_results(folder):
    """Of a run that was killed when its results had just got their name: those are whole."""
    if (folder / "r").exists():
        assert (folder / "r" / "provenance.json").is_file()
        shutil.rmtree(folder / "r")


def killed_and_resumed(folder, kills, seed, *more):
    """Kill a run, begin it again, so many times; then let it end. How many were killed."""
    rng, count = random.Random(seed), 0
    shutil.rmtree(folder / "r", ignore_errors=True)
    longest = 1.0
    while count < kills:
        forget_whole_results(folder)
        started = time.monotonic()
        with begun(folder, *more) as run:
            try:
                run.wait(rng.uniform(0.0, longest))
            except subprocess.TimeoutExpired:
                run.kill()
                count += 1
            else:
                assert run.returncode == 0, run.stderr.read()
                shutil.rmtree(folder / "r")
                longest = max(0.1, (time.monotonic() - started) * 0.9)
                continue
        longest = min(2 * longest, 4.0)
    forget_whole_results(folder)
    with begun(folder, *more) as run:
        _, err = run.communicate()
    assert run.returncode == 0, err
    return count


@pytest.fixture
def whole(shell, folder):
    """What a run comes to that nobody disturbs."""
    assert shell(*WORDS, "--out", "whole")[0] == 0
    return content(folder / "whole")


@POSIX
def test_killed_runs_lose_and_change_nothing(whole, folder):
    assert killed_and_resumed(folder, 10, 1) == 10
    assert content(folder / "r") == whole
    assert not (folder / "r.partial").exists()


@POSIX
@pytest.mark.parametrize("kills", [3, pytest.param(100, marks=pytest.mark.thorough)])
def test_killed_runs_keep_every_row_that_is_asked_for(kills, shell, folder):
    words = ("--keep", "events", "--replications", "300")
    assert shell(*WORDS, *words, "--out", "whole")[0] == 0
    assert killed_and_resumed(folder, kills, 2, *words, "--workers", "2") == kills
    assert content(folder / "r") == content(folder / "whole")
    assert not (folder / "r.partial").exists()


@POSIX
@pytest.mark.thorough
@pytest.mark.parametrize("workers", ["1", "2"])
def test_five_hundred_killed_runs_lose_and_change_nothing(whole, folder, workers):
    for seed in range(50):
        assert killed_and_resumed(folder, 10, seed, "--workers", workers) == 10
        assert content(folder / "r") == whole


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_a_run_at_once(folder, number):
    words = ("--workers", "2", "--replications", "100000")
    with begun(folder, *words) as run:
        while not list(folder.glob("r.partial/*.parquet")):
            time.sleep(0.05)
            assert run.poll() is None
        began = time.monotonic()
        run.send_signal(number)
        _, err = run.communicate()
        # It takes a second where nothing else runs, all replications take minutes.
        assert time.monotonic() - began < 15.0
    assert run.returncode == 130
    assert "what is finished is kept in r.partial; to go on with it: rollout-sim run" in err


@POSIX
def test_scheduler_that_is_killed_loses_nothing(whole, folder):
    with dask_cluster(1) as cluster:
        address = cluster.address
        with begun(folder, "--cluster", address) as run:
            while not list(folder.glob("r.partial/*.parquet")):
                time.sleep(0.02)
                assert run.poll() is None, run.stderr.read()
            cluster.scheduler.kill()
            _, err = run.communicate()
    assert run.returncode == 2, err
    assert f"cluster {address}: must answer to the end, got no scheduler" in err
    assert "what is finished is kept in r.partial; to go on with it: rollout-sim run" in err
    with begun(folder, "--workers", "1") as run:
        _, err = run.communicate()
    assert run.returncode == 0, err
    assert content(folder / "r") == whole


# Other commands -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize(
    "words",
    [
        ("sweep", "random.yaml", "--over", "systems.shop.update_domains=2,5"),
        ("find", "random.yaml", "systems.shop.update_domains=2..4"),
        ("assumptions", "random.yaml", "--replications", "30"),
    ],
)
def test_every_command_that_makes_replications_goes_on(words, shell, tmp_path, monkeypatch):
    run, ran = Simulation.run, []

    def stopping(simulation, replication=0):
        ran.append(replication)
        if len(ran) == 25:
            raise KeyboardInterrupt
        return run(simulation, replication)

    with monkeypatch.context() as patch:
        patch.setattr(Simulation, "run", stopping)
        code, _, err = shell(*words, "--out", "r", "--figures", "none", "--workers", "1")
    assert code == 130
    assert "replications; what is finished is kept in r.partial; to go on with it: " in err
    assert shell(*words, "--out", "r", "--figures", "none", "--resume")[0] != 2
    assert shell(*words, "--out", "s", "--figures", "none")[0] != 2
    assert not (tmp_path / "r.partial").exists()
    assert content(tmp_path / "r") == content(tmp_path / "s")
