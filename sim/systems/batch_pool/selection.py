"""Which nodes a request means: one, several, all, or those that are in a state when it comes."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Discriminator, Tag

from sim.formats.fields import Name
from sim.systems.batch_pool.states import SHOWN


def _form(given: object) -> str:
    return "list" if isinstance(given, list | tuple) else "name"


NodeChoice = Annotated[
    Annotated[Name, Tag("name")] | Annotated[tuple[Name, ...], Tag("list")],
    Discriminator(_form),
]
"""As a file writes it."""

ALL = "all"

_NODE = re.compile(r"(node-)?(0|[1-9][0-9]{0,8})", re.ASCII)


def number_of(name: str) -> int | None:
    """The number of a node that is named as node-3 or 3; None for all other words."""
    found = _NODE.fullmatch(name)
    return int(found[2]) if found else None


def numbers_of(choice: str | tuple[str, ...]) -> tuple[int, ...] | None:
    """The nodes that a choice names, in order of number; None where the pool's state tells."""
    if choice == ALL or choice in SHOWN:
        return None
    names = (choice,) if isinstance(choice, str) else choice
    return tuple(sorted({number for number in map(number_of, names) if number is not None}))


def names_one(choice: str | tuple[str, ...]) -> bool:
    """Whether a choice is the name of a single node: then the request is about it alone."""
    return isinstance(choice, str) and number_of(choice) is not None
