"""An Arc fleet in sentences: what will happen, before anything runs, with its arithmetic."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sim.core.rounding import at_least
from sim.core.units import show_share
from sim.systems.arc_fleet.connections import share_away
from sim.systems.arc_fleet.defaults import MOST_NAMED
from sim.systems.arc_fleet.desired import DesiredState
from sim.systems.arc_fleet.estimates import (
    attempt,
    attempts,
    by_group,
    dip,
    discovery,
    extensions_of,
    faults,
    first,
    limit,
    machines_of,
    once,
)
from sim.systems.arc_fleet.rejections import is_supported
from sim.systems.arc_fleet.requests import (
    AlwaysUnhealthy,
    PublishExtension,
    PutExtension,
    RemoveExtension,
    RepairExtension,
    UpgradeExtensions,
)
from sim.systems.arc_fleet.spec import on_group
from sim.systems.arc_fleet.versions import major, upgrades
from sim.systems.base.dry_run import DryRunRules
from sim.systems.base.model import refused
from sim.systems.base.text import (
    as_written,
    pluralize,
    rounded_up,
    serve,
    show_windows,
    when,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sim.systems.arc_fleet.desired import Desired
    from sim.systems.arc_fleet.layout import FleetLayout, GroupLayout
    from sim.systems.arc_fleet.spec import ArcFleet, Disconnected, Extension
    from sim.systems.base.model import DryRun, SystemModel
    from sim.systems.base.operation import Operation


SAMPLE = 500
"""So many machines are walked through, however many there are."""


def _sampled(spec: ArcFleet) -> ArcFleet:
    """A fleet of alike machines of about `SAMPLE`; itself where machines wait for each other."""
    if spec.max_concurrent is not None:
        return spec
    scale = SAMPLE / machines_of(spec)
    return _with_counts(spec, {k: round(scale * g.count) for k, g in spec.groups.items()})


def _with_counts(spec: ArcFleet, counts: Mapping[str, int]) -> ArcFleet:
    groups = {
        name: group.model_copy(update={"count": max(1, counts.get(name, 1))})
        for name, group in spec.groups.items()
    }
    return spec.model_copy(update={"groups": groups})


DRY_RUN_RULES = DryRunRules(
    spec=_sampled,
    # What the service answers does not depend on how many machines there are.
    brief=lambda spec: _with_counts(spec, {}),
    # All draws are of machines but those of when operations come.
    is_spread=lambda path: path.split("/")[1:3] != ["operation", "at"],
    is_sample=True,
    case="machines whose times and chances are spread evenly over their distributions",
)


def describe(model: SystemModel[FleetLayout], dry_run: DryRun | None) -> list[str]:
    """The fleet, its extensions, how an upgrade goes, what operations do or why not."""
    layout, spec = model.layout, model.layout.spec
    lines = [f"{layout.name}: {size(layout)}.", *_groups(layout)]
    lines += [_extension(each, spec) for each in spec.extensions]
    if any(isinstance(each.body, PublishExtension) for each in model.operations):
        lines += by_group(spec, ["discovery"], discovery)
    if model.operations:
        lines += [*by_group(spec, ["install"], attempt), *limit(spec)]
    desired = DesiredState(layout)
    for operation in as_written(model.operations):
        rejection = refused(operation, model.rejection(operation), dry_run)
        if rejection is not None:
            lines.append(f"{when(operation, layout.span)} it {rejection}.")
            continue
        lines.append(_operation(layout, operation, desired))
        desired.take(operation.name, operation.body)
    return lines


def size(layout: FleetLayout) -> str:
    """How large a fleet is at time 0."""
    machines, extensions = machines_of(layout.spec), extensions_of(layout.spec)
    return f"{pluralize(machines, 'machine')}, {pluralize(extensions, 'extension')}"


# The fleet ---------------------------------------------------------------------------------------


def _groups(layout: FleetLayout) -> list[str]:
    groups = layout.groups
    if len(groups) == 1 and not any(each.spec.os or each.spec.disconnected for each in groups):
        return []
    return [f"{each.name}: {_group(each, layout)}." for each in groups]


def _group(layout_of_group: GroupLayout, layout: FleetLayout) -> str:
    group = layout_of_group.spec
    text = pluralize(group.count, "machine") + (f", {group.os}" if group.os else "")
    away = group.disconnected
    if away is None:
        return text
    off = share_away(away, layout.connected(layout_of_group), layout.span.horizon)
    return (
        f"{text}; {show_share(away.share)} of them are disconnected at times ({_times(away)}), "
        f"{show_share(off)} of them at an instant: nothing starts there then, what is under way "
        "goes on"
    )


def _times(away: Disconnected) -> str:
    """When machines are connected."""
    if away.windows is None:
        return f"on for {away.on}, off for {away.off}"
    return f"connected {show_windows(away.windows)}"


def _extension(each: Extension, spec: ArcFleet) -> str:
    machines = sum(spec.groups[name].count for name in each.groups or ())
    return (
        f"{each.type} {each.version} of {each.publisher} on {pluralize(machines, 'machine')}"
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
    return f"; available while at least {serve(need)}{rounded_up(each.min_available, machines)}"


def _where(groups: Iterable[str], spec: ArcFleet) -> str:
    """Which groups, where not all."""
    names = list(groups)
    return "" if len(names) == len(spec.groups) else f" ({', '.join(names)})"


# Operations --------------------------------------------------------------------------------------


def _operation(layout: FleetLayout, operation: Operation, desired: DesiredState) -> str:
    body, spec = operation.body, layout.spec
    text = f"{when(operation, layout.span)} "
    if isinstance(body, PublishExtension):
        return text + _publication(body, desired, spec) + within(body, "An attempt")
    if isinstance(body, UpgradeExtensions):
        return text + _push(body, desired, spec) + within(body, "An installation")
    if isinstance(body, PutExtension):
        return text + _put(body, desired, spec)
    return text + _other(body, desired, spec)


def _publication(body: PublishExtension, desired: DesiredState, spec: ArcFleet) -> str:
    touched = desired.touched(body)
    first = f" to {body.group} alone" if body.group else ""
    text = f"{body.publisher or 'its publisher'} releases {body.type} {body.version}{first}. "
    if not touched:
        later = " unless it opts in later" if desired.behind(body) else ""
        return f"{text}Nothing is upgraded{later}.{_left_alone(body, desired)}"
    get = "gets" if machines_on(touched) == 1 else "get"
    if all(each.is_below(body.version) for each in touched):
        text += f"{_on(touched, spec)}, enrolled and below it, {get} it."
    else:
        text += f"{_on(touched, spec)}, enrolled, {get} it where it is above what they have."
    text += f"{_left_alone(body, desired)}{_instead(body, desired)}"
    text += _fates(touched, spec, partial(_law_of_release, body=body), attempts)
    return text + dip(touched, spec, machines_on(desired.there))


def _law_of_release(each: Desired, body: PublishExtension) -> float | AlwaysUnhealthy | None:
    """How bad a release is: as the first one of its version says."""
    former = each.published.get(each.layout.number(body.version))
    return body.unhealthy if former is None else former.unhealthy


def _fates(
    touched: Sequence[Desired],
    spec: ArcFleet,
    law: Callable[[Desired], float | AlwaysUnhealthy | None],
    fate: Callable[..., str],
) -> str:
    """How bad a version is, and the fate of those on whom it is; by group where that differs."""
    whole = {faults(law(each), on_group(spec, each.group), fate) for each in touched}
    if len(whole) == 1:
        return whole.pop()
    told: dict[str, list[str]] = {}
    for each in touched:
        own = law(each)
        if isinstance(own, AlwaysUnhealthy) and _is_spared(own, each.group, spec):
            own = 0.0
        text = faults(own, on_group(spec, each.group), fate)
        told.setdefault(text, []).append(each.group)
    return "".join(f" On {_named(names)}: {_after_colon(text)}" for text, names in told.items())


def _is_spared(law: AlwaysUnhealthy, group: str, spec: ArcFleet) -> bool:
    """Whether a version is bad on others only."""
    return law.is_on_all(group, spec.groups[group].os) is False


def _after_colon(fate: str) -> str:
    text = fate.lstrip()
    return f"{text[0].lower()}{text[1:]}" if text else "nothing fails."


def _named(groups: Sequence[str]) -> str:
    """The names of groups, or of the first ones where they are many."""
    names = list(dict.fromkeys(groups))
    if len(names) <= MOST_NAMED + 1:
        return ", ".join(names)
    return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"


def _left_alone(body: PublishExtension, desired: DesiredState) -> str:
    """Whom a release does not touch, and why."""
    why: dict[str, int] = {}
    touched = desired.touched(body)
    for each in desired.meant(body):
        if each not in touched:
            reason = _why_not(body.version, each)
            why[reason] = why.get(reason, 0) + each.machines
    parts = [f"{pluralize(count, 'machine')} {reason}" for reason, count in why.items()]
    return f" It leaves alone {', '.join(parts)}." if parts else ""


def _why_not(version: str, each: Desired) -> str:
    if not each.enrolled:
        return "not enrolled"
    if major(version) not in map(major, each.spelled):
        return "of another major version"
    if any(upgrades(version, old) for old in each.spelled):
        return f"for which {each.newest(version)} is out already"
    return "not below it"


def _instead(body: PublishExtension, desired: DesiredState) -> str:
    older = desired.superseded(body)
    if older is None:
        return ""
    return (
        f" It supersedes {older} where that is still to come: a pending discovery or retry of "
        "that takes this one."
    )


def _push(body: UpgradeExtensions, desired: DesiredState, spec: ArcFleet) -> str:
    sentences = []
    moved: list[Desired] = []
    for target, version in body.targets.items():
        meant = desired.targeted(body, target)
        first_of_them, kind = meant[0], meant[0].layout.type
        exact = first_of_them.pushed(body)
        fate = _fates(meant, spec, partial(_law, version=exact, spec=spec), once)
        text = f"{kind} to {_exactly(version, exact)} on {_on(meant, spec)}, enrolled or not."
        if _is_on_all(exact, meant):
            sentences.append(f"{text} {_nothing(fate)}.")
        else:
            moved += meant
            sentences.append(f"{text}{_nothing_there(exact, meant)}{fate}")
    out = dip(moved, spec, machines_on(desired.there), at_once=True) if moved else ""
    return f"the operator pushes {' And '.join(sentences)}{out}"


def _law(each: Desired, version: str, spec: ArcFleet) -> float | AlwaysUnhealthy:
    """How bad an installation of a version is."""
    return each.faults(each.layout.number(version), on_group(spec, each.group)).unhealthy


def _is_on_all(version: str, meant: Sequence[Desired]) -> bool:
    """Whether a version is all that can be installed."""
    return all(each.versions == {each.layout.number(version)} for each in meant)


def _nothing(fate: str) -> str:
    """That a request for what is installed does nothing; `fate` tells how installations fail."""
    failed = ", except where it is failed: there it is installed again" if fate else ""
    return f"Nothing happens, as it is installed already{failed}"


def _nothing_there(version: str, meant: Sequence[Desired]) -> str:
    """The same of those machines that may have a version already, as a sentence after others."""
    some = any(each.layout.number(version) in each.versions for each in meant)
    return " Nothing happens where it is installed already." if some else ""


def _put(body: PutExtension, desired: DesiredState, spec: ArcFleet) -> str:
    named = desired.meant(body)
    groups, machines = [each.group for each in named], machines_on(named)
    version = named[0].put(body)
    enrolled = "enrolled" if body.enable_automatic_upgrade else "not enrolled"
    there = [each for each in named if each.is_there]
    law = partial(_law, version=version, spec=spec)
    fate = _fates(named, spec, law, once if there else first)
    what = f"{body.type} {_picked(body, version)} of {body.publisher} is put on "
    where = f"{pluralize(machines, 'machine')}{_where(groups, spec)}"
    if there == named and _is_on_all(version, there):
        if all(each.enrolled == body.enable_automatic_upgrade for each in there):
            return f"{what}{where}, {enrolled} as before. {_nothing(fate)}."
        return f"{what}{where}, {enrolled} from then on: that alone changes, as it is installed."
    return f"{what}{where}, {enrolled} from then on.{_nothing_there(version, there)}{fate}"


def _picked(body: PutExtension, version: str) -> str:
    if version == body.version or not body.auto_upgrade_minor_version:
        return _exactly(body.version, version)
    return f"{version} (the newest minor version known, instead of {body.version})"


def _exactly(written: str, version: str) -> str:
    return version if version == written else f"{version} (the newest known of {written})"


def _other(body: Any, desired: DesiredState, spec: ArcFleet) -> str:
    meant = desired.meant(body)
    on = f"{body.type} on {_on(meant, spec)}"
    if isinstance(body, RepairExtension):
        return f"{on} is removed where it is failed, and installed again."
    if isinstance(body, RemoveExtension):
        away = any(spec.groups[each.group].disconnected for each in meant)
        waits = ", and a machine that is away has it until it is back" if away else ""
        return f"{on} is removed, enrolled or not; what is under way finishes first{waits}."
    if all(each.enrolled == body.enabled for each in meant):
        return f"{on} is opted {'in' if body.enabled else 'out'} already: nothing changes."
    if body.enabled:
        return f"{on} is opted in, and discovers the newest release from then on."
    return f"{on} is opted out: what is under way finishes, what waits does not start."


def _on(meant: Sequence[Desired], spec: ArcFleet) -> str:
    groups = sorted({each.group for each in meant})
    return f"{pluralize(machines_on(meant), 'machine')}{_where(groups, spec)}"


def machines_on(some: Sequence[Desired]) -> int:
    """On how many machines extensions are, each counted for itself."""
    return sum(each.machines for each in some)
