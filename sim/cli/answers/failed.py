"""Replications that a fault of the program ended: what an answer says of them, before all else."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from sim.cli.options.arguments import PROGRAM
from sim.core.errors import Problem
from sim.core.units import show_duration
from sim.experiments.conclusion import MOST_NAMED
from sim.formats.checking import listed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from sim.experiments.running.failures import FailedReplication
    from sim.results.results import Results


def failed(results: Results, options: argparse.Namespace) -> list[str]:
    """Sentences: how many replications of each variant failed, why, and what is left out."""
    lines = [*_counts(results, options)]
    if not lines:
        return []
    left_out = "failed replications are left out below"
    if results.about.compared:
        left_out += ", and of the paired differences those that failed in either variant"
    return [*lines, left_out]


def problems(results: Results, options: argparse.Namespace) -> list[Problem]:
    """The same for stderr and ``--json``."""
    return [
        Problem("", "", f"internal error: {each}; please report it with the scenario file")
        for each in _counts(results, options)
    ]


def rerun(options: argparse.Namespace, words: str) -> str:
    """The command that runs one replication again, by its `words` such as ``--replay 3``."""
    changed = (f"--set {shlex.quote(change)} " for change in options.set)
    return f"{PROGRAM} run {shlex.quote(options.file)} {''.join(changed)}{words}"


def _counts(results: Results, options: argparse.Namespace) -> Iterator[str]:
    for each in results.about.lost:
        again = rerun(options, each.rerun)
        yield (
            f"{each.variant}: every replication failed, so nothing is known of it: {why([each])}; "
            f"to see it again: {again}"
        )
    for one in results.about.variants:
        found = results.about.failed(one.name)
        if not found:
            continue
        whose = f"{one.name}: " if results.about.compared else ""
        of = one.replications + len(found)
        yield (
            f"{whose}{len(found):,} of {of:,} replications failed: {why(found)}; "
            f"to see it again: {rerun(options, found[0].rerun)}"
        )


def why(found: Sequence[FailedReplication]) -> str:
    """The first one in full, and which others there are."""
    first, *others = found
    at = "" if first.time_s is None else f" at {show_duration(first.time_s)} of the run"
    text = (
        f"{first.message} (replication {first.replication}, seed {first.seed},{at or ' analysed'})"
    )
    numbers = [str(each.replication) for each in others]
    return f"{text}, also {listed(numbers, MOST_NAMED)}" if others else text
