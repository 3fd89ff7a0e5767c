"""From a tree to a spec: pydantic judges, and its errors are told in our words and places."""

from __future__ import annotations

import difflib
import functools
import json
import re
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from sim.core.errors import MOST_PROBLEMS, Problem
from sim.core.units import shorten
from sim.formats.hints import Home, bare, hint, homes_of
from sim.formats.schema import Place
from sim.formats.tree import ASSUMED, Node, Scalar, dotted, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from pydantic_core import ErrorDetails

S = TypeVar("S", bound=BaseModel)

WRONG_SHAPE = "wrong_shape"
"""The error type by which a field that takes a scalar refuses a mapping, a list or null."""

_SHAPES = frozenset(
    {WRONG_SHAPE, "model_type", "model_attributes_type", "dict_type", "list_type", "tuple_type"}
    | {"none_required"}
)


class Null(Enum):
    """What null becomes while it is checked, so that no optional field takes it unasked."""

    NULL = "null"


def check(
    model: type[S],
    node: Node,
    path: tuple[str | int, ...],
    problems: list[Problem],
    whole: Callable[[], type[BaseModel]] | None = None,
) -> S | None:
    """Make a spec of a tree, or append every problem, in file order, and return None.

    Of very many only as many as are told.

    `path` is where the node stands in its file. `whole` gives the model whose keys are told of
    where one is unknown, by default `model` itself, which may be but a part of it.
    """
    try:
        return model.model_validate(_given(node), by_alias=True, by_name=False)
    except ValidationError as error:
        order = {id(found): number for number, found in enumerate(walk(node))}
        details = _in_order(error, node, order)
        known, looked_at, told = whole or (lambda: model), 0, list[_Fault]()
        while len(told) <= MOST_PROBLEMS and looked_at < len(details):
            looked_at = 2 * looked_at or _LOOKED_AT
            faults = [_fault(detail, node, path, known) for detail in details[:looked_at]]
            faults.sort(key=lambda fault: order[id(fault.node)])
            told = list(islice(_telling(faults), MOST_PROBLEMS + 1))
        problems += [fault.problem() for fault in told]
        return None


_LOOKED_AT = 1_000
"""Errors of pydantic that are looked at first: several may be told as one, and most never are."""


def _in_order(error: ValidationError, root: Node, order: Mapping[int, int]) -> list[ErrorDetails]:
    """The errors, sorted by the entry of the file, two levels deep, that they are in."""
    places: dict[tuple[str | int, ...], int] = {}

    def place(detail: ErrorDetails) -> int:
        entry = detail["loc"][:2]
        if entry not in places:
            places[entry] = order[id(_locate(root, entry)[0])]
        return places[entry]

    return sorted(error.errors(include_url=False), key=place)


