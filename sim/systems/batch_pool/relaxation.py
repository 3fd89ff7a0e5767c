"""How fast a queue forgets how it began: the relaxation time of a pool with a stream of work.

As of an M/M/c queue of as many servers as there are slots: what is left of its start falls like
exp(-t / tau), with the gap 1 / tau in the spectrum of its birth and death process. While all
servers are busy they are as one that is c times as fast; of that one tau is
1 / (sqrt(c mu) - sqrt(lambda))^2 (Kijima, On the relaxation time for single server queues, J. Oper.
Res. Soc. Japan 32 (1989)). Where no queue forms it is 1 / mu, the time of a task (M/M/infinity).
The longer of both is right within a third, as its test measures by the spectrum itself. Arrivals
and tasks that vary less forget faster (Odoni and Roth, An empirical investigation of the transient
behavior of stationary queueing systems, Operations Research 31 (1983), 432-455).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.core.units import show_duration

if TYPE_CHECKING:
    from sim.systems.batch_pool.spec import BatchPool

ENOUGH = 4.0
"""Relaxation times after which 2 % of the start are left."""


def relaxation_time(servers: int, load: float, service: float) -> float:
    """Seconds; `load` is the share of the servers that the tasks keep busy, below 1, `service` the
    mean time of a task in seconds.
    """
    gap = servers * (1.0 - math.sqrt(load)) ** 2
    return service / min(1.0, gap)


def of_pool(spec: BatchPool) -> float | None:
    """Seconds; None under an overload and without a stream that always comes at one rate."""
    streams = [job for job in spec.served if job.is_open]
    if not streams or any(job.has_curve for job in streams):
        return None
    offered = [job.offered(spec.slots) for job in streams]
    busy = sum(offered)
    if not 0 < busy < spec.slots:
        return None
    # Of several streams the mean over the slots that each keeps busy.
    times = [job.service.mean for job in streams if job.service]
    mean = sum(o * t for o, t in zip(offered, times, strict=True)) / busy
    return relaxation_time(spec.slots, busy / spec.slots, mean)


def told(spec: BatchPool) -> list[str]:
    """It in a sentence, with the `warm_up` that leaves little of the start."""
    tau = of_pool(spec)
    if tau is None:
        return []
    forgets = f"forgets that with a relaxation time of {show_duration(tau)}"
    queue, enough = f"M/M/{spec.slots} queue", show_duration(ENOUGH * tau)
    left = f"a `warm_up` of {enough} leaves 2 % of it"
    return [f"A pool that begins empty {forgets} (as an {queue}): {left}."]
