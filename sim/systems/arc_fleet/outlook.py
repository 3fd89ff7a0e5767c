"""What a file alone tells of its fleet: who is enrolled by when, and at which versions.

The operations are taken in order of their mean times. What a run decides (which attempts fail, how
far a release came) is left open: an extension may have any of its `versions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.systems.arc_fleet.defaults import first_versions, groups_with
from sim.systems.arc_fleet.rejections import by_request
from sim.systems.arc_fleet.requests import (
    PublishExtension,
    PutExtension,
    SetAutomaticUpgrade,
    UpgradeExtensions,
)
from sim.systems.arc_fleet.spec import identity
from sim.systems.arc_fleet.versions import (
    installed_as,
    major,
    newest_minor,
    ordered,
    upgrades,
    version_key,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.systems.arc_fleet.requests import AlwaysUnhealthy
    from sim.systems.arc_fleet.spec import ArcFleet
    from sim.systems.base.operation import Request


@dataclass
class Standing:
    """An extension on the machines of one group."""

    publisher: str
    type: str
    group: str
    machines: int
    enrolled: bool
    versions: set[str]
    """Those that may be installed by now."""

    @property
    def identity(self) -> str:
        """Publisher.Type in lower case."""
        return identity(self.publisher, self.type)


def machines_on(standings: Sequence[Standing]) -> int:
    """On how many machines they are, each counted for itself."""
    return sum(each.machines for each in standings)


class Outlook:
    """The extensions of a fleet, as they stand after the operations taken so far."""

    def __init__(self, spec: ArcFleet) -> None:
        self._spec = spec
        self._releases: list[PublishExtension] = []
        self._rollouts: set[tuple[str, tuple[int, ...]]] = set()
        """Identity and version (as its key) of those releases that upgrade somebody."""
        self.standings = [
            Standing(
                each.publisher,
                each.type,
                group,
                spec.groups[group].count,
                each.enable_automatic_upgrade,
                {each.version},
            )
            for each in spec.extensions
            for group in each.groups or ()
        ]

    def named(self, publisher: str | None, kind: str, group: str | None = None) -> list[Standing]:
        """Those that a request means by a type and perhaps more."""
        return [
            each
            for each in self.standings
            if each.identity == identity(publisher or each.publisher, kind)
            and group in (None, each.group)
        ]

    def targeted(self, body: UpgradeExtensions, target: str) -> list[Standing]:
        """Those that one target of a push means."""
        return [
            each
            for each in self.standings
            if each.identity == target.lower() and body.group in (None, each.group)
        ]

    def known(self, publisher: str, kind: str) -> list[str]:
        """The versions of an extension that are known by now: those of time 0 and the releases."""
        released = [release.version for release in self._released(publisher, kind)]
        return first_versions(publisher, kind, self._spec) + released

    def _released(self, publisher: str, kind: str) -> list[PublishExtension]:
        return [
            release
            for release in self._releases
            if identity(release.publisher or publisher, release.type) == identity(publisher, kind)
        ]

    def _versions_released(self, each: Standing) -> list[str]:
        return [release.version for release in self._released(each.publisher, each.type)]

    def touched(self, body: PublishExtension) -> list[Standing]:
        """Those that a release upgrades: enrolled, below it in its major version, no newer out."""
        return [each for each in self.behind(body) if each.enrolled]

    def behind(self, body: PublishExtension) -> list[Standing]:
        """Those that it upgrades when they are enrolled, now or later."""
        return [
            each
            for each in self.named(body.publisher, body.type)
            if any(upgrades(body.version, old) for old in each.versions)
            and self._is_newest(body.version, each)
        ]

    def is_below(self, version: str, each: Standing) -> bool:
        """Whether a release is above whatever may be installed, and of its major version."""
        return all(upgrades(version, old) for old in each.versions)

    def newest(self, version: str, each: Standing) -> str:
        """The newest release of the major version of `version`, or that itself."""
        return newest_minor(version, self._versions_released(each))

    def _is_newest(self, version: str, each: Standing) -> bool:
        released = map(version_key, self._versions_released(each))
        return all(key < version_key(version) for key in released if key[0] == major(version))

    def superseded(self, body: PublishExtension) -> list[str]:
        """The release that a newer one takes the place of, if there is one."""
        released = [
            version
            for each in self.touched(body)
            for version in self._versions_released(each)
            if (each.identity, version_key(version)) in self._rollouts
        ]
        return list(ordered(old for old in released if upgrades(body.version, old))[-1:])

    def unhealthy(self, publisher: str, kind: str, version: str) -> float | AlwaysUnhealthy:
        """How bad an installation of a version is: as its first release, or as the fleet's."""
        for release in self._released(publisher, kind):
            if version_key(release.version) == version_key(version):
                return self._spec.unhealthy if release.unhealthy is None else release.unhealthy
        return self._spec.unhealthy

    def put_version(self, body: PutExtension) -> str:
        """What a PUT installs."""
        pick = newest_minor if body.auto_upgrade_minor_version else installed_as
        return pick(body.version, self.known(body.publisher, body.type))

    def take(self, body: Request) -> None:
        """What stands after one more operation."""
        if by_request(body, self._spec) is not None:
            return
        if isinstance(body, PublishExtension):
            for each in self.touched(body):
                each.versions.add(body.version)
                self._rollouts.add((each.identity, version_key(body.version)))
            self._releases.append(body)
        elif isinstance(body, SetAutomaticUpgrade):
            self._set(body)
        elif isinstance(body, PutExtension):
            self._put(body)
        elif isinstance(body, UpgradeExtensions):
            self._push(body)

    def _set(self, body: SetAutomaticUpgrade) -> None:
        for each in self.named(body.publisher, body.type, body.group):
            each.enrolled = body.enabled
            each.versions |= self._newer(each) if body.enabled else set()

    def _push(self, body: UpgradeExtensions) -> None:
        for target, version in body.targets.items():
            for each in self.targeted(body, target):
                each.versions.add(installed_as(version, self.known(each.publisher, each.type)))

    def _newer(self, each: Standing) -> set[str]:
        """Releases that one who opts in may still get."""
        released = self._versions_released(each)
        return {new for new in released if any(upgrades(new, old) for old in each.versions)}

    def _put(self, body: PutExtension) -> None:
        version = self.put_version(body)
        for group in groups_with(body, self._spec.groups):
            there = self.named(body.publisher, body.type, group)
            if not there:
                count = self._spec.groups[group].count
                there = [Standing(body.publisher, body.type, group, count, False, set())]
                self.standings += there
            for each in there:
                each.enrolled = body.enable_automatic_upgrade
                each.versions.add(version)
