"""A scenario file as a user writes it: every key, what it may hold, and the JSON Schema of it all.

The model of the whole file is put together from the specs of the systems that it is for: those of
the kinds that a file names, so that a file costs no more than its own kinds do.
"""

from __future__ import annotations

from copy import copy
from functools import cache, reduce
from inspect import getdoc
from operator import or_
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, create_model
from pydantic.json_schema import SkipJsonSchema

from sim.core.units import format_duration
from sim.core.wall_clock import localized
from sim.formats.distributions import Distribution
from sim.formats.fields import (
    ClockTimeText,
    Duration,
    Name,
    OneOf,
    PositiveCount,
    PositiveDuration,
    Seed,
    Share,
    Spec,
    Start,
    Text,
    TimeZone,
)
from sim.scenario.axes import SweepEntry
from sim.systems import FOLDERS, SYSTEM_TYPES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from sim.formats.tree import Node

REPLICATIONS = 100
"""How many replications are made where the file does not say."""

MINUTE = 60.0
"""Seconds."""

MOST_SYSTEMS = 1_000
"""In a file; each has tables and pictures of its own."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"

METRIC = "Metric"
"""How the schema calls the names of metrics."""

Bound = Annotated[Any, WithJsonSchema({"type": ["string", "number"]})]
Anything = Annotated[Any, WithJsonSchema({})]


def _not_certain(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError("must be above 0% and below 100%")
    return confidence


class ObjectiveEntry(OneOf):
    """A target that each replication should meet. The bound is in the metric's unit."""

    metric: Name
    """The metric, such as min_capacity, rollout_duration or, of an Arc fleet, time_to_75: any whole
    percentage."""
    system: Name | SkipJsonSchema[None] = None
    """The system that is meant. Default: the only one that has this metric."""
    group: Name | SkipJsonSchema[None] = None
    """The role or extension type that is meant. Default: the whole system."""
    at_least: Bound | SkipJsonSchema[None] = None
    """The lowest acceptable value, such as 80%, 10min or 3. Exactly one bound is given."""
    at_most: Bound | SkipJsonSchema[None] = None
    """The highest acceptable value, such as 80%, 10min or 3; of done_at also a clock time, such as
    "02:00". Exactly one bound is given."""
    in_runs: Share = 1.0
    """Share of the replications that must meet the bound. Default: 100%."""
    confidence: Annotated[Share, AfterValidator(_not_certain)] = 0.95
    """Confidence with which that must be shown. Default: 95%."""
    of: Literal["runs", "mean"] = "runs"
    """Whether the runs are judged one by one, or their mean. Default: runs."""

    @classmethod
    @cache
    def choices(cls) -> dict[str, str]:
        """Map the bounds' keys to themselves."""
        return {"at_least": "at_least", "at_most": "at_most"}


def _of_minutes(every: float) -> float:
    if every < MINUTE:
        raise ValueError(f"must be at least 1min, got {format_duration(every)}")
    return every


class OperationEntry(OneOf):
    """One operation: when, and exactly one key that names the request."""

    at: ClockTimeText | Distribution
    """Time after the start at which it is sent; 0s is the start itself. Where the file has a
    `start`, it may also be a clock time: "22:00" is the first one from the start on."""
    every: Annotated[PositiveDuration, AfterValidator(_of_minutes)] | SkipJsonSchema[None] = None
    """Time after which it is sent again, up to the horizon, at least 1min; every 1d from a clock
    time on follows the clock, and is once where a day is left out. Default: it is sent once."""
    name: Name | SkipJsonSchema[None] = None
    """A name to refer to it. Default: its key with a number, such as upgrade_deployment-0."""

    @classmethod
    @cache
    def choices(cls) -> dict[str, str]:
        """Map the operations' keys to themselves."""
        return {key: key for key in cls.model_fields if key not in OperationEntry.model_fields}


class File(Spec):
    """A scenario of rollout-sim: systems, operations on them, targets to meet."""

    name: Name | SkipJsonSchema[None] = None
    """Name of the scenario. Default: the file's name without its ending."""
    horizon: ClockTimeText | PositiveDuration | SkipJsonSchema[None] = None
    """Simulated time, or where the file has a `start` the clock time at which it ends, such as
    "sat 06:00". Default: 1d."""
    warm_up: Duration = 0.0
    """Time at the beginning that metrics leave out. Default: 0s."""
    seed: Seed = 0
    """Random seed: a whole number from 0 to 2^63 - 1. Default: 0."""
    replications: PositiveCount | SkipJsonSchema[None] = None
    """Number of independent runs. Default: 100."""
    start: Start | SkipJsonSchema[None] = None
    """Date and time of day at which the scenario begins, such as 2026-11-20T14:00+01:00.
    Default: 00:00 of no particular day."""
    time_zone: TimeZone | SkipJsonSchema[None] = None
    """Time zone, such as Europe/Berlin, whose clock all times of day and days of the week follow,
    with its changes; `start` may then have no offset from UTC. A local time that a change brings
    twice is the first one, one that it leaves out the instant after the gap. Default: the offset of
    `start`."""
    systems: dict[Name, Any] = Field(min_length=1, max_length=MOST_SYSTEMS)
    """System name and what it consists of; its `kind` says what it is."""
    operations: tuple[Any, ...] = ()
    """Requests to the systems, and when each is sent. Default: none."""
    objectives: tuple[ObjectiveEntry, ...] = ()
    """Targets to meet. Default: none."""
    prefer: tuple[Name, ...] = ()
    """Metrics, the most important one first, that decide in compare which variant is best of those
    that meet every objective. Default: none, so that several may be named."""
    variants: dict[Name, dict[Text, Anything]] = Field(default_factory=dict)
    """Variant name and its overrides of this file, PATH: VALUE. compare runs all variants with
    common random numbers; the first is the baseline. Default: none."""
    sweep: SweepEntry | SkipJsonSchema[None] = None
    """Values of paths that sweep runs one after the other, all with common random numbers and where
    there are variants each of them. Default: none."""

    @property
    def local_start(self) -> dt.datetime | None:
        """The start by the clock of the time zone, where there is one."""
        if self.start is None or self.time_zone is None:
            return self.start
        return localized(self.start, self.time_zone)


