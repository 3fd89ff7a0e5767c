"""The arithmetic of an Arc fleet's upgrades, in sentences.

When a release is discovered, how long an attempt takes, what becomes of bad ones, how many are out
of service at an instant.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim.core.rounding import at_most
from sim.core.units import show_duration, show_share
from sim.formats.distributions import Distribution
from sim.systems.arc_fleet.requests import AlwaysUnhealthy
from sim.systems.arc_fleet.spec import on_group
from sim.systems.base.text import be, pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sim.systems.arc_fleet.desired import Desired
    from sim.systems.arc_fleet.spec import ArcFleet

STEPS = 8
"""So many shares of a spread over time are told."""
ATTEMPTS = 5
"""So many shares done after an attempt are told."""
NEARLY_ALL = 0.9995
LEAST_GAIN = 1 - NEARLY_ALL
UNITS = (("week", 604_800.0), ("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0))
AT_ONCE = Distribution.fixed(0.0)
_EVENLY = (np.arange(10_000) + 0.5) / 10_000
"""Probabilities at which a distribution is looked at."""


def machines_of(spec: ArcFleet) -> int:
    """How many machines a fleet has; all is resolved."""
    return sum(group.count for group in spec.groups.values())


def extensions_of(spec: ArcFleet) -> int:
    """How many extensions they have at time 0, all together."""
    return sum(spec.groups[name].count for each in spec.extensions for name in each.groups or ())


def by_group(
    spec: ArcFleet, keys: Sequence[str], tell: Callable[[ArcFleet, str], str]
) -> list[str]:
    """What is told of a machine; then of one of each group that has something of its own."""
    groups = spec.groups.items()
    own = {name for name, group in groups if any(getattr(group, key) is not None for key in keys)}
    lines = [] if len(own) == len(groups) else [tell(spec, "a machine")]
    return lines + [tell(on_group(spec, name), f"a machine of {name}") for name in sorted(own)]


def discovery(spec: ArcFleet, whom: str) -> str:
    """When a machine is offered what is released."""
    return f"A release is discovered by {whom} after {spec.discovery}{_spread(spec.discovery)}."


def _spread(time: Distribution) -> str:
    """Which share of the machines comes by when: ``: 12.5 % of them after 1 week, ...``."""
    if not time.is_random:
        return ""
    unit, seconds = next((each for each in UNITS if each[1] <= time.mean), UNITS[-1])
    times = time.quantile(_EVENLY)
    shares: list[float] = []
    while len(shares) < STEPS and (not shares or shares[-1] < NEARLY_ALL):
        shares.append(float((times <= (len(shares) + 1) * seconds).mean()))
    return f": {_listed(shares, 'of them', unit)}"


def _listed(shares: Sequence[float], what: str, unit: str) -> str:
    """``95 % are done after 1 attempt, 99.75 % after 2``."""
    first, *others = [show_share(share) for share in shares]
    more = [f"{share} after {number}" for number, share in enumerate(others, 2)]
    return ", ".join([f"{first} {what} after {pluralize(1, unit)}", *more])


def attempt(spec: ArcFleet, whom: str) -> str:
    """How long an attempt takes."""
    window = show_duration(spec.health_window)
    if spec.verdict == "at_end":
        watch = f"then the health window of {window} in full"
    else:
        watch = f"then {spec.healthy_after} until it is healthy, for which it has {window}"
    return (
        f"One attempt takes {whom} {spec.install} to install, {watch}: "
        f"{show_duration(_busy(spec))} on average. A machine applies one extension at a time."
    )


def _busy(spec: ArcFleet) -> float:
    """Mean time that a good attempt keeps a machine busy, seconds."""
    watched = np.minimum(spec.healthy_after.quantile(_EVENLY), spec.health_window)
    window = spec.health_window if spec.verdict == "at_end" else float(watched.mean())
    return spec.install.mean + window


def limit(spec: ArcFleet) -> list[str]:
    """How many may go at once, and how long that takes; empty where nothing limits it."""
    if spec.max_concurrent is None:
        return []
    machines = machines_of(spec)
    most = at_most(spec.max_concurrent, machines)
    share = spec.max_concurrent.share
    rounded = "" if share is None else f" ({spec.max_concurrent} of {machines:,}, rounded down)"
    busy = sum(group.count * _busy(on_group(spec, name)) for name, group in spec.groups.items())
    least = show_duration(busy / most)
    who = f"At most {pluralize(most, 'machine')}{rounded} {be(most)} busy at one instant"
    return [f"{who}, the others wait: an upgrade of all takes at least about {least}."]


def attempts(chance: float, spec: ArcFleet, there: str = "") -> str:
    """What becomes of attempts that end with an unhealthy machine with `chance`; ` there`, where it
    is not everywhere.
    """
    if not chance:
        return ""
    if chance >= 1:
        fate = f" Every attempt{there} is unhealthy: it is {_again(spec)}."
        return fate + _stuck(chance, spec, there)
    again_with = chance * (1 - spec.rollback_fails)
    most = min(ATTEMPTS, spec.max_attempts or ATTEMPTS)
    gains = [(1 - chance) * again_with**k for k in range(most)]
    shares = [sum(gains[: k + 1]) for k, gain in enumerate(gains) if gain >= LEAST_GAIN or k == 0]
    return (
        f" An attempt is unhealthy with a chance of {show_share(chance)}, and then {_again(spec)}: "
        f"{_listed(shares, 'are done', 'attempt')}.{_stuck(chance, spec)}"
    )


def _back(spec: ArcFleet) -> str:
    """How an attempt is taken back."""
    fails = (
        f", which fails with a chance of {show_share(spec.rollback_fails)},"
        if spec.rollback_fails
        else ""
    )
    return f"rolled back in {spec.rollback}{fails}"


def _again(spec: ArcFleet) -> str:
    """What follows a bad attempt at a release."""
    back, most = _back(spec), spec.max_attempts
    if most == 1:
        return f"{back} and not tried again"
    limit = "" if most is None else f", {most} attempts at most"
    return f"{back} and tried again {spec.retry_after} later{limit}"


def once(chance: float, spec: ArcFleet, there: str = "") -> str:
    """What becomes of a request, which is one attempt, unhealthy with `chance`."""
    if not chance:
        return ""
    return f"{_ends(chance, there)}, is {_back(spec)} and not tried again."


def first(chance: float, _: ArcFleet, there: str = "") -> str:
    """The same of a first installation: there is nothing to go back to."""
    if not chance:
        return ""
    return f"{_ends(chance, there)}, and is failed until it is installed again."


def _ends(chance: float, there: str) -> str:
    return (
        f" With a chance of {show_share(chance)} it ends unhealthy"
        if chance < 1
        else f" It ends unhealthy{there}"
    )


def _stuck(chance: float, spec: ArcFleet, there: str = "") -> str:
    """Which share of those that try ends as failed: by a failed rollback, or its last attempt."""
    again = chance * (1 - spec.rollback_fails)
    tries = spec.max_attempts
    last = 0.0 if tries is None else again**tries
    failed = last + (1 - last) * (chance * spec.rollback_fails / (1 - again) if again < 1 else 0.0)
    if not round(failed, 4):  # of which "0 %" would be said
        return ""
    if chance >= 1 and again > 0 and tries is None:  # all, but who knows when
        return " Where the rollback fails, the extension is failed until it is installed again."
    return f" {show_share(failed)}{there} end as failed, until they are installed again."


def faults(law: float | AlwaysUnhealthy | None, spec: ArcFleet, fate: Callable[..., str]) -> str:
    """How bad a version is, and the fate of those on whom it is."""
    if not isinstance(law, AlwaysUnhealthy):
        return fate(_late(spec.unhealthy if law is None else law, spec), spec)
    whom = f"{law.os} machines" if law.os else f"{show_share(law.machines or 0.0)} of them"
    whom = f"the machines of {law.group}" if law.group else whom
    return f" It is bad on {whom}, and on no other.{fate(1.0, spec, ' there')}"


def _late(chance: float, spec: ArcFleet) -> float:
    """The chance of a bad verdict, with that of being healthy only after the window."""
    if spec.verdict == "at_end":
        return chance
    late = float((spec.healthy_after.quantile(_EVENLY) > spec.health_window).mean())
    return 1 - (1 - chance) * (1 - late)


def dip(touched: Sequence[Desired], spec: ArcFleet, there: int, at_once: bool = False) -> str:
    """How many extensions, of all that are `there`, are being replaced at an instant: if they are
    not discovered first, but begin `at_once`, at worst.
    """
    if "installing" not in spec.counts_as_out:
        return ""
    laws = [(each.machines, on_group(spec, each.group)) for each in touched]
    spreads = [AT_ONCE if at_once else law.discovery for _, law in laws]
    if any(each.is_random for each in spreads):
        if not all(each.is_random and math.isfinite(each.highest) for each in spreads):
            return ""
        both = zip(laws, spreads, strict=True)
        mean = sum(count * law.install.mean / each.highest for (count, law), each in both)
        return f" On average {mean:.2g} of them are in their first installation at any one time."
    machines = sum(spec.groups[group].count for group in {each.group for each in touched})
    out = machines
    if spec.max_concurrent is not None:
        out = min(out, at_most(spec.max_concurrent, machines_of(spec)))
    left = show_share((there - out) / extensions_of(spec))
    return (
        f" At worst all go at once: with {pluralize(out, 'extension')} out for this alone, "
        f"capacity is {left}."
    )
