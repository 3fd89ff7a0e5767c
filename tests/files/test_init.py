"""Reading scenarios with the files they name; writing result folders that are whole or absent."""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from sim import files
from sim.core.errors import ScenarioError

ABOUT = {"made_by": "rollout-sim 0.1.0"}


def rule(error):
    """What the only problem says."""
    (problem,) = error.value.problems
    return str(problem)


def rejection(path, **options):
    with pytest.raises(ScenarioError) as error:
        files.write_results(path, "x", [("a.txt", "new")], ABOUT, **options)
    return rule(error)


def folder(path, **contents):
    path.mkdir(parents=True)
    for name, text in contents.items():
        (path / name.replace("__", ".")).write_text(text)
    return path


def names(path):
    return sorted(each.name for each in path.iterdir())


def saved(path, **contents):
    """A result folder at `path`."""
    parts = [(name.replace("__", "."), text) for name, text in contents.items()]
    return files.write_results(path, "x", parts, ABOUT)


OLD = ["a.txt", "provenance.json"]


def stays_old(target):
    """Whether nothing of what `saved(target, a__txt="old")` wrote was touched."""
    return names(target) == OLD and (target / "a.txt").read_text() == "old"


# Scenarios ----------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_pipe_in_a_result_folder_is_refused_by_its_name(tmp_path):
    out = saved(tmp_path / "out", answer__txt="yes")
    (out / "answer.txt").unlink()
    os.mkfifo(out / "answer.txt")
    with pytest.raises(
        ScenarioError, match=r"answer.txt: must be a file of results, got: a folder"
    ):
        files.ResultFolder.at(out).text("answer.txt")
    (out / "provenance.json").unlink()
    os.mkfifo(out / "provenance.json")
    with pytest.raises(ScenarioError, match="must be a folder of results"):
        files.ResultFolder.at(out)


# Result folders -----------------------------------------------------------------------------------


def test_results_without_a_path_get_a_new_folder_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = [files.write_results(None, "shop", [("a.txt", str(k))], ABOUT) for k in range(3)]
    assert [path.as_posix() for path in made] == [
        "results/shop",
        "results/shop-2",
        "results/shop-3",
    ]
    assert [(path / "a.txt").read_text() for path in made] == ["0", "1", "2"]
    assert names(tmp_path / "results") == ["shop", "shop-2", "shop-3"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shop: 80 % / Build 42?", "shop-80-Build-42"),
        ("../..", "scenario"),
        ("", "scenario"),
        (".hidden", "hidden"),
        ("con", "con-scenario"),
        ("NUL.txt", "NUL.txt-scenario"),
        ("contoso", "contoso"),
        ("größe", "größe"),
        ("x" * 300, "x" * 60),
        ("x" * 59 + ".txt", "x" * 59),
        ("艦" * 300, "艦" * 60),
    ],
)
def test_any_name_gives_a_folder_that_every_file_system_takes(
    tmp_path, monkeypatch, name, expected
):
    monkeypatch.chdir(tmp_path)
    assert files.write_results(None, name, [], ABOUT).name == expected


