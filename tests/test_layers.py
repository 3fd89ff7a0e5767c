"""A module imports only from the layers before its own, wherever in it the import stands."""

import ast
from pathlib import Path

import pytest
from places import ROOT as PROJECT

from sim.systems import FOLDERS

ROOT = PROJECT / "sim"

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
    ("results",),
    ("cli",),
    ("__main__",),
)
LAYER_OF = {name: place for place, layer in enumerate(LAYERS) for name in layer}

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


def imported(path: Path) -> list[str]:
    """Full names of all that a module imports."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names += [f"{node.module}.{each.name}" for each in node.names]
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_imports_only_from_the_layers_before_its_own(path):
    own = LAYER_OF[name_of(path)]
    parts = [name.split(".") for name in imported(path) if name.startswith("sim.")]
    ours = [each[1] for each in parts if each[1] != "__version__"]
    assert [name for name in ours if LAYER_OF[name] > own] == []


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


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_files_touches_the_disk(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    own = [call for call in calls if call.split(".")[-1] in OPENERS and call not in ELSEWHERE]
    assert own == [] or name_of(path) == "files"


def test_every_module_has_a_layer():
    assert {name_of(path) for path in MODULES} == set(LAYER_OF)
