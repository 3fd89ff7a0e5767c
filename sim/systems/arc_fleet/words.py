"""An Arc fleet in sentences: what will happen, before anything runs, with its arithmetic."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.chance import Distribution
from sim.rules import at_least, at_most
from sim.systems.arc_fleet.defaults import groups_with
from sim.systems.arc_fleet.outlook import Outlook
from sim.systems.arc_fleet.refusals import answer, by_request
from sim.systems.arc_fleet.requests import (
    AlwaysUnhealthy,
    PublishExtension,
    PutExtension,
    RepairExtension,
    SetAutomaticUpgrade,
    UpgradeExtensions,
)
from sim.systems.arc_fleet.supported import is_supported
from sim.systems.arc_fleet.versions import installed_as, major
from sim.systems.sentences import counted, refused, when, within
from sim.units import show_duration, show_share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sim.systems.arc_fleet.model import Model
    from sim.systems.arc_fleet.outlook import Standing
    from sim.systems.arc_fleet.spec import ArcFleet, Extension, MachineGroup
    from sim.systems.operation import Operation

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


def before(model: Model) -> list[str]:
    """The fleet, its extensions, how an upgrade goes, what each operation does, what is refused."""
    spec = model.spec
    lines = [f"{model.name}: {size(model)}.", *_groups(spec)]
    lines += [_extension(each, spec) for each in spec.extensions]
    lines += _rollout(spec) if model.operations else []
    outlook = Outlook(spec)
    for operation in _in_time(model.operations):
        lines.append(_operation(model, operation, outlook))
        outlook.take(operation.body)
    return lines + [f"Refused: {sentence}" for _, sentence in foretold(model)]


def foretold(model: Model) -> list[tuple[tuple[str | int, ...], str]]:
    """The refusals that follow from the file alone: where, and what the service will answer."""
    rules = ((each, _rule(model, each)) for each in model.operations)
    return [refused(each, answer(rule, each.body)) for each, rule in rules if rule is not None]


def size(model: Model) -> str:
    """How large a fleet is at time 0."""
    machines, extensions = _machines(model.spec), _extensions(model.spec)
    return f"{counted(machines, 'machine')}, {counted(extensions, 'extension')}"


def _in_time(operations: Sequence[Operation]) -> list[Operation]:
    return sorted(operations, key=lambda each: each.at.mean)


def _rule(model: Model, operation: Operation) -> str | None:
    rule = by_request(operation.body, model.spec)
    return rule or ("no such extension" if _is_nowhere(model, operation) else None)


def _is_nowhere(model: Model, operation: Operation) -> bool:
    """Whether no machine can have what a request names, as nothing put it there before."""
    outlook, body = Outlook(model.spec), operation.body
    for each in model.operations:
        earliest = float(each.at.quantile(np.zeros(1))[0])
        if isinstance(each.body, PutExtension) and earliest <= operation.at.highest:
            outlook.take(each.body)
    if isinstance(body, UpgradeExtensions):
        return any(not outlook.targeted(body, target) for target in body.targets)
    if isinstance(body, SetAutomaticUpgrade | RepairExtension):
        return not outlook.named(body.publisher, body.type, body.group)
    return False


# The fleet ---------------------------------------------------------------------------------------


def _groups(spec: ArcFleet) -> list[str]:
    groups = spec.groups.items()
    if len(groups) == 1 and not any(each.os or each.disconnected for _, each in groups):
        return []
    return [f"{name}: {_group(each)}." for name, each in groups]


def _group(group: MachineGroup) -> str:
    text = counted(group.count, "machine") + (f", {group.os}" if group.os else "")
    away = group.disconnected
    if away is None:
        return text
    off = away.share * away.off.mean / (away.on.mean + away.off.mean)
    return (
        f"{text}; {show_share(away.share)} of them are disconnected at times (on for {away.on}, "
        f"off for {away.off}), {show_share(off)} of them at an instant: nothing starts there then, "
        "what is under way goes on"
    )


def _extension(each: Extension, spec: ArcFleet) -> str:
    machines = sum(spec.groups[name].count for name in each.groups or ())
    return (
        f"{each.type} {each.version} of {each.publisher} on {counted(machines, 'machine')}"
        f"{_where(each.groups or (), spec)}: {_enrolment(each, spec)}{_need(each, machines)}."
    )


def _enrolment(each: Extension, spec: ArcFleet) -> str:
    if each.enable_automatic_upgrade:
        return (
            f"enrolled, so that releases of major version {major(each.version)} come by themselves"
        )
    cannot = "" if is_supported(spec, each.publisher, each.type) else ", and cannot be"
    return f"not enrolled{cannot}: no release touches it"


def _need(each: Extension, machines: int) -> str:
    if each.min_available is None:
        return ""
    need = at_least(each.min_available, machines)
    rounded = f" ({each.min_available}, rounded up)" if each.min_available.share is not None else ""
    return f"; available while at least {need:,}{rounded} serve"


def _where(groups: Iterable[str], spec: ArcFleet) -> str:
    """Which groups, where not all."""
    names = list(groups)
    return "" if len(names) == len(spec.groups) else f" ({', '.join(names)})"


# How an upgrade goes -----------------------------------------------------------------------------


def _rollout(spec: ArcFleet) -> list[str]:
    return [
        f"A release is discovered by a machine after {spec.discovery}{_spread(spec.discovery)}.",
        _attempt(spec),
        *_limit(spec),
    ]


def _spread(time: Distribution) -> str:
    """Which share of the machines comes by when: ``: 12.5 % after 1 week, 25 % after 2, ...``."""
    if not time.is_random:
        return ""
    unit, seconds = next((each for each in UNITS if each[1] <= time.mean), UNITS[-1])
    times = time.quantile(_EVENLY)
    shares: list[float] = []
    while len(shares) < STEPS and (not shares or shares[-1] < NEARLY_ALL):
        shares.append(float((times <= (len(shares) + 1) * seconds).mean()))
    return f": {_listed(shares, unit)}"


def _listed(shares: Sequence[float], unit: str) -> str:
    """``95 % after 1 attempt, 99.75 % after 2``."""
    told = [
        f"{show_share(share)} after {counted(number, unit) if number == 1 else number}"
        for number, share in enumerate(shares, 1)
    ]
    return ", ".join(told)


def _attempt(spec: ArcFleet) -> str:
    window = show_duration(spec.health_window)
    if spec.verdict == "at_end":
        watch = f"then the health window of {window} in full"
    else:
        watch = f"then {spec.healthy_after} until it is healthy, for which it has {window}"
    return (
        f"One attempt takes a machine {spec.install} to install, {watch}: "
        f"{show_duration(_busy(spec))} on average. A machine applies one extension at a time."
    )


def _busy(spec: ArcFleet) -> float:
    """Mean time that a good attempt keeps a machine busy, seconds."""
    watched = np.minimum(spec.healthy_after.quantile(_EVENLY), spec.health_window)
    window = spec.health_window if spec.verdict == "at_end" else float(watched.mean())
    return spec.install.mean + window


def _limit(spec: ArcFleet) -> list[str]:
    if spec.max_concurrent is None:
        return []
    machines = _machines(spec)
    most = at_most(spec.max_concurrent, machines)
    share = spec.max_concurrent.share
    rounded = "" if share is None else f" ({spec.max_concurrent} of {machines:,}, rounded down)"
    least = show_duration(machines / most * _busy(spec))
    who = f"At most {counted(most, 'machine')}{rounded} are busy at one instant, the others wait"
    return [f"{who}: an upgrade of all takes at least about {least}."]


def _attempts(chance: float, spec: ArcFleet) -> str:
    """What becomes of attempts that end with an unhealthy machine with `chance`."""
    if not chance:
        return ""
    again = f"rolled back in {spec.rollback} and tried again {spec.retry_after} later"
    if spec.max_attempts is not None:
        again += f", {spec.max_attempts} times at most"
    if chance >= 1:
        return f" Every attempt is unhealthy: it is {again}.{_stuck(chance, spec)}"
    again_with = chance * (1 - spec.rollback_fails)
    most = min(ATTEMPTS, spec.max_attempts or ATTEMPTS)
    gains = [(1 - chance) * again_with**k for k in range(most)]
    shares = [sum(gains[: k + 1]) for k, gain in enumerate(gains) if gain >= LEAST_GAIN or k == 0]
    return (
        f" An attempt is unhealthy with {show_share(chance)}, and then {again}; done are "
        f"{_listed(shares, 'attempt')}.{_stuck(chance, spec)}"
    )


def _once(chance: float, spec: ArcFleet) -> str:
    """What becomes of a request, which is one attempt, unhealthy with `chance`."""
    if not chance:
        return ""
    return (
        f" With {show_share(chance)} it ends unhealthy, is rolled back in {spec.rollback} and not "
        "tried again; what was not there before is then failed."
    )


def _stuck(chance: float, spec: ArcFleet) -> str:
    """Which share of those that try ends as failed: by a failed rollback, or its last attempt."""
    again = chance * (1 - spec.rollback_fails)
    tries = spec.max_attempts
    if tries is None:
        failed = chance * spec.rollback_fails / (1 - again) if again < 1 else 0.0
    else:
        failed = 1 - (1 - chance) * sum(again**k for k in range(tries))
    if failed <= 0:
        return ""
    return f" {show_share(failed)} end as failed, until they are repaired."


# Operations --------------------------------------------------------------------------------------


def _operation(model: Model, operation: Operation, outlook: Outlook) -> str:
    body, spec = operation.body, model.spec
    text = f"{when(operation, model.span)} "
    if _rule(model, operation) is not None:
        return f"{text}it will be refused."
    if isinstance(body, PublishExtension):
        return text + _publication(body, outlook, spec) + within(body, "An attempt")
    if isinstance(body, UpgradeExtensions):
        return text + _push(body, outlook, spec) + within(body, "An installation")
    if isinstance(body, PutExtension):
        return text + _put(body, outlook, spec)
    return text + _other(body, outlook, spec)


def _publication(body: PublishExtension, outlook: Outlook, spec: ArcFleet) -> str:
    touched = outlook.touched(body)
    text = f"{body.publisher or 'its publisher'} releases {body.type} {body.version}. "
    if touched:
        text += f"{_on(touched, spec)}, enrolled and below it, get it."
        text += f"{_left_alone(body, outlook)}{_instead(body, outlook)}"
        return text + _faults(body.unhealthy, spec, _attempts) + _dip(touched, spec, spec.discovery)
    return f"{text}Nothing is upgraded.{_left_alone(body, outlook)}"


def _left_alone(body: PublishExtension, outlook: Outlook) -> str:
    """Whom a release does not touch, and why."""
    why: dict[str, int] = {}
    touched = outlook.touched(body)
    for each in outlook.named(body.publisher, body.type):
        if each not in touched:
            majors = {major(version) for version in each.versions}
            above = (
                "that are not below it"
                if major(body.version) in majors
                else "of another major version"
            )
            reason = above if each.enrolled else "that are not enrolled"
            why[reason] = why.get(reason, 0) + each.machines
    told = [f"{counted(count, 'machine')} {reason}" for reason, count in why.items()]
    return f" It leaves alone {', '.join(told)}." if told else ""


def _instead(body: PublishExtension, outlook: Outlook) -> str:
    older = outlook.superseded(body)
    return f" It supersedes {older[0]} where that is still to come." if older else ""


def _faults(
    law: float | AlwaysUnhealthy | None, spec: ArcFleet, fate: Callable[[float, ArcFleet], str]
) -> str:
    """How bad a version is, and the fate of those on whom it is."""
    if not isinstance(law, AlwaysUnhealthy):
        return fate(_late(spec.unhealthy if law is None else law, spec), spec)
    whom = f"{law.os} machines" if law.os else f"{show_share(law.machines or 0.0)} of them"
    return f" It is bad on {whom}, and on no other.{fate(1.0, spec)}"


def _late(chance: float, spec: ArcFleet) -> float:
    """The chance of a bad verdict, with that of being healthy only after the window."""
    if spec.verdict == "at_end":
        return chance
    late = float((spec.healthy_after.quantile(_EVENLY) > spec.health_window).mean())
    return 1 - (1 - chance) * (1 - late)


def _dip(touched: Sequence[Standing], spec: ArcFleet, spread: Distribution) -> str:
    """How many extensions are out of service at an instant because they are being replaced."""
    if "installing" not in spec.counts_as_out:
        return ""
    if spread.is_random and math.isfinite(spread.highest):
        count = sum(each.machines for each in touched)
        mean = count * spec.install.mean / spread.highest
        return f" Spread so, {mean:.2g} of them are being installed at an instant on average."
    if spread.is_random:
        return ""
    machines = sum(spec.groups[group].count for group in {each.group for each in touched})
    out = machines
    if spec.max_concurrent is not None:
        out = min(out, at_most(spec.max_concurrent, _machines(spec)))
    left = show_share(1 - out / _extensions(spec))
    return f" At worst all go at once: with {counted(out, 'extension')} out, capacity is {left}."


def _push(body: UpgradeExtensions, outlook: Outlook, spec: ArcFleet) -> str:
    told = []
    everywhere = []
    for target, version in body.targets.items():
        meant = outlook.targeted(body, target)
        everywhere += meant
        if not meant:
            told.append(f"{target} to {version} on no machine.")
            continue
        exact = installed_as(version, outlook.known(meant[0].publisher, meant[0].type))
        told.append(
            f"{meant[0].type} to {_exactly(version, exact)} on {_on(meant, spec)}, enrolled or "
            f"not.{_faults(outlook.unhealthy(meant[0].publisher, meant[0].type, exact), spec, _once)}"
        )
    return f"the operator pushes {' And '.join(told)}{_dip(everywhere, spec, AT_ONCE)}"


def _put(body: PutExtension, outlook: Outlook, spec: ArcFleet) -> str:
    groups = groups_with(body, spec.groups)
    machines = sum(spec.groups[group].count for group in groups)
    version = outlook.put_version(body)
    enrolled = "enrolled" if body.enable_automatic_upgrade else "not enrolled"
    faults = outlook.unhealthy(body.publisher, body.type, version)
    return (
        f"{body.type} {_exactly(body.version, version)} of {body.publisher} is put on "
        f"{counted(machines, 'machine')}{_where(groups, spec)}, {enrolled} from then on."
        f"{_faults(faults, spec, _once)}"
    )


def _exactly(written: str, version: str) -> str:
    return version if version == written else f"{version} (the newest known of {written})"


def _other(body: Any, outlook: Outlook, spec: ArcFleet) -> str:
    meant = outlook.named(body.publisher, body.type, body.group)
    on = f"{body.type} on {_on(meant, spec)}"
    if isinstance(body, RepairExtension):
        return f"{on} is removed where it is failed, and installed again."
    if body.enabled:
        return f"{on} is opted in, and discovers the newest release from then on."
    return f"{on} is opted out: what is under way finishes, what waits does not start."


def _on(meant: Sequence[Standing], spec: ArcFleet) -> str:
    groups = sorted({each.group for each in meant})
    return f"{counted(sum(each.machines for each in meant), 'machine')}{_where(groups, spec)}"


def _machines(spec: ArcFleet) -> int:
    return sum(group.count for group in spec.groups.values())


def _extensions(spec: ArcFleet) -> int:
    """How many extensions all machines have at time 0."""
    return sum(spec.groups[name].count for each in spec.extensions for name in each.groups or ())
