"""The picture of a warm-up, from the table of results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.errors import ScenarioError
from sim.plots import warm_up

if TYPE_CHECKING:
    from sim.plots.parts.style import Picture
    from sim.results.contents import Contents

WHAT = "tasks waiting or running"


def picture(results: Contents, variant: str, system: str, subtitle: str) -> Picture:
    """Of a system in a variant. ScenarioError where it has nothing that becomes steady."""
    rows = [
        row
        for row in results.rows("warm_up")
        if (row["variant"], row["system"]) == (variant, system)
    ]
    if not rows:
        rule = f"{system} has no streams of work that all come at the same rate for ever"
        raise ScenarioError.of(rule)
    means, errors = (np.array([row[column] for row in rows]) for column in ("mean", "error"))
    about = results.about
    return warm_up.figure(
        means,
        errors[~np.isnan(errors)],
        about.horizon_s,
        what=WHAT,
        warm_up=about.warm_up_s,
        subtitle=subtitle,
        start=about.start_time,
    )
