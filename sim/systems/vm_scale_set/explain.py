"""A scale set in sentences: what will happen, before anything runs, with its arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.units import show_duration, show_share
from sim.formats.checking import joined
from sim.systems.base.model import refused
from sim.systems.base.text import as_written, be, pluralize, rounded_up, when, within
from sim.systems.vm_scale_set.layout import Model
from sim.systems.vm_scale_set.requests import (
    CancelRollingUpgrade,
    ManualUpgrade,
    PublishImage,
    Reimage,
    Scale,
    SetProtection,
    StartExtensionUpgrade,
    StartOsUpgrade,
    UpdateModel,
)
from sim.systems.vm_scale_set.rules import allowed, batch_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sim.systems.base.model import DryRun
    from sim.systems.base.operation import Operation
    from sim.systems.base.records import Rejection
    from sim.systems.vm_scale_set.layout import SetLayout
    from sim.systems.vm_scale_set.spec import VmScaleSet

MODES = {
    "automatic": "reaches all instances at once",
    "manual": "reaches no instance until manual_upgrade names it",
    "rolling": "reaches instances in batches",
}
LISTED = 10
"""So many zones or domains are listed one by one."""


def describe(
    layout: SetLayout,
    rejection_of: Callable[[Operation], Rejection | None],
    dry_run: DryRun | None,
) -> list[str]:
    """The set, its policy, what each operation does or how it is rejected."""
    lines = [_set(layout), *_health(layout.spec)]
    if any(layout.rolls(number) for number in range(layout.rollouts)):
        lines += _batches(layout)
    lines += [_faults(layout, place) for place in range(len(layout.faulty))]
    lines += _befalls(layout)
    for operation in as_written(layout.requests):
        answer = refused(operation, rejection_of(operation), dry_run)
        does = f"it {answer}" if answer else _does(layout, operation)
        lines.append(f"{when(operation, layout.span)} {does}.{_windows(operation)}")
    return lines


def _set(layout: SetLayout) -> str:
    spec = layout.spec
    where = ""
    if spec.zone_counts:
        where = f" in {pluralize(len(spec.zone_counts), 'zone')} ({_counts(spec.zone_counts)})"
    elif layout.domains > 1:
        count, domains = spec.instances, layout.domains
        of_each = [len(range(domain, count, domains)) for domain in range(min(domains, count))]
        where = f" in {domains} update domains ({_counts(of_each)})"
    least = layout.min_available
    of_all = rounded_up(spec.min_available, spec.instances)
    return (
        f"{layout.name}: a {spec.orchestration} scale set of "
        f"{pluralize(spec.instances, 'instance')}{where}, on image {spec.image}; available while "
        f"at least {least:,}{of_all} {be(least)} in service."
    )


def _counts(counts: Sequence[int]) -> str:
    shown = ", ".join(f"{count:,}" for count in counts[:LISTED])
    return f"{shown}..." if len(counts) > LISTED else shown


def _health(spec: VmScaleSet) -> list[str]:
    health = spec.health
    if health.source == "none":
        unseen = "Azure sees no health of the application: an instance that runs counts as healthy"
        return [f"{unseen}, though it serves only {spec.healthy_after} later."]
    wait = health.wait + (health.grace_period if health.grace_extends_wait else 0.0)
    return [
        f"An instance that runs is healthy after {spec.healthy_after}, seen by a probe every "
        f"{show_duration(health.interval)}"
        + (f" ({health.probes} in a row)" if health.probes > 1 else "")
        + f"; one that is not within {show_duration(wait)} is given up."
    ]


def _batches(layout: SetLayout) -> list[str]:
    """How large a batch is, and which thresholds end a rolling upgrade: the arithmetic."""
    spec, count = layout.spec, layout.spec.instances
    policy = spec.upgrade_policy
    limit = int(batch_limit(spec, count))
    place_of = layout.place_of[:count]
    in_place = np.bincount(place_of)
    largest = min(limit, int(in_place.max()))
    of_first = min(limit, int(in_place[place_of.min()]))
    inside = []
    if spec.zone_counts and not policy.enable_cross_zone_upgrade:
        inside.append("one zone")
    if layout.domains > 1:
        inside.append("one update domain")
    first = ", unhealthy ones first" if policy.prioritize_unhealthy_instances else ""
    share = show_share(policy.max_batch_instance_percent)
    most = f"{pluralize(limit, 'instance')} ({share} of {count:,}, rounded down, at least 1)"
    place = f", of {' and '.join(inside)}" if inside else ""
    if largest < limit:
        place += f", which has at most {largest:,}"
    pause = policy.pause_time_between_batches
    then = f"then comes a pause of {show_duration(pause)}" if pause else "the next follows at once"
    lines = [f"A batch takes at most {most}{place}{first}; {then}."]
    if policy.max_surge:
        lines.append(_surge(spec, largest))
    most_unhealthy = allowed(policy.max_unhealthy_instance_percent, count)
    upgraded = policy.max_unhealthy_upgraded_instance_percent
    lines.append(
        f"No batch begins while more than {most_unhealthy:,} of {count:,} are unhealthy "
        f"({show_share(policy.max_unhealthy_instance_percent)}). After a batch the upgrade ends if "
        f"more than {show_share(upgraded)} of the upgraded are: more than "
        f"{allowed(upgraded, of_first):,} of {of_first:,} after the first one, more than "
        f"{allowed(upgraded, count):,} of {count:,} after the last."
    )
    if policy.rollback_failed_instances_on_policy_breach:
        lines.append("By such an end those that failed go back to their former model.")
    return lines


def _surge(spec: VmScaleSet, largest: int) -> str:
    """What a batch of at most so many does instead of taking instances out."""
    count, quota = spec.instances, spec.quota
    room = largest if quota is None else quota - count
    if not room:
        return f"The quota of {quota:,} has no room for a surge (max_surge): batches go in place."
    creates = (
        "creates as many new instances first, and deletes the old ones when these are healthy "
        "(max_surge); a new one that is not healthy is deleted, and its old one stays"
    )
    if room < largest:
        has_room = f"the quota of {quota:,} has room, for {room:,} more at once"
        return f"Where {has_room}, it {creates}. A larger batch goes in place."
    return (
        f"It {creates}. Capacity does not dip, and there are at most {count + largest:,} instances "
        "meanwhile."
    )


def _faults(layout: SetLayout, place: int) -> str:
    """What a version does to instances, and how surely."""
    name, version = layout.faulty[place], layout.fault(place)
    of = [part for part, names in zip(Model._fields, layout.parts, strict=True) if name in names]
    is_bad = f"{joined(of, 'and')} {name} {be(1 if of[0] != 'extensions' else 2)} bad"
    harm = []
    if version.unhealthy >= 1:
        harm.append("no instance gets healthy")
    elif version.unhealthy:
        harm.append(
            f"an instance does not get healthy with a chance of {show_share(version.unhealthy)}"
        )
    later = version.unhealthy_later
    if later is not None and later.probability:
        chance = show_share(later.probability)
        harm.append(
            f"an instance turns unhealthy with a chance of {chance}, {later.after} after it was "
            "healthy"
        )
    surely = "" if version.bad >= 1 else f"with a chance of {show_share(version.bad)} "
    line = f"{surely}{is_bad}: {'; '.join(harm)}."
    return line[0].upper() + line[1:]


def _befalls(layout: SetLayout) -> list[str]:
    spec, lines = layout.spec, []
    if spec.unhealthy_instances:
        count = len(set(spec.unhealthy_instances))
        lines.append(f"{pluralize(count, 'instance')} {be(count)} unhealthy at the start.")
    if spec.failures:
        lines.append(
            f"An instance fails {spec.failures.per_year:,g} times a year and is back after "
            f"{spec.failures.recovery}."
        )
    if spec.repairs:
        at_once = max(1, allowed(0.05, spec.instances))
        grace = show_duration(spec.repairs.grace_period)
        lines.append(
            f"An unhealthy instance is repaired ({spec.repairs.action}) once nothing was changed "
            f"for {grace}, at most {at_once:,} at once (5 % of {spec.instances:,}, at least 1), "
            "and none while a rolling upgrade runs."
        )
    return lines


# What operations do ------------------------------------------------------------------------------


def _windows(operation: Operation) -> str:
    has_windows = getattr(operation.body, "windows", ())
    return within(operation.body, "A batch") if has_windows else ""


def _does(layout: SetLayout, operation: Operation) -> str:
    body, spec = operation.body, layout.spec
    match body:
        case UpdateModel():
            says = _change(body, spec)
        case StartOsUpgrade():
            image = f"image {body.image}" if body.image else "the image that was published last"
            says = f"a rolling upgrade to {image}; {_in_batches(spec, 'image')}"
        case StartExtensionUpgrade():
            works = _in_batches(spec, "extensions")
            says = f"a rolling upgrade to extensions {body.extensions}; {works}"
        case PublishImage():
            says = _publication(layout, body)
        case CancelRollingUpgrade():
            says = "the rolling upgrade is cancelled; the batch under way is finished"
        case Scale():
            says = f"the set is to have {pluralize(body.instances, 'instance')}"
        case ManualUpgrade():
            too = ", protected ones too" if _protects(layout) else ""
            says = f"{_which(body.instances)} brought to the latest model, all at once{too}"
        case Reimage():
            but = ", but for protected ones" if _protects(layout) else ""
            says = f"{_which(body.instances)} reimaged at once (out for {spec.reimage}){but}"
        case SetProtection():
            says = _protection(body)
        case _:
            raise AssertionError(body)
    return says


def _which(instances: str | tuple[int, ...]) -> str:
    """Some instances with the verb that follows."""
    if isinstance(instances, str):
        return "all instances are"
    if len(instances) == 1:
        return f"instance {instances[0]} is"
    return f"instances {_counts(instances)} are"


def _protects(layout: SetLayout) -> bool:
    """Whether instances are ever protected from scale-set actions."""
    bodies = [each.body for each in layout.requests if isinstance(each.body, SetProtection)]
    return any(each.protect_from_scale_set_actions for each in bodies)


def _protection(body: SetProtection) -> str:
    which = _which(body.instances)
    if body.protect_from_scale_set_actions:
        return (
            f"{which} protected from scale-set actions: upgrades of the set, reimages, repairs and "
            "scale-in pass over them; manual_upgrade does not"
        )
    if body.protect_from_scale_in:
        return f"{which} protected from scale-in"
    return f"{which} protected no more"


def _change(body: UpdateModel, spec: VmScaleSet) -> str:
    parts = _parts(body)
    mode = spec.upgrade_policy.mode
    reaches = f"{MODES[mode]} (mode {mode})"
    if not parts:
        return f"the model stays as it is; what an upgrade that ended early left {reaches}"
    change = ", ".join(f"{part} {name}" for part, name in parts)
    work = (_in_batches if mode == "rolling" else _work)(spec, parts[0][0])
    return f"the model gets {change}, which {reaches}; {work}"


def _parts(body: UpdateModel) -> list[tuple[str, str]]:
    """What changes, what is done for it in front: a new image is more than all else."""
    given = [("image", body.image), ("size", body.size), ("extensions", body.extensions)]
    return [(part, name) for part, name in given if name]


def _in_batches(spec: VmScaleSet, part: str) -> str:
    """What befalls an instance in a rolling upgrade."""
    if not _surges(spec):
        return _work(spec, part)
    new = f"an instance gives way to a new one, which runs after {spec.create}"
    return new if spec.quota is None else f"{new}; in place {_work(spec, part)}"


def _surges(spec: VmScaleSet) -> bool:
    return spec.upgrade_policy.max_surge and (spec.quota is None or spec.quota > spec.instances)


def _work(spec: VmScaleSet, part: str) -> str:
    if part == "image":
        return f"an instance is out for {spec.reimage} while its OS disk is replaced"
    if part == "size":
        return f"an instance is out for {spec.upgrade} while it restarts"
    return f"an instance is in service meanwhile, which takes {spec.upgrade}"


def _publication(layout: SetLayout, body: PublishImage) -> str:
    automatic = layout.spec.automatic_os_upgrade
    if not automatic.enabled:
        return f"image {body.image} is published; the set does not follow automatically"
    stays = _surges(layout.spec) and layout.spec.quota is None
    rollback = (
        "; an instance that does not get healthy gets its former OS disk back, after "
        f"{layout.spec.restore}"
    )
    if stays or automatic.disable_automatic_rollback:
        rollback = ""
    return (
        f"image {body.image} is published, and Azure begins a rolling upgrade to it "
        f"{body.discovery or automatic.discovery} later{rollback}"
    )


def size(spec: VmScaleSet) -> str:
    """How large a set is at time 0."""
    zones = spec.zone_counts
    where = f" in {pluralize(len(zones), 'zone')}" if zones else ""
    return f"{pluralize(spec.instances, 'instance')}{where}"
