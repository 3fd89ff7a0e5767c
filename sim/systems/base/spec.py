"""What is written of a system, and how names in it are looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sim.core.errors import ScenarioError
from sim.core.units import shorten_any
from sim.formats.checking import listed, nearest
from sim.formats.fields import Spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

V = TypeVar("V")

MOST_MEMBERS = 10_000_000
"""Instances or machines of a system: more would need more memory than most computers have."""


class System(Spec):
    """What a user writes of a modelled system; each derives its own."""

    kind: str
    """What the system is."""


class Issue(NamedTuple):
    """Something about a file: where in its tree, and what."""

    path: tuple[str | int, ...]
    rule: str
    about_key: bool = False
    """Whether it is the last key of the path that is meant, not what stands under it."""


class Headcount(NamedTuple):
    """How many members a system has, or a group of it."""

    first: int
    """At time 0."""
    most: int
    """At any time, if all that is asked for is done."""
    noun: str
    """What one of them is called: ``instance``."""


def unknown_name(what: str, name: object, known: Iterable[str]) -> str:
    """Say that `name` is no `what` ("a role of shop"), and which ones there are.

    From Python it may be no text at all.
    """
    names = list(known)
    near = nearest(name, names) if isinstance(name, str) else None
    hint = f"did you mean {near}?" if near else f"known: {listed(names) or 'none'}"
    return f"must be {what}, got {shorten_any(name)}; {hint}"


def look_up(known: Mapping[str, V], name: object, what: str) -> V:
    """What is known by `name`. ScenarioError if there is no such `what` ("a role of shop")."""
    if not isinstance(name, str) or name not in known:
        raise ScenarioError.of(unknown_name(what, name, known))
    return known[name]
