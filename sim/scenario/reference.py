"""The reference of a scenario file: what may stand at a place, in the format's own words.

What is told comes from the JSON Schema, and so from the docstrings of the specs.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from inspect import getdoc
from textwrap import wrap
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.core import units
from sim.core.clock_times import CLOCK_TIME_PATTERN
from sim.core.errors import ScenarioError
from sim.core.zones import ZONE_PATTERN
from sim.formats.checking import nearest, suggest
from sim.formats.hints import hint
from sim.formats.scaling import takes_number
from sim.formats.schema import Place
from sim.formats.tree import dotted
from sim.scenario import paths
from sim.scenario.file import METRIC, json_schema
from sim.scenario.variants import homes
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Schema = dict[str, Any]

WIDTH = 80
"""Columns of a screen."""

_INDENT = "    "
_NAMED = "a name of your choice; the keys below it are listed by"
_GUESS = "  as a guess: {value: VALUE, assumed: true}"
_GUESSED = ("systems", "operations", *SYSTEM_TYPES)
_TIMED = "; its value is described by"
PATTERNS = {
    units.DURATION_PATTERN: "duration, such as 90s, 5min or 1h30min",
    units.SHARE_PATTERN: "share, such as 80%",
    units.CLOCK_PATTERN: 'time of day, such as "22:00"',
    units.CLOCK_END_PATTERN: 'time of day, such as "22:00", or "24:00"',
    CLOCK_TIME_PATTERN: 'clock time, such as "22:00" or "sat 22:00"',
    ZONE_PATTERN: "time zone, such as Europe/Berlin",
    units.INSTANT_PATTERN: "date and time, such as 2026-11-20T14:00+01:00",
}
_SCALARS = {"boolean": "true or false", "string": "text", "number": "number", "null": "null"}


class Found(NamedTuple):
    """What the format has at a path."""

    place: Place
    kind: str
    """The kind of system that it belongs to, "" where to none or to any."""
    required: bool = False


def kinds() -> list[str]:
    """The kinds of system, and what each is for."""
    lines = ["kinds of system (rollout-sim new KIND, rollout-sim keys KIND):"]
    for kind, record in SYSTEM_TYPES.items():
        lines += _listed(f"  {kind}", [plain(getdoc(record.spec) or "")])
    return lines


def reference(path: str = "") -> list[str]:
    """What may stand at a place of a file: keys with their type, default and meaning.

    Parameters
    ----------
    path
        A path as `Scenario.override` takes it, with any name where the user gives names. It may
        begin with a kind of system instead of ``systems.NAME``; the number of a list's item
        may be left out: ``operations.upgrade_deployment``. ``KIND.metrics`` tells what each metric
        of a kind means.

    Raises
    ------
    ScenarioError
        Where the format has no such place, with the nearest key.
    """
    keys = paths.parse(path, "PATH") if path else ()
    if len(keys) == 2 and keys[0] in SYSTEM_TYPES and keys[1] == "metrics":  # noqa: PLR2004
        return [*_meanings(keys[0])]
    found = _find(keys, path)
    lines: list[str] = []
    for each in found:
        lines += [""] if lines else []
        lines += _told(each, path, several=len(found) > 1)
        lines += _metrics() if keys[:1] == ("objectives",) and keys[-1] == "metric" else []
    if not keys:
        lines += ["", *kinds()]
    if path in SYSTEM_TYPES:
        asked = ", ".join(SYSTEM_TYPES[path].operations)
        lines += ["", *_listed("operations (rollout-sim keys operations.NAME)", [asked])]
        measured = ", ".join(SYSTEM_TYPES[path].metrics)
        lines += ["", *_listed(f"metrics (rollout-sim keys {path}.metrics)", [measured])]
    return lines


# Which place --------------------------------------------------------------------------------------


def _find(keys: Sequence[str], path: str) -> list[Found]:
    schema = json_schema()
    found = [Found(Place.top(schema), "")]
    rest = list(keys)
    if rest and rest[0] in SYSTEM_TYPES:
        systems = Place.top(schema).below("systems").below("NAME")
        found = [each for each in by_kind(Found(systems, "")) if each.kind == rest[0]]
        rest = rest[1:]
    above: list[Found] = []
    for number, key in enumerate(rest):
        below = [step for each in found for step in _steps(each, key)]
        if not below:
            before = dotted(keys[: len(keys) - len(rest) + number]) or "a scenario file"
            known = dict.fromkeys(known for each in found for known in item_of(each.place).keys)
            known |= {} if number else dict.fromkeys(SYSTEM_TYPES)
            meant = hint(key, found[0].place, homes()) if known and not found[1:] else None
            if any(key in item_of(each.place).keys for each in above):
                meant = f"{key} stands beside {rest[number - 1]}, not below it"
            rule = f"names no key of {before}, {meant or suggest(key, list(known))}"
            raise ScenarioError.of(rule, where="PATH", path=path)
        above, found = found, below
    return found


def _steps(at: Found, key: str) -> Iterator[Found]:
    """One key down; a list may be entered with or without the number or name of an item."""
    place = at.place
    if place.is_list and (key.isdigit() or key == paths.APPEND):
        yield at._replace(place=place.below(0), required=False)
        return
    inner = item_of(place)
    below = inner.below(key)
    if below.forms and (key in inner.keys or inner.takes_names):
        required = is_required(inner, key)
        yield from by_kind(Found(below, at.kind, required))
    elif place.is_list and "name" in inner.keys and nearest(key, inner.keys) is None:
        yield at._replace(place=inner, required=False)


def is_required(place: Place, key: str) -> bool:
    """Whether a key must stand in every mapping that has it here."""
    having = [form for form in place.forms if key in form.get("properties", {})]
    return bool(having) and all(key in form.get("required", ()) for form in having)


def item_of(place: Place) -> Place:
    """The place whose keys are meant: that of an item where nothing but a list may stand."""
    return place.below(0) if place.is_list and not place.is_mapping else place


def by_kind(at: Found) -> list[Found]:
    """The place once for each kind of system that may stand there."""
    split = [
        Found(Place(at.place.root, (form,)), form["properties"]["kind"]["const"])
        for form in at.place.forms
        if "const" in form.get("properties", {}).get("kind", {})
    ]
    return split or [at]


# What is said of it -------------------------------------------------------------------------------


def _told(found: Found, path: str, *, several: bool) -> list[str]:
    place = found.place
    whose = f"{path} ({found.kind})" if several else path or "a scenario file"
    lines = wrap(
        f"{whose}: {meaning_of(place.forms)}".rstrip(": "), WIDTH, subsequent_indent=_INDENT
    )
    if path:
        said = [type_of(place.forms[-1], place.root), default_of(place.forms, found.required)]
        lines += _listed("  type", ["; ".join(filter(None, said))])
        is_guessed = path.startswith(tuple(f"{each}." for each in _GUESSED))
        lines += [_GUESS] if is_guessed and takes_number(place) else []
    inner = item_of(place)
    for form in inner.forms:
        choices = [one["required"][0] for one in form.get("oneOf", ()) if list(one) == ["required"]]
        if choices:
            lines += _listed("  exactly one of", [", ".join(choices)])
    for key in inner.keys:
        lines += _key(inner, key)
    if inner.takes_names and not inner.keys:
        patterns = (key for form in inner.forms for key in form.get("patternProperties", {}))
        times = [PATTERNS[pattern] + _TIMED for pattern in patterns if pattern in PATTERNS]
        lines += _listed("  NAME", times or [_NAMED])
        lines.append(f"{_INDENT}rollout-sim keys {path}.NAME")
    if inner.takes_names and inner.keys:  # of a sweep
        lines += _listed("  PATH", [type_of(inner.below("").forms[-1], inner.root)])
        lines.append(f"{_INDENT}A path, as for --set: rollout-sim keys {path}.PATH")
    return lines


def _key(place: Place, key: str) -> list[str]:
    below = place.below(key)
    own = [form["properties"][key] for form in place.forms if key in form.get("properties", {})]
    said = [type_of(own[0], place.root), default_of([*below.forms, *own], is_required(place, key))]
    kind = next((name for name, record in SYSTEM_TYPES.items() if key in record.operations), "")
    if kind and "at" in place.keys:
        said[0] = f"operation of {kind}"
    head = _listed(f"  {dotted([key])}", ["; ".join(filter(None, said))])
    meaning = meaning_of([*below.forms, *own])
    return [*head, *wrap(meaning, WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)]


def _listed(head: str, said: Iterable[str]) -> list[str]:
    return [
        line
        for each in said
        for line in wrap(f"{head}: {each}", WIDTH, subsequent_indent=f"{_INDENT}  ")
    ]


def _described(forms: Sequence[Schema]) -> str:
    """What the format says of a place: the key's own sentence before that of what stands there."""
    described = [form["description"] for form in reversed(forms) if "description" in form]
    return plain(described[0]) if described else ""


