"""Files that workers write: whole or not there, here or far away."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.files.part_files import PartFile, PartsFolder

TABLE = pa.table({"x": [1, 2, 3]})


@pytest.fixture
def folder(tmp_path):
    return PartsFolder.at(tmp_path / "parts")


@pytest.fixture
def afar(folder):
    """The same path on a machine whose disk is another one."""
    return PartsFolder(folder.path, "another.token")


def written(folder):
    file = PartFile(folder, "events-0")
    file.add(TABLE.slice(0, 2))
    file.add(TABLE.slice(2))
    return file.close()


def names(folder):
    return sorted(each.name for each in folder.path.iterdir() if each.suffix != ".token")


def test_a_file_that_is_whole_is_there_by_its_name_and_digest(folder):
    name = written(folder)
    assert names(folder) == [name]
    assert name.startswith("events-0-")
    assert pq.read_table(folder.found(name)).equals(TABLE)


def test_what_is_written_afar_comes_back_and_is_the_same_file(folder, afar):
    content = written(afar)
    assert (names(folder), isinstance(content, bytes)) == ([], True)
    name = folder.put("events-0", content)
    assert names(folder) == [name]
    assert name == written(folder)


def test_where_a_worker_may_not_write_it_comes_back_too(folder, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    assert isinstance(written(folder), bytes)


def test_what_is_not_as_it_was_written_is_not_found(folder):
    name = written(folder)
    (folder.path / name).write_bytes(b"cut short")
    assert folder.found(name) is None
    assert folder.found("events-1-0123456789abcdef.parquet") is None


def test_what_is_let_go_leaves_nothing(folder):
    file = PartFile(folder, "events-0")
    file.add(TABLE)
    file.discard()
    assert names(folder) == []


def test_a_folder_that_is_taken_over_is_no_longer_that_of_the_former_workers(folder):
    assert folder.is_here
    again = PartsFolder.at(folder.path)
    assert (folder.is_here, again.is_here) == (False, True)
