"""The JSON Schema for editors: that of a file, in which numbers may be marked as guesses."""

from __future__ import annotations

from typing import Any

from sim.formats.distributions import OneFamily
from sim.formats.scaling import takes_number
from sim.formats.schema import Place
from sim.formats.tree import ASSUMED, VALUE
from sim.scenario.file import ObjectiveEntry, json_schema

_MARK = {
    "type": "boolean",
    "description": "Whether the value is a guess, which `rollout-sim assumptions` halves and "
    "doubles.",
}
_GUESS = "Guess"
_REFERENCE = {"$ref": f"#/$defs/{_GUESS}"}
_UNMARKED = (ObjectiveEntry.__name__,)
"""What is asked for is no guess."""


def editor_schema() -> dict[str, Any]:
    """What editors check a scenario file by."""
    schema = json_schema()
    parts = {
        name: part if name in _UNMARKED else _below(part, schema)
        for name, part in schema["$defs"].items()
    }
    family = parts[OneFamily.__name__]
    family["properties"] = family["properties"] | {ASSUMED: _MARK}
    parts[_GUESS] = {
        "type": "object",
        "description": "A value that is marked as a guess.",
        "properties": {VALUE: {"description": "The value."}, ASSUMED: _MARK},
        "required": [VALUE, ASSUMED],
        "additionalProperties": False,
    }
    return schema | {"$defs": parts}


def _below(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """The same with numbers below it that may be marked."""
    found = dict(schema)
    for key in ("properties", "patternProperties"):
        if key in schema:
            found[key] = {name: _markable(each, root) for name, each in schema[key].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            found[key] = _markable(schema[key], root)
    if "anyOf" in schema:
        found["anyOf"] = [_below(each, root) for each in schema["anyOf"]]
    return found


def _markable(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """A place, where a number may stand marked as well."""
    if not takes_number(Place(root, ({"items": schema},)).below(0)):
        return _below(schema, root)
    beside: dict[str, Any] = {
        key: schema[key] for key in ("description", "default") if key in schema
    }
    plain = {key: each for key, each in schema.items() if key not in beside}
    forms = plain["anyOf"] if list(plain) == ["anyOf"] else [plain]
    return {"anyOf": [*(_below(each, root) for each in forms), _REFERENCE], **beside}
