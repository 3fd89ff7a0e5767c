"""What is written under the fields of a class: their descriptions.

pydantic can read them too, but does so for every class when it is made, which takes longer than a
scenario takes to be checked. They are needed only where the format is explained.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache


def field_docstrings(cls: type) -> dict[str, str]:
    """Field -> the text below it, of a class and those that it derives from."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        found |= _of_module(each.__module__).get(each.__name__, {})
    return found


@cache
def _of_module(name: str) -> dict[str, dict[str, str]]:
    """Class -> field -> text, of all classes of a module; nothing where there is no source."""
    try:
        source = inspect.getsource(sys.modules[name])
    except (OSError, TypeError, KeyError):
        return {}
    classes = (each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.ClassDef))
    return {each.name: _of_class(each) for each in classes}


def _of_class(cls: ast.ClassDef) -> dict[str, str]:
    found = {}
    for field, below in zip(cls.body, cls.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            text = below.value if isinstance(below, ast.Expr) else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                found[field.target.id] = inspect.cleandoc(text.value)
    return found
