"""Defaults of an Arc fleet that depend on other fields, and which of them are assumptions."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sim.systems.arc_fleet.requests import (
    PublishExtension,
    PutExtension,
    RemoveExtension,
    RepairExtension,
    SetAutomaticUpgrade,
    UpgradeExtensions,
)
from sim.systems.arc_fleet.spec import (
    DISCOVERY,
    INSTALL,
    RETRY_AFTER,
    ROLLBACK,
    Extension,
    MachineGroup,
    fits,
    identity,
)
from sim.systems.arc_fleet.versions import version_key
from sim.systems.base.assumptions import RULE, Assumption
from sim.systems.base.metrics import OF_MEMBERS
from sim.systems.base.spec import Headcount

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sim.systems.arc_fleet.spec import ArcFleet
    from sim.systems.base.assumptions import Path
    from sim.systems.base.operation import Operation, Request

Named = PublishExtension | SetAutomaticUpgrade | PutExtension | RepairExtension | RemoveExtension
"""Requests that name an extension by its type."""

HORIZON = 90 * 86400.0
"""Seconds."""

ONLY_GROUP = "machines"
"""The group of a fleet that is written by its number of machines."""

_ASSUMED = {
    "discovery": DISCOVERY,
    "install": INSTALL,
    "rollback": ROLLBACK,
    "retry_after": RETRY_AFTER,
}
"""Key -> its default, where Azure publishes none, or no more than its bounds."""

GROUP_METRICS = {
    *OF_MEMBERS,
    "updated_share",
    *(f"time_to_{percent}" for percent in range(1, 101)),
    "rollbacks",
    "attempts_mean",
    "stuck_machines",
}

STARTER = """\
# Question: how long does a monthly release take to reach 99 % of 2,000 machines?
horizon: 90d
seed: 1
replications: 20
systems:
  plant:
    kind: arc_fleet
    machines: 2000
    extensions:
      - publisher: Microsoft.Azure.Monitor
        type: AzureMonitorLinuxAgent
        version: 1.37.0
        enable_automatic_upgrade: true
    unhealthy: 5%
operations:
  - at: 1h
    publish_extension:
      type: AzureMonitorLinuxAgent
      version: 1.38.0
objectives:
  - metric: time_to_99
    at_most: 70d
    of: mean
