"""Whatever ends a writer at whatever step, whole results stand at the name, and nothing is left."""

import gc
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from places import ROOT, TESTS

from sim import files
from sim.cli import main
from sim.files import exchange
from sim.results.results import open_results

ABOUT = {"made_by": "rollout-sim 0.1.0"}
OLD, NEW = "old" * 1000, "new" * 1000
WAYS = ["in one step", "in steps"]
SCENARIO = """\
horizon: 2h
replications: 20
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 4}}
operations: [{at: 10min, upgrade_deployment: {}}]
"""
SOURCE = exchange.__file__


def write(target, text):
    parts = [("a.txt", text), ("figures/b.txt", text)]
    return files.write_results(target, "x", parts, ABOUT, overwrite=True)


def content(target):
    """What stands at a name, if it is whole."""
    folder = files.ResultFolder.at(target)
    (text,) = {folder.text(name) for name in folder.files}
    assert len(folder.files) == 2
    return text


def at_line(number, act):
    """A trace function that acts before the line of the exchange that is executed as `number`-th."""
    lines = itertools.count(1)

    def trace(frame, event, _):
        if frame.f_code.co_filename != SOURCE:
            return None
        if event == "line" and next(lines) == number:
            sys.settrace(None)
            act()
        return trace

    return trace


def interrupt():
    raise KeyboardInterrupt


def written_with(number, act, target):
    """Write new results and act at a line; whether all lines were executed before."""
    sys.settrace(at_line(number, act))
    try:
        write(target, NEW)
    except KeyboardInterrupt:
        return False
    finally:
        finished = sys.gettrace() is not None
        sys.settrace(None)
    return finished


def alone(code):
    """What code that may import this module prints in a process of its own, if it does no wrong."""
    folders = (Path(__file__).parent, TESTS / "helpers", ROOT)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    if request.param == "in steps":
        monkeypatch.setattr(exchange, "swap_names", lambda *_: False)
    return request.param


@pytest.mark.usefixtures("way")
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # what is interrupted is not always closed
def test_an_interrupt_at_any_step_leaves_whole_results(tmp_path):
    for number in itertools.count(1):
        target = tmp_path / f"{number}" / "r"
        write(target, OLD)
        finished = written_with(number, interrupt, target)
        gc.collect()  # now, while that warning is let through
        assert content(target) in (OLD, NEW)
        write(target, NEW)
        assert content(target) == NEW
        assert [each.name for each in target.parent.iterdir()] == ["r"]
        if finished:
            break
    assert number > 30


def killed_at_each_step(folder, way):
    """For a process of its own: fork writers, kill each one step later than the one before."""
    if way == "in steps":
        exchange.swap_names = lambda *_: False
    for number in itertools.count(1):
        target = Path(folder, f"{number}", "r")
        write(target, OLD)
        writer = os.fork()
        if not writer:
            finished = written_with(number, lambda: os.kill(os.getpid(), signal.SIGKILL), target)
            os._exit(0 if finished else 1)
        status = os.waitpid(writer, 0)[1]
        assert way == "in steps" or target.is_dir()
        assert content(target) in (OLD, NEW)
        write(target, NEW)
        assert content(target) == NEW
        assert [each.name for each in target.parent.iterdir()] == ["r"]
        if not os.WIFSIGNALED(status):
            assert os.WEXITSTATUS(status) == 0
            break
    print(number)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.parametrize("way", WAYS)
def test_a_kill_at_any_step_leaves_whole_results_and_the_next_writer_tidies_up(tmp_path, way):
    code = f"import test_exchange as t; t.killed_at_each_step({str(tmp_path)!r}, {way!r})"
    assert int(alone(code)) > 30


def test_what_a_killed_writer_set_aside_comes_back(tmp_path):
    target = tmp_path / "r"
    write(target, OLD)
    target.rename(tmp_path / ".r.0123abcd.former")
    (tmp_path / ".r.0123abcd.lock").touch()
    (tmp_path / ".r.0123abcd.draft").mkdir()
    assert content(target) == OLD
    assert [each.name for each in tmp_path.iterdir()] == ["r"]