def kinds_of(tree: Node) -> tuple[str, ...]:
    """The kinds that must be known to check a file: those that its systems name.

    All of them where a system or an operation is of none of those: then it takes all of them to say
    what is wrong.
    """
    named = {_kind(system) for system in _below(tree, "systems").values()}
    kinds = tuple(kind for kind in FOLDERS if kind in named)
    if not named or len(kinds) < len(named):
        return FOLDERS
    known = {key for kind in kinds for key in SYSTEM_TYPES[kind].operations}
    operations = tree.value.get("operations") if isinstance(tree.value, dict) else None
    entries = operations.value if operations and isinstance(operations.value, list) else []
    return kinds if all(_is_of(known, entry) for entry in entries) else FOLDERS


def _kind(system: Node) -> str | None:
    kind = system.value.get("kind") if isinstance(system.value, dict) else None
    return kind.value if kind and isinstance(kind.value, str) else None


def _is_of(known: Collection[str], entry: Node) -> bool:
    """Whether an operation is one of the `known`, and only one."""
    keys = entry.value.keys() if isinstance(entry.value, dict) else ()
    return len(keys & known) == 1 if keys else False


def _below(node: Node, key: str) -> dict[str, Node]:
    child = node.value.get(key) if isinstance(node.value, dict) else None
    return child.value if child and isinstance(child.value, dict) else {}


def file_model(kinds: tuple[str, ...] = FOLDERS) -> type[File]:
    """The model of a file in which systems of these kinds may stand; by default of any kind."""
    return _file_model(kinds)


@cache
def _file_model(kinds: tuple[str, ...]) -> type[File]:
    specs: Any = reduce(or_, (SYSTEM_TYPES[kind].spec for kind in kinds))
    system = Annotated[specs, Field(discriminator="kind")] if len(kinds) > 1 else specs
    types = {
        "systems": GenericAlias(dict, (Name, system)),
        "operations": GenericAlias(tuple, (_entry_model(kinds), ...)),
    }
    fields: dict[str, Any] = {
        key: (type_, copy(File.model_fields[key])) for key, type_ in types.items()
    }
    return create_model("Scenario", __base__=File, __doc__=getdoc(File), **fields)


def _entry_model(kinds: tuple[str, ...]) -> type[OperationEntry]:
    bodies = {key: body for kind in kinds for key, body in SYSTEM_TYPES[kind].operations.items()}
    absent: Any = SkipJsonSchema[None]  # type: ignore[misc]  # an alias to mypy, a class to Python
    fields: dict[str, Any] = {
        key: (body | absent, Field(default=None, description=getdoc(body)))
        for key, body in bodies.items()
    }
    return create_model(
        "Operation", __base__=OperationEntry, __doc__=getdoc(OperationEntry), **fields
    )


def json_schema(kinds: tuple[str, ...] = FOLDERS) -> dict[str, Any]:
    """The JSON Schema of a scenario file, for editors. Callers must not change it.

    Of one with systems of these kinds only, where they are given.
    """
    return _json_schema(kinds)


@cache
def _json_schema(kinds: tuple[str, ...]) -> dict[str, Any]:
    schema = file_model(kinds).model_json_schema()
    types = schema["$defs"]
    types["Metric"] = _metric_schema(kinds)
    for place, key in (
        (types[ObjectiveEntry.__name__]["properties"], "metric"),
        (schema["properties"]["prefer"], "items"),
    ):
        described = {k: text for k, text in place[key].items() if k == "description"}
        place[key] = {"$ref": "#/$defs/Metric"} | described
    return {"$schema": DIALECT} | schema


def _metric_schema(kinds: tuple[str, ...]) -> dict[str, Any]:
    """The metrics of these kinds, by name or by the pattern of their names."""
    records = [SYSTEM_TYPES[kind] for kind in kinds]
    names = dict.fromkeys(name for record in records for name in record.metrics)
    families = [record.metric_family for record in records if record.metric_family]
    patterns = [{"type": "string", "pattern": f"^{family.pattern}$"} for family in families]
    return {"title": METRIC, "anyOf": [{"enum": [*names]}, *patterns]}
