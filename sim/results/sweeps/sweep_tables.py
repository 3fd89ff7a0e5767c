"""The tables of a sweep, tidy: a column an axis, in numbers with their unit beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sim.experiments.studies.sweeps import FLOATS, WHOLES
from sim.results import tables
from sim.results.tables import NUMBER, TEXT, WHOLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.experiments.studies.sweep_conclusion import Concluded
    from sim.experiments.studies.sweeps import Swept
    from sim.results.sweeps.sweep_about import SweepAbout

JUDGED = ("objective", "bound", "share", "low", "high", "verdict", "sentence")
NO_VARIANT = "baseline"
"""What the only variant is called in tables, as by `run`."""

NAMES = ("sweep", "points", "objectives")
"""The tables, in files of these names."""

OWN = {
    "sweep": [field for field in tables.SUMMARY if field.name != "variant"],
    "points": [
        pa.field("verdict", TEXT),
        pa.field("ended_well", NUMBER),
        pa.field("reference", TEXT),
        pa.field("front", TEXT),
    ],
    "objectives": [tables.OBJECTIVES.field(each) for each in JUDGED],
}
"""Table -> its columns behind those of the point."""


def schema(name: str, about: SweepAbout) -> pa.Schema:
    """The columns of a table."""
    columns: dict[str, pa.DataType] = {"point": WHOLE}
    for axis in about.axes:
        columns |= (
            {axis.name: NUMBER, f"{axis.name}_unit": TEXT} if axis.numbers else {axis.name: TEXT}
        )
    columns["variant"] = TEXT
    return pa.schema([*columns.items(), *OWN[name]])


def sweep(swept: Swept, about: SweepAbout) -> pa.Table:
    """One row a metric of each alternative: its summary."""
    alternatives, keys = swept.rows[:, 0], swept.rows[:, 1]
    columns = _points(swept, about, alternatives)
    for part in range(3):
        columns.append(_texts([key[part] for key in swept.keys], keys))
    columns.append(_texts(swept.units, keys))
    made = {name: tables.numbers(swept.floats[:, place]) for place, name in enumerate(FLOATS)}
    made |= {name: tables.wholes(swept.wholes[:, place]) for place, name in enumerate(WHOLES)}
    columns += [made[name] for name in tables.SUMMARY.names if name in made]
    return pa.Table.from_arrays(columns, schema=schema("sweep", about))


def points(swept: Swept, about: SweepAbout, found: Concluded) -> pa.Table:
    """One row an alternative: whether it meets every objective, and is on the front."""
    every = np.arange(len(swept.alternatives))
    columns = _points(swept, about, every)
    columns.append(tables.texts(found.verdicts))
    columns.append(tables.numbers(swept.ended_well))
    columns.append(_texts(["no", "yes"], swept.references.astype(np.int64)))
    columns.append(tables.texts(found.standings))
    return pa.Table.from_arrays(columns, schema=schema("points", about))


def objectives(swept: Swept, about: SweepAbout) -> pa.Table:
    """One row an objective of each alternative, with its verdict."""
    counts = [len(each) for each in swept.judged]
    columns = _points(swept, about, np.repeat(np.arange(len(counts)), counts))
    judged = [each for several in swept.judged for each in several]
    for name in JUDGED:
        values: list[Any] = [getattr(each, name) for each in judged]
        is_text = tables.OBJECTIVES.field(name).type == TEXT
        columns.append(tables.texts(values) if is_text else tables.numbers(np.array(values, float)))
    return pa.Table.from_arrays(columns, schema=schema("objectives", about))


def _points(swept: Swept, about: SweepAbout, rows: NDArray[np.integer[Any]]) -> list[pa.Array]:
    """The columns before a table's own: point, axes with their units, variant."""
    numbers = np.array([each.point for each in swept.alternatives], np.int64)
    places = np.array([about.places(point) for point in numbers.tolist()], np.int64)
    columns = [tables.wholes(numbers[rows])]
    for place, axis in enumerate(about.axes):
        own = places[rows, place]
        if axis.numbers:
            known = np.array([np.nan if each is None else each for each in axis.numbers])
            columns.append(tables.numbers(known[own]))
            columns.append(_texts([axis.unit], np.zeros(len(rows), np.int64)))
        else:
            columns.append(_texts(axis.texts, own))
    names = list(dict.fromkeys(each.variant for each in swept.alternatives))
    which = np.array([names.index(each.variant) for each in swept.alternatives], np.int64)
    columns.append(_texts([name or NO_VARIANT for name in names], which[rows]))
    return columns


def _texts(values: Sequence[str], places: NDArray[np.integer[Any]]) -> pa.Array:
    return tables.names(values, places).dictionary_decode()
