"""From results to what an answer says of them beside its tables: its setting, its drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.cli.screens.setting import First, Setting, System
from sim.results.notes import rare
from sim.results.tables import to_rows

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sim.results.results import Results
    from sim.results.single_run import Run


def setting_of(results: Results, options: argparse.Namespace) -> Setting:
    """What the answer says beside its numbers."""
    about = results.about
    firsts = {one.name: results.replay(variant=one.name) for one in about.variants}
    systems = []
    for name, shown in about.headlines.items():
        having = [run for run in firsts.values() if name in run.scenario.systems]
        record = having[0].simulation.kinds[name]
        measured = {row["metric"]: None for row in results.rows("summary") if row["system"] == name}
        headlines = [*shown, *_judged_metrics(having, name), *(measured if options.all else ())]
        groups = _groups(having, name) if options.all else ()
        size = _common([run.simulation.models[name].size_in(run.log) for run in having])
        headlines = list(dict.fromkeys(headlines))
        rollouts = max(run.simulation.models[name].layout.rollouts for run in having)
        systems.append(System(name, size, record.metrics, tuple(headlines), groups, rollouts))
    return Setting(
        name=about.name,
        systems=tuple(systems),
        replications=max(one.replications for one in about.variants),
        is_random=any(one.random for one in about.variants),
        warm_up=about.warm_up_s,
        horizon=about.horizon_s,
        start=about.start_time,
        objectives={name: run.scenario.objectives for name, run in firsts.items()},
        rare=rare(results),
        variant=getattr(options, "variant", None) or "",
        replayed=getattr(options, "replay", None),
        precision=about.precision.sentence if about.precision else "",
        is_saved=not options.no_files,
    )


def _judged_metrics(runs: Sequence[Run], system: str) -> list[str]:
    """The metrics of a system as a whole that objectives name: their values are shown too."""
    return [
        objective.metric
        for run in runs
        for objective in run.scenario.objectives
        if objective.system == system and not objective.group
    ]


def _groups(runs: Sequence[Run], system: str) -> tuple[str, ...]:
    """The groups of a system's members in any of its variants."""
    found: dict[str, None] = {}
    for run in runs:
        own = [each for each in run.scenario.operations if each.system == system]
        groups = run.simulation.kinds[system].groups(run.scenario.systems[system], own)
        found |= dict.fromkeys(groups)
    return tuple(found)


def first_of(run: Run, system: str) -> First:
    """What a system's replication shows beside its numbers."""
    series, scenario = run.simulation.kinds[system].main_series, run.scenario
    line = run.timeline(system, series).crop(scenario.warm_up, scenario.horizon)
    # Row by row, as a table holds a row a day: `filter` of a table imports pandas.
    days = [row for row in to_rows(run.progress_table) if row["system"] == system]
    return First(series, line, days, _changes(run, system), run.replication)


def _changes(run: Run, system: str) -> list[float]:
    """When anything that an answer speaks of happens in a run, seconds."""
    subjects, rows = run.log.subjects, run.log.rows
    changes: list[float] = run.timeline(system, "capacity").simplified().times[1:].tolist()
    for block in (*subjects.of(system, "operation"), *subjects.of(system, "upgrade")):
        own = (rows["subject"] >= block.first) & (rows["subject"] < block.first + block.count)
        changes += rows["time"][own].tolist()
    return changes


def _common(sizes: Sequence[str]) -> str:
    """Those parts that hold for every variant."""
    parts = [size.split(", ") for size in sizes]
    return ", ".join(part for part in parts[0] if all(part in each for each in parts))