def _given(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: _given(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [_given(child) for child in node.value]
    return Null.NULL if node.value is None else node.value


@dataclass(frozen=True)
class _Fault:
    """One of pydantic's errors, brought back to the node that it is about."""

    kind: str
    node: Node
    path: tuple[str | int, ...]
    about_key: bool
    state: Callable[[], str]
    """Says the rule, which may take a search for what was meant."""

    @functools.cached_property
    def rule(self) -> str:
        """What is wrong, in our words."""
        return self.state()

    def problem(self) -> Problem:
        where = self.node.key_where if self.about_key and self.node.key_where else self.node.where
        return Problem(where, dotted(self.path), self.rule)


def _fault(
    detail: ErrorDetails,
    root: Node,
    path: tuple[str | int, ...],
    known: Callable[[], type[BaseModel]],
) -> _Fault:
    kind, location = detail["type"], detail["loc"]
    if kind == "union_tag_invalid":
        location = (*location, _discriminator(detail))
    node, keys = _locate(root, location)
    about_key = kind == "extra_forbidden" or "[key]" in location[-1:]

    def state() -> str:
        if kind == "extra_forbidden":
            return _unknown_key_rule(keys, root, known())
        if node.value is None and not about_key:
            what = "item" if keys and isinstance(keys[-1], int) else "key"
            return f"null is not allowed here: leave the {what} out"
        return _rule(detail, shorten(str(keys[-1])) if about_key else show(node))

    is_shape = kind == "literal_error" and isinstance(node.value, dict | list)
    return _Fault(WRONG_SHAPE if is_shape else kind, node, (*path, *keys), about_key, state)


def _locate(root: Node, location: tuple[str | int, ...]) -> tuple[Node, tuple[str | int, ...]]:
    """Follow those parts of an error's location that are keys of the tree.

    The others are pydantic's own: names of classes and functions, union tags, a missing key.
    """
    node, keys = root, list[str | int]()
    for part in location:
        child = _child(node, part)
        if child is not None:
            node = child
            keys.append(part)
    return node, tuple(keys)


def _child(node: Node, key: str | int) -> Node | None:
    if isinstance(node.value, dict):
        return node.value.get(str(key))
    if isinstance(node.value, list) and isinstance(key, int) and key < len(node.value):
        return node.value[key]
    return None


def _telling(faults: Sequence[_Fault]) -> Iterator[_Fault]:
    """Drop what only a rejected alternative of a union says, or a list of which items are wrong,
    and what was said already.
    """
    above = {fault.path[:length] for fault in faults for length in range(len(fault.path))}
    better = above | {fault.path for fault in faults if fault.kind not in _SHAPES}
    said: set[tuple[int, str]] = set()
    for fault in faults:
        if fault.kind in _SHAPES and fault.path in better:
            continue
        if fault.kind == "too_short" and fault.path in above:
            continue  # pydantic counts only those items that are right
        # A scalar has one value, so one thing is wrong with it; a mapping may lack two keys.
        many = isinstance(fault.node.value, dict | list) and fault.kind not in _SHAPES
        subject = (id(fault.node), fault.rule if many else "")
        if subject not in said:
            said.add(subject)
            yield fault


def show(node: Node) -> str:
    """Give a value as a message shows it, on one line; text that was quoted keeps quotes."""
    value = node.value
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return show_scalar(value)


def show_scalar(value: str | float | bool) -> str:
    """Give a scalar as a message shows it."""
    if isinstance(value, Scalar) and value.plain:
        return shorten(value)
    if isinstance(value, str):
        return shorten(json.dumps(value, ensure_ascii=False))
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _unknown_key_rule(keys: tuple[str | int, ...], root: Node, model: type[BaseModel]) -> str:
    place, node = _schema(model).like(root), root
    above = place
    for key in keys[:-1]:
        above = place
        node = _child(node, key) or node
        place = place.below(key).like(node)
    mark = node.below(ASSUMED) if keys[-1] == ASSUMED else None
    if mark:
        return f"must be true or false, beside a value, got {show(mark)}"
    key, others = str(keys[-1]), node.value if isinstance(node.value, dict) else {}
    if key in place.keys:  # of another form of the same value
        return f"must not be given together with {joined([k for k in others if k != key], 'and')}"
    if above is not place and key in above.keys:
        return f"unknown key, {key} stands beside {keys[-2]}, not below it"
    return f"unknown key, {hint(key, place, _homes(model)) or suggest(key, place.keys)}"


@functools.cache
def _schema(model: type[BaseModel]) -> Place:
    return Place.top(model.model_json_schema())


@functools.cache
def _homes(model: type[BaseModel]) -> dict[str, Home]:
    return homes_of(_schema(model).root)


def nearest(wrong: str, known: Iterable[str]) -> str | None:
    """Give the known word that was most likely meant, whatever its case and punctuation.

    None among more than a few hundred: to compare each takes long, and many are as near.
    """
    words = {bare(word): word for word in known}
    if len(words) > _MOST_COMPARED:
        return words.get(bare(wrong))
    # The library's own cutoff of 0.6 takes "nodes" for "roles".
    near = difflib.get_close_matches(bare(wrong), words, n=1, cutoff=0.65)
    return words[near[0]] if near else None


def suggest(wrong: str, known: Sequence[str]) -> str:
    """Say which known word may have been meant, or else what the known words are."""
    near = nearest(wrong, known)
    if near:
        return f"did you mean {near}?"
    return f"known here: {listed(known)}" if known else "no key is known here"


_MOST_COMPARED = 300
_MOST_LISTED = 30


def listed(words: Collection[str], most: int = _MOST_LISTED) -> str:
    """Write ``a, b, c``, of more than so many the first ones."""
    rest = len(words) - most
    return ", ".join(islice(words, most)) + (f" and {rest:,} more" if rest > 0 else "")


def joined(words: Sequence[str], joint: str = "or") -> str:
    """Write ``a, b or c``."""
    return f" {joint} ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _rule(detail: ErrorDetails, got: str) -> str:
    """Say in our words what pydantic found."""
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "value_error":
            return _own_rule(str(context["error"]), got)
        case "wrong_shape":
            return detail["msg"]
        case "missing":
            return f"missing key {detail['loc'][-1]}"
        case "union_tag_not_found" if got == "a mapping":
            return f"missing key {_discriminator(detail)}"
        case "literal_error" | "union_tag_invalid":
            expected = context.get("expected") or context["expected_tags"]
            return _choice_rule(expected, str(context.get("tag", got)))
        case kind:
            return _expected_rule(kind, context, got)


def _expected_rule(kind: str, context: dict[str, Any], got: str) -> str:
    if kind == "too_short" and context["min_length"] == 1:
        return "must not be empty"
    return f"{_EXPECTED.get(kind, 'must be of another form').format(**context)}, got {got}"


def _discriminator(detail: ErrorDetails) -> str:
    return str(detail["ctx"]["discriminator"]).strip("'")


def _own_rule(rule: str, got: str) -> str:
    """Complete what a validator said: it may name the value itself, and needs none for a shape."""
    complete = ", got " in rule or got in ("a mapping", "a list")
    return rule if complete else f"{rule}, got {got}"


_EXPECTED = {
    "model_type": "must be a mapping (keys and values)",
    "model_attributes_type": "must be a mapping (keys and values)",
    "dict_type": "must be a mapping (keys and values)",
    "union_tag_not_found": "must be a mapping (keys and values)",
    "list_type": "must be a list (items begin with '- ')",
    "tuple_type": "must be a list (items begin with '- ')",
    "too_short": "must hold at least {min_length} items",
    "too_long": "must hold at most {max_length} items",
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be below {lt:g}",
    "less_than_equal": "must be at most {le:g}",
}


def _choice_rule(expected: str, got: str) -> str:
    """Make pydantic's ``'a', 'b' or 'c'`` a rule of ours."""
    choices = re.findall(r"'([^']*)'", expected)
    near = nearest(got, choices)
    return f"must be {joined(choices)}, got {got}" + (f"; did you mean {near}?" if near else "")
