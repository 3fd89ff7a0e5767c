"""Finished work on the disk: whole or not there, of one run, and never taken from a living one."""

import json
import os
import subprocess
import sys

import pyarrow as pa
import pytest

from sim.core.errors import ScenarioError
from sim.files.partial_folder import ABOUT, LOCK, PartialFolder

RUN = {"seed": 7, "scenario": "a: 1\nb: 2\n"}
TABLES = [pa.table({"x": [number, 2]}) for number in range(3)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "r.partial"


@pytest.fixture
def dead(path):
    """What a run has left that ended in the middle."""
    folder = PartialFolder(path, RUN)
    assert all(folder.append(table) for table in TABLES)
    folder.close()
    return path


def kept(path, **settings):
    folder = PartialFolder(path, RUN, **settings)
    try:
        return [table for _, table in folder.tables()]
    finally:
        folder.close()


def test_nothing_is_made_before_there_is_something_to_keep(path):
    folder = PartialFolder(path, RUN)
    assert not folder.has_work
    folder.close()
    assert not path.exists()


def test_what_is_kept_is_there_for_who_goes_on(dead):
    assert kept(dead, resume=True) == TABLES


def test_who_goes_on_adds_to_it(dead):
    folder = PartialFolder(dead, RUN, resume=True)
    folder.append(TABLES[0])
    folder.close()
    assert kept(dead, resume=True) == [*TABLES, TABLES[0]]


def test_what_is_there_needs_a_word(dead):
    rule = "r.partial: holds replications of an interrupted run: resume=True continues with them"
    with pytest.raises(ScenarioError, match=rule):
        PartialFolder(dead, RUN)
    assert kept(dead, resume=True) == TABLES


def test_who_replaces_it_begins_anew(dead):
    assert kept(dead, replace=True) == []
    assert not dead.exists()


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ({**RUN, "seed": 8}, "seed was 7, is 8"),
        ({**RUN, "scenario": "a: 1\nb: 3\n"}, "scenario was b: 2, is b: 3"),
        ({**RUN, "scenario": "a: 1\nb: 2\nc: 3\n"}, "scenario was nothing there, is c: 3"),
        ({**RUN, "jobs.swf": "x"}, "jobs.swf was None, is x"),
    ],
)
def test_work_of_another_run_is_refused_with_what_differs(dead, about, told):
    with pytest.raises(ScenarioError) as error:
        PartialFolder(dead, about, resume=True)
    assert str(error.value).endswith(f"of the same run to continue with them: {told}")
    assert kept(dead, resume=True) == TABLES


def test_work_of_another_version_is_refused(dead):
    about = dead / ABOUT
    about.write_text(about.read_text().replace("rollout-sim ", "rollout-sim 9"), "utf-8")
    with pytest.raises(ScenarioError, match=r"made_by was rollout-sim 90\.1\.0, is rollout-sim"):
        PartialFolder(dead, RUN, resume=True)


def test_what_is_half_written_or_changed_is_never_read(dead):
    first, second, _ = sorted(dead.glob("*.parquet"))
    first.write_bytes(first.read_bytes()[:-1])
    content = bytearray(second.read_bytes())
    content[10] ^= 1
    second.write_bytes(content)
    (dead / "000009-0123456789abcdef.parquet.new").write_bytes(b"half")
    assert kept(dead, resume=True) == TABLES[2:]
    assert sorted(each.name[:6] for each in dead.iterdir()) == ["000002", "lock", ABOUT[:6]]


def test_anything_else_is_left_alone(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine").write_text("mine")
    for name in ("file", "folder"):
        for settings in ({}, {"resume": True}, {"replace": True}):
            with pytest.raises(ScenarioError, match="must be a new name or hold replications"):
                PartialFolder(tmp_path / name, RUN, **settings)
    assert (tmp_path / "folder" / "mine").read_text() == "mine"


def test_what_a_run_left_that_was_killed_at_once_is_taken(path):
    path.mkdir()
    (path / LOCK).touch()
    (path / f"{ABOUT}.new").write_text("{")
    assert kept(path) == []


HOLDS = """
import sys, time
import pyarrow as pa
from sim.files.partial_folder import PartialFolder
folder = PartialFolder(sys.argv[1], {"seed": 7, "scenario": "a: 1\\nb: 2\\n"})
folder.append(pa.table({"x": [1]}))
print("holds", flush=True)
time.sleep(60)
"""


def test_work_of_a_living_run_is_not_taken_and_that_of_a_killed_one_is(path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, path], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "holds\n"
        assert PartialFolder.is_in_use(path)
        for settings in ({}, {"resume": True}, {"replace": True}):
            with pytest.raises(ScenarioError, match="in which another run keeps its work"):
                PartialFolder(path, RUN, **settings)
        other.kill()
    assert not PartialFolder.is_in_use(path)
    assert kept(path, resume=True) == [pa.table({"x": [1]})]


def test_disk_that_refuses_is_told_once_and_costs_nothing_else(path, monkeypatch):
    folder = PartialFolder(path, RUN)
    assert folder.append(TABLES[0])

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pyarrow.parquet.write_table", full)
        assert not folder.append(TABLES[1])
    assert folder.problem == "No space left on device"
    assert not folder.append(TABLES[2])
    folder.close()
    assert kept(path, resume=True) == TABLES[:1]


@pytest.mark.skipif(sys.platform != "linux", reason="a disk of 1 MB is made by a mount")
def test_disk_that_is_full_keeps_what_was_whole(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount")
    try:
        large = pa.table({"x": [os.urandom(200_000)]})
        folder = PartialFolder(disk / "r.partial", RUN)
        whole = sum(folder.append(large) for _ in range(10))
        assert 0 < whole < 10
        assert folder.problem == "No space left on device"
        folder.close()
        assert kept(disk / "r.partial", resume=True) == [large] * whole
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    folder = PartialFolder(tmp_path / "file" / "r.partial", RUN)
    assert not folder.append(TABLES[0])
    assert folder.problem == "Not a directory"


def test_what_it_says_of_its_run_is_json(dead):
    about = json.loads((dead / ABOUT).read_text("utf-8"))
    assert about["seed"] == 7
    assert about["made_by"].startswith("rollout-sim ")


def test_rows_of_workers_are_kept_for_who_goes_on_but_not_what_is_half_written(path):
    folder = PartialFolder(path, RUN)
    parts = folder.parts()
    whole = parts.put("events-0", b"rows")
    parts.new("events-1").write_bytes(b"ro")
    folder.append(TABLES[0])
    folder.close()
    again = PartialFolder(path, RUN, resume=True)
    assert again.parts().found(whole).read_bytes() == b"rows"
    assert not list(path.glob("parts/*.new"))
    again.close()
    PartialFolder(path, RUN, replace=True).close()
    assert not path.exists()


def test_where_rows_cannot_be_written_it_is_said_why(tmp_path):
    (tmp_path / "file").write_text("")
    folder = PartialFolder(tmp_path / "file" / "r.partial", RUN)
    assert folder.parts() is None
    assert folder.problem == "Not a directory"
