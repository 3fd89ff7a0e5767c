"""Every screen that tests compare is one file, and each file is a screen of one test."""

import ast

from places import TESTS
from screens import CALL, SCREENS


def names():
    """The names of screens, as the tests write them."""
    return [
        node.args[0].value
        for path in sorted(TESTS.rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == CALL
    ]


def test_each_screen_is_one_file_and_each_file_a_screen():
    files = [path.relative_to(SCREENS).with_suffix("") for path in SCREENS.rglob("*.txt")]
    assert sorted(names()) == sorted(path.as_posix() for path in files)