def meaning_of(forms: Sequence[Schema]) -> str:
    """What the format says of a place, its default left out."""
    return re.sub(r"\s*Default: .*$", "", _described(forms))


def default_of(forms: Sequence[Schema], required: bool) -> str:
    """``required``, ``default 5``, or empty where nothing stands for what is left out."""
    if required:
        return "required"
    told = re.search(r"Default: (.*?)\.?$", _described(forms))
    if told:
        return f"default {told[1]}"
    given = [form["default"] for form in forms if "default" in form]
    return f"default {json.dumps(given[-1], ensure_ascii=False)}" if given else ""


def plain(text: str) -> str:
    """A docstring in one line."""
    return " ".join(text.split())


def type_of(schema: Schema, root: Schema) -> str:
    """What may stand there, in words."""
    if "$ref" in schema:
        return type_of(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    if schema.get("title") == "Distribution":
        return "duration, such as 4min, or a distribution"
    if schema.get("title") == METRIC:
        return "metric"
    if "const" in schema or "enum" in schema:
        return " | ".join(schema.get("enum", [schema.get("const")]))
    options = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    options = [one for one in options if list(one) != ["required"]]
    if options:
        # A share that may not be as small as any is told with its range, as its number is.
        least = max(one.get("minimum", 0) for one in options)
        span = f"share from {units.format_share(least)} to 100%" if 0 < least < 1 else ""
        return _either(
            [
                span if span and one.get("pattern") == units.SHARE_PATTERN else type_of(one, root)
                for one in options
            ]
        )
    return _of_type(schema, root)


def _of_type(schema: Schema, root: Schema) -> str:
    kind = schema.get("type")
    if kind == "array":
        return f"list of {type_of(schema['items'], root)}"
    if kind == "object":
        return _mapping(schema, root)
    if kind in ("integer", "number"):
        return _number(schema)
    if isinstance(kind, list):
        return "a value in the metric's unit"
    return PATTERNS.get(schema.get("pattern", ""), _SCALARS.get(str(kind), "any value"))


def _mapping(schema: Schema, root: Schema) -> str:
    named = schema.get("additionalProperties")
    below = {"NAME": named} if isinstance(named, dict) else {}
    for pattern, form in schema.get("patternProperties", {}).items():
        below[PATTERNS.get(pattern, "NAME").partition(",")[0]] = form
    said = [f"mapping of {key} to {type_of(form, root)}" for key, form in below.items()]
    return said[0] if said else "mapping"


def _number(schema: Schema) -> str:
    what = "whole number" if schema["type"] == "integer" else "number"
    if "exclusiveMinimum" in schema:
        return f"{what} above {schema['exclusiveMinimum']}"
    if "exclusiveMaximum" in schema:
        return f"{what} from {schema['minimum']} to below {schema['exclusiveMaximum']}"
    if what == "number" and "maximum" in schema:
        lowest, highest = (format(Decimal(str(schema[key])), "f") for key in ("minimum", "maximum"))
        return f"number from {lowest} to {highest.removesuffix('.0')}"
    return f"{what}, {schema['minimum']} or more" if "minimum" in schema else what


def _either(options: Sequence[str]) -> str:
    """Alternatives; a name or text that looks like a number is one too."""
    words = dict.fromkeys(options)
    if {"text", "number"} <= words.keys():
        return "text"
    return ", or ".join(words)


_WRITTEN = {"s": "duration", "0/1": "0 or 1"}
"""Unit of a metric -> how its bound is written, where not by its own name."""


def _metrics() -> list[str]:
    """The metrics of each kind, with the unit in which a bound is written."""
    lines: list[str] = []
    for kind, record in SYSTEM_TYPES.items():
        named = (f"{name} ({_WRITTEN.get(m.unit, m.unit)})" for name, m in record.metrics.items())
        family = record.metric_family
        more = f"; {family.form} ({_WRITTEN[family.unit]}), {family.numbers}" if family else ""
        lines += ["", *_listed(f"  {kind}", [", ".join(named) + more])]
    return [*lines, "", "What each means: rollout-sim keys KIND.metrics"]


def _meanings(kind: str) -> Iterator[str]:
    """Each metric of a kind: unit, which direction is better, what it means."""
    yield f"{kind}.metrics: what an objective may ask for (objectives.metric)"
    for name, metric in SYSTEM_TYPES[kind].metrics.items():
        better = f"; {metric.better} is better" if metric.better else ""
        yield f"  {name}: {_WRITTEN.get(metric.unit, metric.unit)}{better}"
        yield from wrap(
            plain(metric.meaning), WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT
        )
    family = SYSTEM_TYPES[kind].metric_family
    if family:
        yield f"  {family.form}: {_WRITTEN[family.unit]}; {family.numbers}"
