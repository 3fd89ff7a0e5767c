"""Upgrades that cannot move: in which domain, since when, and what clears it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import STUCK, UPGRADE, Stack
from sim.core.units import show_duration
from sim.systems.cloud_service.states import UPDATING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.core.log import Log
    from sim.systems.cloud_service.model import Model


def told(model: Model, log: Log) -> list[str]:
    """The upgrades that are stuck at the end of a run, in sentences."""
    return [*_told(model, Stack([log]))]


def _told(model: Model, stack: Stack) -> Iterator[str]:
    layout, final = model.layout, stack.final[0]
    opened = stack.subject[stack.new == UPDATING], stack.cause[stack.new == UPDATING]
    for number, name in enumerate(layout.upgrades):
        upgrade = layout.first_upgrade + number
        if final[upgrade] % UPGRADE.width != STUCK:
            continue
        since = float(stack.time[(stack.subject == upgrade) & (stack.new == STUCK)][-1])
        domains = [
            _number(model, domain)
            for domain in np.unique(opened[0][opened[1] == upgrade]).tolist()
            if _is_domain(model, domain) and final[domain] == UPDATING
        ]
        where = f" in domain {', '.join(map(str, domains))}" if domains else ""
        # A rollback is one of the user's upgrades; the platform's walks go on by themselves alone.
        clears = "a rollback or a fresh upgrade clears it"
        rest = clears if number < layout.rollouts else "it waits for its instances"
        yield f"{name} is stuck{where} since {show_duration(since)}; {rest}"


def _is_domain(model: Model, subject: int) -> bool:
    return model.layout.first_domain() <= subject < model.layout.first_instance()


def _number(model: Model, subject: int) -> int:
    return (subject - model.layout.first_domain()) % model.layout.domains
