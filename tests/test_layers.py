"""A module imports only from the layers before its own, and never in a circle."""

import ast
from pathlib import Path

import pytest
from modules_of_sim import SIM as ROOT
from modules_of_sim import circles, graph, imported, tree

from sim.systems import FOLDERS

LAYERS = (
    ("core",),
    ("formats",),
    ("systems",),
    ("scenario",),
    ("bounds", "simulation"),
    ("files",),
    ("forecast",),
    ("experiments",),
    ("plots",),
    ("report",),
    ("results",),
    ("cli",),
    ("__main__",),
)
LAYER_OF = {name: place for place, layer in enumerate(LAYERS) for name in layer}

IN_EXPERIMENTS = ("statistics", "running", "", "studies")
"""Folders of `experiments`; between them the modules beside the folders."""

LIBRARIES = {
    "simpy": ("systems", "simulation"),
    "matplotlib": ("plots",),
    "pandas": ("results",),
}
"""Library -> the only modules that may know it."""

OPENERS = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "unlink"}
"""Calls that touch the disk."""

ELSEWHERE = {"files.read_text", "os.open"}
"""Their namesakes: ours goes through `files`, the other one opens the null device."""

MODULES = [path for path in sorted(ROOT.rglob("*.py")) if path != ROOT / "__init__.py"]


def name_of(path: Path) -> str:
    """The module, or the package, that stands directly under sim."""
    return path.relative_to(ROOT).with_suffix("").parts[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_imports_only_from_the_layers_before_its_own(path):
    own = LAYER_OF[name_of(path)]
    ours = [name.split(".")[1] for name in imported(path) if name.startswith("sim.")]
    assert [name for name in ours if LAYER_OF[name] > own] == []


def place_in_experiments(module):
    folder = module.split(".")[2]
    return IN_EXPERIMENTS.index(folder if folder in IN_EXPERIMENTS else "")


@pytest.mark.parametrize(
    "path", [path for path in MODULES if name_of(path) == "experiments"], ids=lambda path: path.stem
)
def test_experiments_import_only_from_the_folders_before_their_own(path):
    own = ".".join(["sim", *path.relative_to(ROOT).with_suffix("").parts])
    ours = [name for name in imported(path) if name.startswith("sim.experiments.")]
    place = place_in_experiments(own)
    assert [name for name in ours if place_in_experiments(name) > place] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_a_system_itself_knows_its_folder(path):
    parts = path.relative_to(ROOT).parts
    own = parts[1] if parts[0] == "systems" else ""
    systems = [name.split(".")[2] for name in imported(path) if name.startswith("sim.systems.")]
    assert {name for name in systems if name in FOLDERS} <= {own}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_library_stays_where_it_belongs(path):
    known = {name.split(".")[0] for name in imported(path)}
    outside = {library for library, homes in LIBRARIES.items() if name_of(path) not in homes}
    assert known & outside == set()


NOT_DRAWING = [
    path
    for path in MODULES
    if name_of(path) == "results" and path.parent.name != "pictures" and path.stem != "renewing"
]


@pytest.mark.parametrize("path", NOT_DRAWING, ids=lambda path: path.stem)
def test_results_import_no_drawing_before_a_picture_is_asked_for(path):
    top = [node for node in tree(path).body if isinstance(node, ast.ImportFrom)]
    drawing = ("sim.plots", "sim.results.pictures")
    assert [each.module for each in top if str(each.module).startswith(drawing)] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_files_touches_the_disk(path):
    nodes = ast.walk(tree(path))
    calls = [ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)]
    own = [call for call in calls if call.split(".")[-1] in OPENERS and call not in ELSEWHERE]
    assert own == [] or name_of(path) == "files"


def test_every_module_has_a_layer():
    assert {name_of(path) for path in MODULES} == set(LAYER_OF)


def test_no_modules_import_each_other_in_a_circle():
    found = circles(graph())
    assert found == [], "a type or a function that both need belongs in a module before both"


def test_circle_is_found_through_any_number_of_modules():
    around = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"a", "d"}}
    assert circles(around) == [{"a", "b", "c"}]


def test_import_for_type_checking_counts():
    assert "sim.core.log" in graph()["sim.bounds"]
