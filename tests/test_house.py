"""The test of a module stands at the module's own path: sim/a/b.py has tests/a/test_b.py.

And every test can fail by more than an exception.
"""

import ast
from functools import cache

import pytest
from hypothesis import settings
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


# Tests that can fail

CHECKS = {"raises", "warns", "fail"}
"""What checks something by pytest; of other libraries what begins with `assert_`."""


@cache
def functions(path):
    """Name -> the functions of a test module, and those of helpers that it imports."""
    found = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append((path, node))
        if isinstance(node, ast.ImportFrom):
            helper = TESTS / "helpers" / f"{node.module}.py"
            if helper.exists():
                for name, there in functions(helper).items():
                    found.setdefault(name, []).extend(there)
    return found


def can_fail(path, function, seen=()):
    """Whether a function asserts something, or calls one of the tests' own that does."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert | ast.Raise):
            return True
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in CHECKS or name.startswith("assert_"):
            return True
        for where, called in functions(path).get(name, []):
            if called not in seen and can_fail(where, called, (*seen, called)):
                return True
    return False


@pytest.mark.parametrize(
    "path", sorted(TESTS.rglob("test_*.py")), ids=lambda path: str(path.relative_to(TESTS))
)
def test_every_test_asserts_something(path):
    tests = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]
    tests = [node for node in tests if node.name.startswith("test_") and node.name != "test_of"]
    assert [node.name for node in tests if not can_fail(path, node)] == []


def test_no_property_fails_because_the_machine_is_busy():
    assert settings().deadline is None
