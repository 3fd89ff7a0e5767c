"""What the record of a kind of system tells: the answers of its service, metrics, series."""

from __future__ import annotations

from inspect import getdoc, getmembers, isfunction
from typing import TYPE_CHECKING, Any

from sim.formats.markdown import code, escape, link, table
from sim.scenario.reference import plain

if TYPE_CHECKING:
    from sim.core.metrics import Metric
    from sim.systems.base.system_type import SystemType

_UNITS = {"s": "duration", "0/1": "0 or 1"}
"""A unit in words, where not by its own name."""


def answers(record: SystemType[Any]) -> list[str]:
    """How the service refuses: each of its answers once."""
    by_answer: dict[Any, list[str]] = {}
    for name, rejections in record.rejections.items():
        for each in rejections:
            by_answer.setdefault(each, []).append(name)
    if not by_answer:
        return []
    rows = [
        (
            f"{each.http_status} {code(each.code)}",
            escape(each.message),
            ", ".join(link(code(name), name) for name in names),
        )
        for each, names in sorted(by_answer.items())
    ]
    told = (
        "Why a request is refused, or fails after it was accepted. What stands in braces is what "
        "the request, or the moment, says."
    )
    return [
        f"### Answers of {record.kind}",
        "",
        told,
        "",
        *table(("answer", "message", "to"), rows),
    ]


def metrics(record: SystemType[Any]) -> list[str]:
    """Its metrics: unit, direction, meaning."""
    rows = [_metric(metric, record) for metric in record.metrics.values()]
    family = record.metric_family
    if family:
        unit = _UNITS.get(family.unit, family.unit)
        rows.append((code(family.form), "", unit, "lower", f"For any N: {family.numbers}."))
    head = ("metric", "in answers", "unit", "better", "meaning")
    return [f"### Metrics of {record.kind}", "", *table(head, rows)]


def _metric(metric: Metric, record: SystemType[Any]) -> tuple[str, ...]:
    groups = " Also of each group." if metric.name in record.group_metrics else ""
    return (
        code(metric.name),
        metric.title,
        _UNITS.get(metric.unit, metric.unit),
        metric.better or "-",
        escape(metric.meaning) + groups,
    )


def series(record: SystemType[Any]) -> list[str]:
    """Its series with their units, and how a run gives one."""
    told = series_of(record)
    rows = [(code(name), _unit_of(record, name), escape(told[name])) for name in told]
    example = [
        "```python",
        'one = sim.run_one("shop.yaml", 0)',
        f'one.timeline("SYSTEM", "{record.main_series}").to_series()',
        "```",
        "",
    ]
    head = ("series", "unit", "meaning")
    return [f"### Series of {record.kind}", "", *table(head, rows), *example]


def _unit_of(record: SystemType[Any], name: str) -> str:
    unit = record.series.unit_of(name)
    return _UNITS.get(unit, unit) or "number"


def series_of(record: SystemType[Any]) -> dict[str, str]:
    """Series of a run -> what it means; STATUS and the like stand for what there is of them."""
    found = {}
    for name, method in getmembers(record.series, isfunction):
        if name.startswith("_") or method.__annotations__.get("return") != "Timeline":
            continue
        parts = [each for each in method.__annotations__ if each not in ("return", "_group")]
        more = "".join(f":{part.upper()}" for part in parts[1:])
        found[name + more] = plain(getdoc(method) or "")
    found.pop("timeline:GROUP", None)
    return found