def test_new_folder_takes_the_next_name_when_another_process_was_faster(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rename, rivals = Path.rename, ["shop"]

    def late(path, target):
        if rivals:
            folder(tmp_path / "results" / rivals.pop(), theirs__txt="1")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", late)
    assert files.write_results(None, "shop", [("a.txt", "1")], ABOUT).name == "shop-2"
    assert names(tmp_path / "results" / "shop") == ["theirs.txt"]


def test_parents_are_made(tmp_path):
    made = files.write_results(tmp_path / "a" / "b", "x", [("figures/one.png", b"\x89")], ABOUT)
    assert made == tmp_path / "a" / "b"
    assert (made / "figures" / "one.png").read_bytes() == b"\x89"


def test_existing_folder_stays_unless_overwrite_is_asked_for(tmp_path):
    target = saved(tmp_path / "r", a__txt="old")
    assert rejection(target).endswith(
        "must be a new name, got a folder that exists; overwrite=True replaces results"
    )
    assert stays_old(target)


def test_overwrite_replaces_the_whole_folder(tmp_path):
    target = saved(tmp_path / "r", a__txt="old", summary__csv="old")
    assert files.write_results(target, "x", [("a.txt", "new")], ABOUT, overwrite=True) == target
    assert names(target) == ["a.txt", "provenance.json"]
    assert (target / "a.txt").read_text() == "new"
    assert names(tmp_path) == ["r"]


@pytest.mark.parametrize("provenance", ["", "{", "[]", "{}", '{"made_by": "another tool"}'])
def test_overwrite_refuses_a_folder_without_our_provenance(tmp_path, provenance):
    target = folder(tmp_path / "r", provenance__json=provenance, thesis__txt="years of work")
    assert "got no provenance.json of rollout-sim in it" in rejection(target, overwrite=True)
    assert names(target) == ["provenance.json", "thesis.txt"]


@pytest.mark.parametrize("name", ["thesis.txt", "figures/mine.png", "variants/notes/today.md"])
def test_overwrite_refuses_a_folder_with_a_file_that_is_not_its_own(tmp_path, name):
    parts = [("figures/capacity.png", b"1"), ("variants/0.resolved.yaml", "2")]
    target = files.write_results(tmp_path / "r", "x", parts, ABOUT)
    (target / name).parent.mkdir(exist_ok=True)
    (target / name).write_text("years of work")
    said = rejection(target, overwrite=True)
    assert said.endswith(f"must hold only files of its own results to be overwritten, got {name}")
    assert (target / name).read_text() == "years of work"
    assert (target / "figures" / "capacity.png").read_bytes() == b"1"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_overwrite_refuses_a_link_in_the_place_of_a_folder(tmp_path):
    target = files.write_results(tmp_path / "r", "x", [("figures/a.png", b"1")], ABOUT)
    (target / "mine").symlink_to(folder(tmp_path / "far", thesis__txt="years of work"))
    assert rejection(target, overwrite=True).endswith("got mine")
    assert names(tmp_path / "far") == ["thesis.txt"]


def test_file_is_no_target(tmp_path):
    (tmp_path / "file").write_text("mine")
    assert "got something else" in rejection(tmp_path / "file", overwrite=True)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_link_is_no_target(tmp_path):
    ours = saved(tmp_path / "ours", a__txt="old")
    (tmp_path / "link").symlink_to(ours, target_is_directory=True)
    assert "got something else" in rejection(tmp_path / "link", overwrite=True)
    assert stays_old(ours)


@pytest.mark.parametrize("path", ["r/../r", "r/.", "./r/", "r/../r/../r"])
def test_a_roundabout_way_to_a_folder_means_that_folder(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    saved("r", a__txt="old")
    files.write_results(path, "x", [("a.txt", "new")], ABOUT, overwrite=True)
    assert names(tmp_path) == ["r"]
    assert (tmp_path / "r" / "a.txt").read_text() == "new"


def test_the_folder_in_which_one_stands_is_a_target(tmp_path, monkeypatch):
    monkeypatch.chdir(saved(tmp_path / "r", a__txt="old"))
    files.write_results(".", "x", [("a.txt", "new")], ABOUT, overwrite=True)
    assert names(tmp_path) == ["r"]
    assert (tmp_path / "r" / "a.txt").read_text() == "new"


def test_target_can_be_checked_before_the_work(tmp_path):
    target = saved(tmp_path / "r", a__txt="old")
    files.check_target(None)
    files.check_target(tmp_path / "new")
    files.check_target(target, overwrite=True)
    with pytest.raises(ScenarioError, match="must be a new name"):
        files.check_target(target)


def test_refused_target_costs_no_work(tmp_path):
    target = saved(tmp_path / "r", a__txt="old")
    parts = iter([("a.txt", "new")])
    with pytest.raises(ScenarioError):
        files.write_results(target, "x", parts, ABOUT)
    assert list(parts) == [("a.txt", "new")]


def test_what_comes_while_results_are_written_stays(tmp_path):
    target = tmp_path / "r"

    def parts():
        yield "a.txt", "new"
        folder(target, thesis__txt="years of work")

    with pytest.raises(ScenarioError, match="must be a new name"):
        files.write_results(target, "x", parts(), ABOUT)
    assert names(tmp_path) == ["r"]
    assert names(target) == ["thesis.txt"]


def test_interrupted_writing_leaves_the_old_results_and_nothing_else(tmp_path):
    target = saved(tmp_path / "r", a__txt="old")

    def parts():
        yield "a.txt", "new"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write_results(target, "x", parts(), ABOUT, overwrite=True)
    assert names(tmp_path) == ["r"]
    assert stays_old(target)


def test_unwritable_place_is_an_error_of_the_input(tmp_path):
    (tmp_path / "file").write_text("mine")
    assert "must be a folder that can be written" in rejection(tmp_path / "file" / "r")


# Reading ------------------------------------------------------------------------------------------


def opened(path, **parts):
    return files.ResultFolder.at(saved(path, **parts))


def told(function, *arguments):
    with pytest.raises(ScenarioError) as error:
        function(*arguments)
    return rule(error)


def test_a_folder_lists_its_files_with_their_digests(tmp_path):
    made = opened(tmp_path / "r", a__txt="old")
    assert made.files == {"a.txt": sha256(b"old").hexdigest()}
    assert made.text("a.txt") == "old"


def test_only_our_folders_have_a_provenance(tmp_path):
    for other in (tmp_path / "nowhere", folder(tmp_path / "other")):
        assert "must be a folder of results" in told(files.ResultFolder.at, other)


def test_each_change_of_a_provenance_is_seen(tmp_path):
    target = saved(tmp_path / "r", a__txt="old")
    text = (target / "provenance.json").read_text()
    provenance = json.loads(text)
    changed = [
        {**provenance, "made_by": "rollout-sim 9"},
        {**provenance, "more": 1},
        {**provenance, "sha256": None},
        {**provenance, "files": {}},
    ]
    for each in changed:
        (target / "provenance.json").write_text(json.dumps(each))
        assert "got a provenance.json that was changed" in told(files.ResultFolder.at, target)
    (target / "provenance.json").write_text("[" * 100_000)
    assert "got no provenance.json of rollout-sim" in told(files.ResultFolder.at, target)
    (target / "provenance.json").write_text(text)
    assert files.ResultFolder.at(target).text("a.txt") == "old"


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b", "C:\\secret", "..\\b"])
def test_no_provenance_leads_out_of_its_folder(tmp_path, name):
    parts, about = [("a.txt", "old")], {**ABOUT, "files": {}}
    target = files.write_results(tmp_path / "r", "x", parts, about)
    provenance = json.loads((target / "provenance.json").read_text())
    forged = {**provenance, "files": {name: "0"}}
    del forged["sha256"]
    forged["sha256"] = sha256(json.dumps(forged, sort_keys=True).encode()).hexdigest()
    (target / "provenance.json").write_text(json.dumps(forged))
    assert "got a provenance.json that was changed" in told(files.ResultFolder.at, target)


def test_a_file_that_is_missing_changed_or_foreign_is_named(tmp_path):
    made = opened(tmp_path / "r", a__txt="old", b__txt="old")
    (made.path / "a.txt").write_text("ol")
    (made.path / "b.txt").unlink()
    (made.path / "c.txt").write_text("mine")
    assert told(made.text, "a.txt") == (
        f"{made.path / 'a.txt'}: must be as it was written, got a file that was changed or cut short"
    )
    assert told(made.text, "b.txt").startswith(f"{made.path / 'b.txt'}: must be a file of results")
    assert "got one that they do not list" in told(made.text, "c.txt")


# Tables -------------------------------------------------------------------------------------------


def test_a_file_of_results_is_written_again_and_listed(tmp_path):
    out = saved(tmp_path / "out", a__txt="old")
    for content in ("new", "newer"):
        shown = files.ResultFolder.at(out).put("b.txt", content)
        assert shown == out / "b.txt"
        again = files.ResultFolder.at(out)
        assert again.text("b.txt") == content
        assert again.text("a.txt") == "old"
    assert names(out) == ["a.txt", "b.txt", "provenance.json"]
    assert names(tmp_path) == ["out"]


def test_a_folder_that_cannot_be_written_keeps_what_it_has(tmp_path, monkeypatch):
    out = saved(tmp_path / "out", a__txt="old")

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_write", refuse)
    with pytest.raises(ScenarioError, match="must be a folder that can be written, got: No space"):
        files.ResultFolder.at(out).put("a.txt", "new")
    assert stays_old(out)
