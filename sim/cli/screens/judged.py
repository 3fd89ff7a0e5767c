"""Objectives with their verdicts, in an answer's words: ``capacity >= 80 % in 95 % of runs``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sim.core.formatting import show_of
from sim.core.units import format_duration
from sim.experiments.objectives import asks_whether, in_how_many

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sim.cli.screens.setting import Setting
    from sim.scenario import Objective

    Row = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """An objective and the row that tells how one variant keeps it."""

    objective: Objective
    row: Row
    verdict: str
    """As in the row, or ``reference`` for a variant that is not ranked."""

    @property
    def key(self) -> Objective:
        """The same for the same objective of all variants, wherever it stands in their lists."""
        return replace(self.objective, index=0)

    def asks(self, setting: Setting) -> str:
        """``capacity >= 80 % in 95 % of runs``."""
        return f"{self.bound(setting)} {self.in_runs}"

    def bound(self, setting: Setting) -> str:
        """``capacity >= 80 %``: a bound below the lowest capacity is one below capacity."""
        objective = self.objective
        whose = objective.system if len(setting.systems) > 1 else ""
        in_service = objective.in_service(" ".join(filter(None, [whose, objective.group])))
        if in_service:
            return in_service
        system = next(each for each in setting.systems if each.name == objective.system)
        metric = system.metrics[objective.metric]
        label = metric.title
        if asks_whether(objective, metric):
            return " ".join(filter(None, [whose, objective.group, label]))
        sign, bound = "<=", objective.at_most
        if bound is None:
            sign, bound = ">=", objective.at_least or 0.0
            label = label.removeprefix("lowest ")
        in_full = metric.unit == "s" and not (metric.is_instant and setting.start)
        shown = format_duration(bound) if in_full else show_of(bound, metric, setting.start)
        return " ".join(filter(None, [whose, objective.group, label, sign, shown]))

    @property
    def in_runs(self) -> str:
        """``in 95 % of runs``."""
        return in_how_many(self.objective)


def judged_by(
    setting: Setting, objectives: Sequence[Row], references: Sequence[str] = ()
) -> list[Judged]:
    """The rows, each with its objective: a variant's stand in the order of its scenario."""
    found = []
    for variant, asked in setting.objectives.items():
        rows = [row for row in objectives if row["variant"] == variant and row["objective"]]
        for objective, row in zip(asked, rows, strict=True):
            verdict = "reference" if variant in references else row["verdict"]
            found.append(Judged(objective, row, verdict))
    return found


def by_objective(judged: Iterable[Judged]) -> Iterator[tuple[Objective, list[Judged]]]:
    """The same by objective: what all variants that have it make of it."""
    found: dict[Objective, list[Judged]] = {}
    for each in judged:
        found.setdefault(each.key, []).append(each)
    for objective, same in found.items():
        sizes = {each.objective.among for each in same}
        yield objective, same if len(sizes) == 1 else [_without_size(each) for each in same]


def _without_size(judged: Judged) -> Judged:
    """The same where variants differ in how many members there are: no number holds for all."""
    return replace(judged, objective=replace(judged.objective, among=None))
