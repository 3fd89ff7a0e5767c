"""The log of a scale set read for its tests, in words."""

from __future__ import annotations

from sim.systems.vm_scale_set.states import WIDTH


def histories(simulation, log, system="s"):
    """Number of each instance that changes -> its rows (time, status, model, cause)."""
    layout, name = simulation.models[system].layout, log.subjects.name
    block, found = layout.instances, {}
    for row in log.rows:
        if row["subject"] in block.numbers:
            code = int(row["new"])
            model = tuple(layout.models[code // WIDTH]) if code else None
            cause = name(row["cause"]).removesuffix(f" of {system}")
            found.setdefault(int(row["subject"]) - block.first, []).append(
                (float(row["time"]), block.states.status(code), model, cause)
            )
    return found


def changes(log, kind, system="s"):
    """Each operation, or upgrade, or the batch -> its rows (time, status, rule)."""
    block, found = log.subjects.one(system, kind), {}
    for row in log.rows:
        if row["subject"] in block.numbers:
            name = log.subjects.name(row["subject"]).removeprefix("upgrade by ")
            status, rule = block.states.status(row["new"]), block.states.version(row["new"])
            found.setdefault(name, []).append((float(row["time"]), status, rule))
    return found
