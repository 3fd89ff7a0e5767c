"""The test of a module stands at the module's own path: sim/a/b.py has tests/a/test_b.py."""

import ast

import pytest
from modules_of_sim import SIM, tree
from places import ROOT, TESTS


def has_code(path):
    """Whether a module does anything: not where it only passes on what others have."""
    plain = (ast.Expr, ast.Import, ast.ImportFrom)
    code = [node for node in tree(path).body if not isinstance(node, plain)]
    return [ast.unparse(node).partition(" = ")[0] for node in code] not in ([], ["__all__"])


def test_of(path):
    """Where the test of a module stands; that of a package is called test_init.py."""
    name = path.stem.strip("_")
    return TESTS / path.relative_to(SIM).with_name(f"test_{name}.py")


test_of.__test__ = False

MODULES = [path for path in sorted(SIM.rglob("*.py")) if has_code(path)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SIM)))
def test_module_has_a_test_at_its_own_path(path):
    own = test_of(path)
    assert own.exists(), f"write {own.relative_to(ROOT)}"
    assert any(
        isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        for node in ast.walk(tree(own))
    )
