"""What is said in and around the pictures of results: titles, subtitles, marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.results.pictures.run_pictures import marks
from sim.results.spreads import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.results.contents import Contents
    from sim.results.lookup import Lookup
    from sim.results.provenance import Variant


class Captions:
    """The words of pictures of all replications; those of one replication are its own."""

    def __init__(self, results: Contents, of: Lookup) -> None:
        self._results, self._of = results, of

    @property
    def several(self) -> bool:
        """Whether there is more than one system, so that each is named."""
        return len(self._results.about.headlines) > 1

    def title(self, one: Variant, system: str, series: str) -> str:
        """What all replications come to; empty where there is one, which says it better."""
        return self.sentence_of(one, system, series) if one.is_spread else ""

    def sentence_of(self, one: Variant, system: str, series: str, *, brief: bool = False) -> str:
        """What the metric of a series comes to; empty where it does not apply."""
        metric = self.metric_of(system, series)
        spread = self._of.spread(one, system, metric)
        if spread is None:
            return ""
        if brief:
            return spread.text()
        of_mean = self._of.mean_bound(one, system, metric) if one.is_spread else None
        return sentence(spread, self._of.bound(one, system, metric), of_mean)

    def metric_of(self, system: str, series: str) -> str:
        """The metric that tells what a series comes to."""
        if series != "up_to_date":
            return {"capacity": "min_capacity", "queue": "wait_p95"}[series]
        headlines = self._results.about.headlines[system]
        times = [name for name in headlines if name.startswith("time_to_")]
        return times[-1] if times else "rollout_duration"

    def around(self, one: Variant, system: str) -> dict[str, Any]:
        """What stands around the lines of every picture of one variant."""
        rows = [row for row in self._results.rows("operations") if row["variant"] == one.name]
        return {
            "subtitle": self.subtitle(system, one),
            "marks": marks(rows, system, one.modes),
            "start": self._results.about.start_time,
        }

    def subtitle(self, system: str, one: Variant | None) -> str:
        """The scenario, and what is named of a system, a variant, and how many runs there are."""
        about = self._results.about
        parts = [about.name, system if self.several else ""]
        parts.append(one.name if one and about.compared else "")
        runs = (one or about.variants[0]).replications
        if not any(each.random for each in about.variants):
            parts.append("deterministic, one run suffices")
        elif runs > 1:
            parts.append(f"{runs:,} replications")
        else:
            parts.append(f"replication {(one or about.variants[0]).first}")
        return ", ".join(filter(None, parts))


def run_drawn(variants: Sequence[Variant]) -> str:
    """Which replication is drawn of each of them: the first one that did not fail."""
    firsts = {one.first for one in variants}
    return f"replication {firsts.pop()}" if len(firsts) == 1 else "the first replication"