"""


def resolve(_: str, spec: ArcFleet) -> ArcFleet:
    """Write every fleet in groups, in order of name, and name the groups of each extension."""
    groups = groups_of(spec)
    extensions = [
        each.model_copy(update={"groups": groups_with(each, groups)}) for each in spec.extensions
    ]
    return spec.model_copy(
        update={"machines": None, "groups": groups, "extensions": tuple(extensions)}
    )


def resolved_place(path: Path) -> Path:
    """A number of machines becomes that of their only group."""
    return ("groups", ONLY_GROUP, "count") if path == ("machines",) else path


def groups_of(spec: ArcFleet) -> dict[str, MachineGroup]:
    """The groups of a fleet in order of name, however it is written."""
    if spec.machines is not None:
        return {ONLY_GROUP: MachineGroup(count=spec.machines)}
    return dict(sorted(spec.groups.items()))


def groups_with(each: Extension | PutExtension, groups: dict[str, MachineGroup]) -> tuple[str, ...]:
    """The groups that have an extension, or are asked to have it, in order of name."""
    given = each.groups if isinstance(each, Extension) else each.group and (each.group,)
    if given:
        return tuple(sorted(given))
    return tuple(name for name, group in groups.items() if fits(each.type, group))


def types(spec: ArcFleet, operations: Sequence[Operation]) -> tuple[str, ...]:
    """The types of all extensions that machines have, or are asked to have, as spelled at first."""
    entries: list[Extension | PutExtension] = [*spec.extensions]
    entries += [each.body for each in operations if isinstance(each.body, PutExtension)]
    spelled: dict[str, str] = {}
    groups = groups_of(spec)
    for each in entries:
        if groups_with(each, groups):
            spelled.setdefault(each.type.lower(), each.type)
    return tuple(spelled.values())


MOST_GROUPS = 100
"""Groups of machines that are measured each for itself: of more nobody reads all."""

MOST_NAMED = 3
"""So many of the groups of which a sentence is true are named in it."""


def machine_groups(spec: ArcFleet, kinds: Sequence[str]) -> tuple[str, ...]:
    """The groups of machines that series and metrics are given for, beside the types `kinds`.

    Those of several, unless they are too many; one that is called as a type gives way to that.
    """
    names = groups_of(spec)
    several = 1 < len(names) <= MOST_GROUPS
    return tuple(name for name in names if name not in kinds) if several else ()


def groups(spec: ArcFleet, operations: Sequence[Operation]) -> tuple[str, ...]:
    """The types of all extensions, then the groups of machines."""
    kinds = types(spec, operations)
    return (*kinds, *machine_groups(spec, kinds))


def headcount(spec: ArcFleet, operations: Sequence[Operation], group: str) -> Headcount:
    """How many extensions of a type the machines have, or of all types, or all on a group."""
    groups = groups_of(spec)
    on_machines = group in machine_groups(spec, types(spec, operations))

    def places(entries: Sequence[Extension | PutExtension]) -> list[tuple[str, str]]:
        """The types with the groups of machines that have them, or are asked to."""
        of = [each for each in entries if on_machines or group.lower() in ("", each.type.lower())]
        found = [(each.type.lower(), name) for each in of for name in groups_with(each, groups)]
        return [each for each in found if each[1] == group] if on_machines else found

    there = places(spec.extensions)
    asked = [each.body for each in operations if isinstance(each.body, PutExtension)]
    first = sum(groups[name].count for _, name in there)
    more = sum(groups[name].count for _, name in {*places(asked)}.difference(there))
    return Headcount(first, first + more, "extension")


def first_versions(spec: ArcFleet) -> dict[str, list[str]]:
    """By identity the versions that are known at time 0: what is installed on any machine."""
    found: dict[str, list[str]] = {}
    for each in spec.extensions:
        found.setdefault(identity(each.publisher, each.type), []).append(each.version)
    return found


def resolve_bodies(spec: ArcFleet, bodies: Sequence[Request]) -> list[Request]:
    """Spell extensions as the fleet does, fill in their publishers and how bad a release is."""
    installed = ByType(spec.extensions)
    names = [f"{each.publisher}.{each.type}" for each in spec.extensions]
    spelled = {name.lower(): name for name in names}
    are_alike = all(group.unhealthy is None for group in spec.groups.values())

    def resolved(body: Request) -> Request:
        filled: dict[str, object] = {}
        if isinstance(body, UpgradeExtensions):
            versions = body.targets.items()
            filled["targets"] = {spelled.get(key.lower(), key): v for key, v in versions}
        elif isinstance(body, Named):
            for each in installed.named(body)[:1]:
                filled |= {"publisher": each.publisher, "type": each.type}
        if isinstance(body, PublishExtension) and body.unhealthy is None and are_alike:
            filled["unhealthy"] = spec.unhealthy
        return body.model_copy(update=filled)

    return [resolved(body) for body in bodies]


class ByType:
    """The extensions of time 0, found by their types."""

    def __init__(self, extensions: Iterable[Extension]) -> None:
        self._by_type: defaultdict[str, list[Extension]] = defaultdict(list)
        for each in extensions:
            self._by_type[each.type.lower()].append(each)

    def named(self, body: Named) -> list[Extension]:
        """Those that a request may mean by a type and perhaps a publisher."""
        publisher = body.publisher and body.publisher.lower()
        alike = self._by_type.get(body.type.lower(), ())
        return [each for each in alike if publisher in (None, each.publisher.lower())]


def active_assumptions(spec: ArcFleet, operations: Sequence[Operation]) -> list[Assumption]:
    """The defaults in force that Azure does not publish; `spec` is as written."""
    published = any(isinstance(each.body, PublishExtension) for each in operations)
    in_force = ["discovery"] if published else []
    in_force += ["install"] if operations else []
    fails = _may_fail(spec, operations)
    in_force += ["rollback"] if fails else []
    in_force += ["retry_after"] if fails and published else []
    left = [name for name in in_force if not _is_given(name, spec)]
    found = [Assumption(f"{name} ({_ASSUMED[name].short})", [(name,)]) for name in left]
    if _supersedes(operations):
        text = "a retry or pending discovery takes the newest release"
        found.append(Assumption(text, no_number=RULE))
    if operations and not fails:
        found.append(Assumption("no unhealthy machines", [("unhealthy",)]))
    if fails and not rollbacks_may_fail(spec):
        found.append(Assumption("no failed rollbacks", [("rollback_fails",)]))
    if operations and not any(group.disconnected for group in spec.groups.values()):
        found.append(Assumption("always connected", no_number=RULE))
    return found


def _supersedes(operations: Sequence[Operation]) -> bool:
    """Whether a type is released in more than one version."""
    bodies = [each.body for each in operations]
    releases = [(each.type.lower(), each) for each in bodies if isinstance(each, PublishExtension)]
    versions = {(kind, version_key(each.version)) for kind, each in releases}
    return len({kind for kind, _ in versions}) < len(versions)


def _may_fail(spec: ArcFleet, operations: Sequence[Operation]) -> bool:
    """Whether an attempt may end with an unhealthy machine."""
    may_be_late = spec.verdict == "early" and spec.healthy_after.highest > spec.health_window
    releases = [each.body for each in operations if isinstance(each.body, PublishExtension)]
    is_bad = any(release.unhealthy not in (None, 0.0) for release in releases)
    groups_are_bad = any(group.unhealthy for group in spec.groups.values())
    return spec.unhealthy > 0 or groups_are_bad or is_bad or may_be_late


def rollbacks_may_fail(spec: ArcFleet) -> bool:
    """Whether a rollback may fail, on the machines of any group."""
    return bool(spec.rollback_fails or any(each.rollback_fails for each in spec.groups.values()))


def _is_given(name: str, spec: ArcFleet) -> bool:
    """Whether a key of the fleet is written, or each of its groups has its own."""
    groups = list(spec.groups.values())
    own = [getattr(group, name, None) is not None for group in groups]
    return name in spec.model_fields_set or (bool(groups) and all(own))


def default_variants(_: object, __: object) -> dict[str, dict[str, object]]:
    """None: an Arc fleet has no modes to choose from."""
    return {}
