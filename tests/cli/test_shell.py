"""The command line where things go wrong: places, pipes, signals, exit codes, errors as data."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest
from shells import CERTAIN, RANDOM, python

from sim.cli import inputs, reference, running
from sim.cli.answers.answer import Answer
from sim.results import runs

OPEN = RANDOM.replace("at_least: 80%", "at_least: 80%, in_runs: 99%").replace("30\n", "10\n")
"""Ten runs without a miss decide nothing about 99 % of them."""

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and descriptors differ there")


# Exit codes ---------------------------------------------------------------------------------------


def test_undecided_alone_is_exit_code_4(shell, tmp_path):
    (tmp_path / "open.yaml").write_text(OPEN, "utf-8")
    code, out, _ = shell("run", "open.yaml", "--no-files")
    assert "\nundecided: " in out
    assert code == 4


def test_one_missed_beside_one_undecided_is_exit_code_1(shell, tmp_path):
    missed = "  - {metric: rollout_duration, at_most: 1min}\n"
    text = OPEN.replace("objectives:\n", f"objectives:\n{missed}")
    (tmp_path / "both.yaml").write_text(text, "utf-8")
    code, out, _ = shell("run", "both.yaml", "--no-files")
    assert "\nundecided: " in out
    assert "\nmissed: " in out
    assert code == 1


@pytest.mark.parametrize(
    ("variants", "code"), [("auto: {}, simultaneous: S", 4), ("s: S, t: S", 1)]
)
def test_code_of_a_comparison_is_that_of_the_variant_that_keeps_most(
    variants, code, shell, tmp_path
):
    at_once = "{operations.0.upgrade_deployment.mode: Simultaneous}"
    text = OPEN + f"variants: {{{variants.replace('S', at_once)}}}\n"
    (tmp_path / "open.yaml").write_text(text, "utf-8")
    assert shell("compare", "open.yaml", "--no-files")[0] == code


# The place of results -----------------------------------------------------------------------------


def test_answer_is_saved_beside_its_tables_without_colours(shell, tmp_path):
    out = shell("run", "certain.yaml", "--out", "here")[1]
    saved = (tmp_path / "here/answer.txt").read_text(encoding="utf-8")
    place = str(Path("here/figures/capacity.png"))
    assert out == f"{saved.rstrip()}      picture: {place}\n"


def test_answer_is_saved_under_json_too(shell, tmp_path):
    shell("compare", "variants.yaml", "--out", "here", "--json")
    assert "best: auto" in (tmp_path / "here/answer.txt").read_text(encoding="utf-8")


def test_no_files_leaves_none(shell, tmp_path):
    before = sorted(tmp_path.iterdir())
    code, out, _ = shell("run", "certain.yaml", "--no-files")
    assert (code, "picture" in out, "results" in out) == (0, False, False)
    assert json.loads(shell("run", "certain.yaml", "--no-files", "--json")[1])["results"] is None
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("other", [["--out", "x"], ["--overwrite"], ["--figures", "all"]])
def test_no_files_leaves_nothing_to_say_about_files(other, shell):
    code, _, err = shell("run", "certain.yaml", "--no-files", *other)
    assert (code, err) == (2, f"--no-files: must not be given together with {other[0]}\n")


@pytest.mark.parametrize(
    ("figures", "names"),
    [
        (["--figures", "none"], []),
        (["--figures", "main"], ["capacity.png"]),
        ([], ["capacity.png"]),
        (["--figures", "all"], None),
    ],
)
def test_figures_says_which_pictures_are_written(figures, names, shell, tmp_path):
    out = shell("run", "certain.yaml", "--out", "here", *figures)[1]
    made = sorted(each.name for each in tmp_path.glob("here/figures/*"))
    assert made == names if names is not None else len(made) > 1
    assert ("picture: " in out) == bool(made)
    assert ("results: here" in out) == (not made)


def refused(*_, **__):
    pytest.fail("something was run")


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("certain.yaml/here", "must be a folder that can be written, got: "),
        ("x" * 300, "must be a folder that can be written, got: "),
    ],
)
def test_place_that_cannot_be_written_is_told_before_anything_runs(
    place,
    told,
    shell,
    tmp_path,
    monkeypatch,
):
    monkeypatch.setattr(runs, "run", refused)
    before = sorted(tmp_path.iterdir())
    code, out, err = shell("run", "certain.yaml", "--out", place)
    assert (code, out) == (2, "")
    assert told in err
    assert sorted(tmp_path.iterdir()) == before


def test_default_place_that_cannot_be_written_is_told_before_anything_runs(
    shell,
    tmp_path,
    monkeypatch,
):
    (tmp_path / "results").write_text("a file", "utf-8")
    monkeypatch.setattr(runs, "run", refused)
    code, _, err = shell("run", "certain.yaml")
    assert code == 2
    assert err.startswith(str(Path("results/rollout-sim")) + ": must be a folder that can be")


def test_looking_at_a_place_leaves_nothing_there(shell, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "run", lambda options: inputs.ready(options) and Answer())
    assert shell("run", "certain.yaml", "--out", "a/b/c") == (0, "", "")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_answer_stands_where_it_cannot_be_saved(words, shell, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sim.files._write", full)
    code, out, err = shell("run", "certain.yaml", "--out", "here", *words)
    told = "must be a folder that can be written, got: No space left on device"
    assert code == 5
    assert err == f"here: {told}\n"
    if words:
        found = json.loads(out)
        assert found["results"] is None
        assert found["problems"][0]["got"] == "No space left on device"
        assert found["objectives"][0]["verdict"] == "met"
    else:
        assert "\nmet: capacity >= 80 %" in out
        assert "picture" not in out
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        *("certain.yaml", "random.yaml", "variants.yaml")
    ]


def test_answer_stands_where_a_picture_fails(shell, monkeypatch):
    monkeypatch.setattr("sim.plots.parts.style.png", lambda _: 1 / 0)
    code, out, err = shell("run", "certain.yaml", "--out", "here")
    assert code == 3
    assert "\nmet: capacity >= 80 %" in out
    assert "rollout-sim: internal error: ZeroDivisionError" in err


# Errors as data, stdin ----------------------------------------------------------------------------


def test_internal_error_is_data_under_json(shell, monkeypatch):
    monkeypatch.setattr(running, "run", lambda _: {}["nothing"])
    code, out, err = shell("run", "certain.yaml", "--json")
    assert code == 3
    assert json.loads(out)["problems"][0]["rule"].startswith("internal error: KeyError")
    assert "Traceback" in err


def test_explain_in_json(shell):
    code, out, err = shell("explain", "variants.yaml", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["variants"] == ["auto", "simultaneous", "nothing"]
    assert any("shop: 20 instances" in line for line in found["explanation"])


def test_stdin_is_a_scenario_file(folder):
    done = python("-m", "sim", "run", "-", "--no-files", input=CERTAIN, cwd=folder)
    assert done.returncode == 0
    assert done.stdout.startswith("shop-build-42: 20 instances")
    done = python("-m", "sim", "validate", "-", input="sed: 1\n", cwd=folder)
    assert done.returncode == 2
    assert "stdin:1:1: sed: unknown key, did you mean seed?" in done.stderr


def test_stdin_names_files_from_the_current_folder(folder):
    (folder / "times.csv").write_text("s\n60\n", "utf-8")
    text = CERTAIN.replace("2min", "{empirical: {csv: times.csv, column: s}}")
    assert python("-m", "sim", "validate", "-", input=text, cwd=folder).returncode == 0


# Streams ------------------------------------------------------------------------------------------


# Interruptions ------------------------------------------------------------------------------------


def test_interruption_ends_without_a_traceback(shell, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(reference, "schema", interrupted)
    assert shell("schema") == (130, "", "rollout-sim: interrupted\n")


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_tells_how_far_it_came_and_leaves_nothing(
    number, shell, tmp_path, monkeypatch
):
    ran = []
    run = runs.Simulation.run

    def interrupted(simulation, replication):
        ran.append(replication)
        if len(ran) == 8:
            signal.raise_signal(number)
        return run(simulation, replication)

    monkeypatch.setattr("sim.simulation.Simulation.run", interrupted)
    before = sorted(tmp_path.iterdir())
    code, out, err = shell("run", "random.yaml", "--out", "here")
    assert (code, out) == (130, "")
    # How many of them depends on how long they take.
    told = "rollout-sim: interrupted after [1-7] of 30 replications; nothing is saved\n"
    assert re.fullmatch(told, err)
    assert sorted(tmp_path.iterdir()) == before


@POSIX
def test_interruption_before_the_first_replication_says_so(shell, monkeypatch):
    def interrupted(*_, **__):
        signal.raise_signal(signal.SIGTERM)
        time.sleep(1)

    monkeypatch.setattr(runs, "run", interrupted)
    assert shell("run", "random.yaml", "--no-files", "--json")[0] == 130
    code, _, err = shell("run", "random.yaml", "--no-files")
    assert code == 130
    assert err == ("rollout-sim: interrupted before the first replication; nothing is saved\n")


@POSIX
def test_answer_stands_where_its_writing_is_interrupted(shell, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("sim.results.results.tables.replications", interrupted)
    before = sorted(tmp_path.iterdir())
    code, out, err = shell("run", "random.yaml", "--out", "here")
    assert code == 130
    assert "lowest capacity" in out
    assert err == "rollout-sim: interrupted while results were written; nothing is saved\n"
    assert sorted(tmp_path.iterdir()) == before


def test_handler_of_the_caller_is_put_back(shell):
    before = signal.getsignal(signal.SIGTERM)
    shell("schema")
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_is_to_be_so_in_a_run_is_asked_for_without_a_bound(shell):
    text = CERTAIN.partition("objectives:")[0] + "objectives: [{metric: safe_end, at_least: 1}]\n"
    Path("safe.yaml").write_text(text, encoding="utf-8")
    code, out, _ = shell("run", "safe.yaml", "--no-files")
    assert code == 0
    assert "\nmet: safe end in all runs" in out
