"""A folder of results that was damaged says which part, in words; it never gives wrong numbers."""

import json
import random
import shutil

import pytest

import sim
from sim import files
from sim.core.errors import ScenarioError
from sim.results.sources import TABLES

SCENARIO = """\
horizon: 3h
replications: 3
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 4}}
operations: [{at: 10min, upgrade_deployment: {}}]
variants:
  auto: {}
  simultaneous: {operations.0.upgrade_deployment.mode: Simultaneous}
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    results = sim.compare(sim.loads(SCENARIO))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.plots.parts.style.png", lambda _: b"a picture")
        return results.save(tmp_path_factory.mktemp("whole") / "r")


def everything(folder):
    """All that can be read from a folder, in a form that can be compared."""
    results = sim.open_results(folder)
    every = [results.table(name).to_pylist() for name in TABLES]
    runs = [results.replay(variant=name).events.to_csv() for name in ("auto", "simultaneous")]
    return repr(every), runs, results._source.resolved("scenario.resolved.yaml")  # as `save` does


def cut(content, rng):
    return content[: rng.randrange(len(content))]


def flip(content, rng):
    place = rng.randrange(len(content))
    return (
        content[:place] + bytes([content[place] ^ (1 << rng.randrange(8))]) + content[place + 1 :]
    )


def drop_a_line(content, rng):
    lines = content.splitlines(keepends=True)
    del lines[rng.randrange(len(lines))]
    return b"".join(lines)


def double(content, _):
    return content + content


def noise(content, rng):
    return rng.randbytes(len(content))


def nothing(_, __):
    return b""


NEVER_READ = (".png", ".html")
"""What is only looked at."""
DAMAGES = [cut, flip, drop_a_line, double, noise, nothing]


def is_told(folder, file, damage, rng):
    """Damage a file; whether an error names what is damaged, if it matters at all."""
    content = file.read_bytes()
    changed = damage(content, rng)
    if changed == content:
        return True
    file.write_bytes(changed)
    try:
        everything(folder)
    except ScenarioError as error:
        return file.name in str(error) and "\n" not in str(error)
    finally:
        file.write_bytes(content)
    return file.suffix in NEVER_READ


def files_of(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_each_damaged_file_is_named(whole, tmp_path, damage):
    folder = shutil.copytree(whole, tmp_path / "r")
    rng = random.Random(damage.__name__)
    assert [file.name for file in files_of(folder) if not is_told(folder, file, damage, rng)] == []


def test_each_missing_file_is_named(whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "r")
    for file in files_of(folder):
        content = file.read_bytes()
        file.unlink()
        if file.suffix in NEVER_READ:
            everything(folder)
        else:
            with pytest.raises(ScenarioError, match=file.name.replace(".", r"\.")):
                everything(folder)
        file.write_bytes(content)


def test_a_part_of_other_results_is_named(whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "r")
    other = sim.compare(sim.loads(SCENARIO.replace("replications: 3", "replications: 4")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.plots.parts.style.png", lambda _: b"a picture")
        other.save(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "summary.csv", folder / "summary.csv")
    with pytest.raises(ScenarioError, match=r"summary\.csv: must be as it was written"):
        everything(folder)


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, [1], {"name": 3}, {"variants": [{}]}])
def test_a_provenance_of_another_form_is_no_traceback(whole, tmp_path, value, monkeypatch):
    folder = shutil.copytree(whole, tmp_path / "r")
    provenance = json.loads((folder / "provenance.json").read_text())
    monkeypatch.setattr("sim.files._seal", lambda _: "sealed")
    for changed in (
        {**provenance, "results": value},
        {**provenance, "results": {**provenance["results"], "variants": value}},
        {**provenance, "files": value},
    ):
        (folder / "provenance.json").write_text(json.dumps({**changed, "sha256": "sealed"}))
        with pytest.raises(ScenarioError):
            everything(folder)


@pytest.mark.thorough
def test_no_damage_of_thousands_is_overlooked(whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "r")
    rng = random.Random(1)
    files = [file for file in files_of(folder) if file.suffix not in NEVER_READ]
    for _ in range(2000):
        file, damage = rng.choice(files), rng.choice(DAMAGES)
        assert is_told(folder, file, damage, rng), (file, damage)


def test_of_a_folder_written_before_a_column_existed_the_rest_is_read(whole, tmp_path):
    made = files.ResultFolder.at(whole)
    parts = {name: (whole / name).read_bytes() for name in made.files}
    parts["operations.csv"] = parts["operations.csv"].replace(b",request_id\n", b"\n", 1)
    digests = {files.FILES, files.SEAL}
    about = {key: value for key, value in made.provenance.items() if key not in digests}
    older = files.write_results(tmp_path / "older", "x", list(parts.items()), about)
    results = sim.open_results(older)
    assert results.table("summary").equals(sim.open_results(whole).table("summary"))
    with pytest.raises(ScenarioError, match=r"operations\.csv: .* without the column request_id"):
        results.table("operations")