def test_only_what_a_dead_writer_of_this_target_left_is_removed(tmp_path):
    (tmp_path / ".other.0123abcd.draft").mkdir()
    (tmp_path / ".r.mine.draft").mkdir()
    (tmp_path / ".r.0123abcd.draft").mkdir()
    with exchange.draft(tmp_path / "r") as living:
        write(tmp_path / "r", NEW)
        assert living.is_dir()
    assert {each.name for each in tmp_path.iterdir()} == {
        "r",
        ".other.0123abcd.draft",
        ".r.mine.draft",
    }


@pytest.mark.usefixtures("way")
def test_a_foreign_file_that_comes_during_the_exchange_is_put_back(tmp_path, monkeypatch):
    target = tmp_path / "r"
    write(target, OLD)
    check, seen = files._check_free, []

    def late(path, folder, *, overwrite):
        check(path, folder, overwrite=overwrite)
        seen.append(folder)
        if len(seen) == 2:  # the first look is before anything is made
            (target / "thesis.txt").write_text("years of work")

    monkeypatch.setattr(files, "_check_free", late)
    with pytest.raises(files.ScenarioError, match=r"got thesis\.txt"):
        write(target, NEW)
    assert (target / "thesis.txt").read_text() == "years of work"
    assert content(target) == OLD
    assert [each.name for each in tmp_path.iterdir()] == ["r"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.parametrize("way", WAYS)
def test_several_writers_leave_one_of_their_results_and_nothing_else(tmp_path, way):
    code = f"import test_exchange as t; t.write_often({str(tmp_path / 'r')!r}, {way!r})"
    with ThreadPoolExecutor(4) as writers:
        assert list(writers.map(alone, [code] * 4)) == [""] * 4
    assert content(tmp_path / "r") == NEW
    assert [each.name for each in tmp_path.iterdir()] == ["r"]


def write_often(target, way):
    if way == "in steps":
        exchange.swap_names = lambda *_: False
    for _ in range(25):
        write(target, NEW)
        if way == "in one step":
            assert content(target) == NEW


@pytest.mark.skipif(sys.platform != "linux", reason="only there two names are exchanged at once")
def test_two_names_are_exchanged_in_one_step(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    assert exchange.swap_names(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a" / "b").exists()
    assert (tmp_path / "b" / "a").exists()
    assert not exchange.swap_names(tmp_path / "a", tmp_path / "gone")


def test_a_name_of_any_length_has_companions(tmp_path):
    target = tmp_path / ("x" * 250)
    write(target, OLD)
    write(target, NEW)
    assert content(target) == NEW
    assert len(list(tmp_path.iterdir())) == 1


def killed_at_random_moments(folder, times):
    """For a process of its own: kill `run --overwrite` again and again, wherever it is."""
    rng = random.Random(1)
    scenario, out = Path(folder, "s.yaml"), Path(folder, "r")
    scenario.write_text(SCENARIO, encoding="utf-8")
    words = ["run", str(scenario), "--quiet", "--out", str(out), "--overwrite", "--seed"]
    with Path(os.devnull).open("w") as silence, redirect_stdout(silence):
        began = time.monotonic()
        assert main([*words, "0"]) == 0
        whole = time.monotonic() - began
        for number in range(times):
            writer = os.fork()
            if not writer:
                os._exit(main([*words, str(number)]))
            time.sleep(rng.uniform(0, 1.5 * whole))
            os.kill(writer, signal.SIGKILL)
            os.waitpid(writer, 0)
            assert out.is_dir()
            results = open_results(out)
            assert 0 <= results.about.variants[0].seed <= number
            assert len(results.table("summary")) > 0
        assert main([*words, "0"]) == 0
    print(sorted(each.name for each in Path(folder).iterdir()))


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_thousand_kills_of_a_run_lose_nothing(tmp_path):
    code = f"import test_exchange as t; t.killed_at_random_moments({str(tmp_path)!r}, 1000)"
    assert alone(code) == "['r', 's.yaml']\n"


def test_a_disk_speaks_in_the_words_of_the_system():
    told = "Error writing bytes to file. Detail: [errno 28] No space left on device"
    assert exchange.why(OSError(28, told)) == "No space left on device"
    assert exchange.why(OSError("a file system of its own")) == "a file system of its own"
