"""The notebooks run from their own folder and from the root, and are committed without outputs."""

import os
from itertools import cycle

import pytest
from places import ROOT

nbformat = pytest.importorskip("nbformat", reason="notebooks need nbformat, of the extra [test]")
nbclient = pytest.importorskip("nbclient", reason="notebooks need nbclient, of the extra [test]")
pytest.importorskip("ipykernel", reason="notebooks need ipykernel, of the extra [test]")

FOLDER = ROOT / "notebooks"
FILES = sorted(FOLDER.glob("*.ipynb"))
LONGEST_CELL = 8
"""Lines: notebooks load, run and look; what is longer belongs into the package."""

WIDGET = "application/vnd.jupyter.widget-view+json"
"""What a bar or a slider is shown as."""

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def read(file):
    return nbformat.read(file, as_version=4)


def code_cells(file):
    return [cell for cell in read(file).cells if cell.cell_type == "code"]


def execute(notebook, folder):
    """Run all cells in a kernel of their own, which knows the package and takes no warning."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    client = nbclient.NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=environment)
    return notebook


def test_notebooks_are_shipped():
    assert [file.stem for file in FILES] == [
        "01-first-run",
        "02-comparing-upgrade-modes",
        "03-batch-requeue-drain-checkpoint",
        "04-arc-how-long-until-99-percent",
        "05-scale-set-batches-pauses-surge",
        "06-how-small-may-the-pause-be",
        "07-validation",
    ]


@every_file
def test_committed_notebook_is_valid_and_bare_of_outputs(file):
    notebook = read(file)
    nbformat.validate(notebook)
    for cell in code_cells(file):
        assert cell.outputs == []
        assert cell.execution_count is None
        assert not cell.metadata


@every_file
def test_cells_are_short(file):
    assert max(cell.source.count("\n") + 1 for cell in code_cells(file)) <= LONGEST_CELL


@pytest.mark.parametrize(("file", "folder"), [*zip(FILES, cycle((ROOT, FOLDER)), strict=False)])
def test_notebook_runs_and_shows_something(file, folder):
    cells = [cell for cell in execute(read(file), folder).cells if cell.cell_type == "code"]
    shown = [output for cell in cells for output in cell.outputs]
    assert not [output for output in shown if output.get("name") == "stderr"]
    pictures = [output for output in shown if "image/png" in output.get("data", {})]
    assert len(pictures) >= 3
    for cell in cells:
        if "progress=True" in cell.source:
            assert any(WIDGET in output.get("data", {}) for output in cell.outputs)


def test_a_notebook_shows_progress():
    assert any("progress=True" in cell.source for file in FILES for cell in code_cells(file))
