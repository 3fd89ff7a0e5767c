"""What the service of a fleet wants of its machines: decided here, for runs and for `explain`.

Whether a request is accepted, and what it asks of machines, follows from what came in before it and
never from what machines have come to. What a run decides (which attempts fail, how far a release
came) is left open: machines may have any of an extension's `versions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sim.systems.arc_fleet.defaults import first_versions
from sim.systems.arc_fleet.draws import Faults
from sim.systems.arc_fleet.layout import Index, asked_version
from sim.systems.arc_fleet.requests import (
    PublishExtension,
    PutExtension,
    RemoveExtension,
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
    from collections.abc import Iterable

    from sim.systems.arc_fleet.layout import ExtensionLayout, FleetLayout
    from sim.systems.arc_fleet.requests import AlwaysUnhealthy
    from sim.systems.arc_fleet.spec import ArcFleet
    from sim.systems.base.operation import Request


class Release(NamedTuple):
    """A version that was published."""

    name: str
    """Of the operation that published it first."""
    unhealthy: float | AlwaysUnhealthy | None


class Desired:
    """What the service wants of an extension on the machines of one group."""

    def __init__(self, layout: ExtensionLayout, known: Iterable[str]) -> None:
        """`known` are its versions of time 0, on any machine."""
        self.layout = layout
        written = layout.written
        self.version = layout.initial
        """The one that was last asked for, by number; None while it is not there."""
        self.enrolled = written is not None and written.enable_automatic_upgrade
        self.picks_newest_minor = written is not None and written.auto_upgrade_minor_version
        """Whether an installation picks the newest minor version."""
        self.versions: set[int] = set()
        """Those that may be installed by now."""
        self.known = list(known)
        """Its versions that anyone has seen so far: those of time 0, on any machine, and releases,
        in order."""
        self.published: dict[int, Release] = {}
        """By version its first publication, for this group or for others."""
        self.released: set[int] = set()
        """The versions that were published for this group."""
        # A file may ask thousands of times: neither is looked for among all versions each time.
        self._newest: dict[int, int] = {}
        """By major version its newest release."""
        self._lowest: dict[int, int] = {}
        """By major version the lowest one that may be installed by now."""
        if layout.initial is not None:
            self._may_have(layout.initial)

    @property
    def is_there(self) -> bool:
        """Whether machines have it, or were asked to."""
        return self.version is not None

    @property
    def group(self) -> str:
        """The group of its machines."""
        return self.layout.group

    @property
    def machines(self) -> int:
        """How many they are."""
        return self.layout.count

    @property
    def spelled(self) -> list[str]:
        """The versions that may be installed by now."""
        return [self.layout.versions[number] for number in sorted(self.versions)]

    def newest(self, version: str) -> str:
        """The newest release of the major version of `version`, or that itself."""
        return newest_minor(version, (self.layout.versions[number] for number in self.released))

    def is_news(self, version: str) -> bool:
        """Whether a release is the newest of its major version, and new for this group."""
        return self.layout.number(version) > self._newest.get(major(version), -1)

    def is_upgraded_by(self, version: str) -> bool:
        """Whether it is, and above what may be installed."""
        number = self.layout.number(version)
        return self.is_news(version) and self._lowest.get(major(version), number) < number

    def is_below(self, version: str) -> bool:
        """Whether a release is above whatever may be installed, and of its major version."""
        return all(upgrades(version, old) for old in self.spelled)

    def pushed(self, body: UpgradeExtensions) -> str:
        """The version that a push brings, which names the extension."""
        written = asked_version(self.layout, body)
        assert written is not None
        return installed_as(written, self.known)

    def put(self, body: PutExtension) -> str:
        """The version that a PUT installs."""
        pick = newest_minor if body.auto_upgrade_minor_version else installed_as
        return pick(body.version, self.known)

    def repaired(self, version: str) -> str:
        """The version that a repair installs where `version` is failed."""
        # Assumption: what is repaired gets its own version again, or, where the newest minor
        # version is picked at installations, that.
        return newest_minor(version, self.known) if self.picks_newest_minor else version

    def faults(self, version: int, spec: ArcFleet) -> Faults:
        """How bad a version is: as its first publication says, else as all are.

        `spec` is the fleet as it is on the machines of the group.
        """
        release = self.published.get(version)
        if release is None or release.unhealthy is None:
            return Faults("", spec.unhealthy)
        return Faults(release.name, release.unhealthy)

    # What changes it.

    def enrol(self, *, enabled: bool) -> None:
        """Let releases come by themselves, the newest first, or no more."""
        if enabled and not self.enrolled:
            versions, lowest = self.layout.versions, self._lowest
            self._want(k for k in self.released if lowest.get(major(versions[k]), k) < k)
        self.enrolled = enabled

    def _want(self, releases: Iterable[int]) -> None:
        """Want the newest of some releases, all of which may get installed."""
        news = set(releases)
        for number in news:
            self._may_have(number)
        self.version = max(news, default=self.version)

    def _may_have(self, version: int) -> None:
        """From now on machines may have a version."""
        self.versions.add(version)
        family = major(self.layout.versions[version])
        self._lowest[family] = min(version, self._lowest.get(family, version))

    def install(self, version: int) -> None:
        """Want a version on all machines."""
        self.version = version
        self._may_have(version)

    def remove(self) -> None:
        """Want it on no machine."""
        self.version, self.enrolled, self.picks_newest_minor = None, False, False

    def hear(self, name: str, body: PublishExtension) -> None:
        """A version is published, for whatever group."""
        # Assumption: a request may name a version as soon as it is released to any group.
        self.known.append(body.version)
        number = self.layout.number(body.version)
        self.published.setdefault(number, Release(name, body.unhealthy))

    def release(self, body: PublishExtension) -> None:
        """A version is published for this group: for those that are enrolled."""
        number = self.layout.number(body.version)
        if self.enrolled and self.is_upgraded_by(body.version):
            self._want([number])
        family = major(body.version)
        self._newest[family] = max(number, self._newest.get(family, number))
        self.released.add(number)


class DesiredState:
    """What the service wants of all extensions of a fleet, after the operations taken so far."""

    def __init__(
        self, layout: FleetLayout, extensions: Iterable[ExtensionLayout] | None = None
    ) -> None:
        """Of all extensions, or of some of them, as if there were no others."""
        some = layout.extensions if extensions is None else tuple(extensions)
        known = first_versions(layout.spec)
        self.every = [
            Desired(each, known.get(identity(each.publisher, each.type), ())) for each in some
        ]
        self._index = Index(some, layout.spec)
        self._rollouts: set[tuple[str, tuple[int, ...]]] = set()
        """Identity and version (as its key) of those releases that upgrade somebody."""

    @property
    def there(self) -> list[Desired]:
        """Those that machines have, or were asked to."""
        return [each for each in self.every if each.is_there]

    def named(self, body: Request) -> list[Desired]:
        """Those that a request means by what it names, there or not."""
        return [self.every[place] for place in self._index.meant(body)]

    def meant(self, body: Request) -> list[Desired]:
        """Those of them that it concerns: a PUT is for those too that are not there."""
        named = self.named(body)
        return [each for each in named if each.is_there or isinstance(body, PutExtension)]

    def targeted(self, body: UpgradeExtensions, target: str) -> list[Desired]:
        """Those that one target of a push means."""
        meant = self.meant(body)
        return [each for each in meant if each.layout.name.lower() == target.lower()]

    def is_missing(self, body: Request) -> bool:
        """Whether what a request names, or a part of it, is nowhere there."""
        if isinstance(body, UpgradeExtensions):
            return not all(self.targeted(body, target) for target in body.targets)
        return not self.meant(body)

    def behind(self, body: PublishExtension) -> list[Desired]:
        """Those that a release upgrades when they are enrolled, now or later."""
        return [each for each in self.named(body) if each.is_upgraded_by(body.version)]

    def touched(self, body: PublishExtension) -> list[Desired]:
        """Those that it upgrades: enrolled, below it in its major version, no newer out."""
        return [each for each in self.behind(body) if each.enrolled]

    def superseded(self, body: PublishExtension) -> str | None:
        """The release that a newer one takes the place of, if there is one."""
        older = [
            each.layout.versions[number]
            for each in self.touched(body)
            for number in each.released
            if _key(each, each.layout.versions[number]) in self._rollouts
            and upgrades(body.version, each.layout.versions[number])
        ]
        return ordered(older)[-1] if older else None

    def take(self, name: str, body: Request) -> None:
        """Want what an accepted operation asks for."""
        if isinstance(body, PublishExtension):
            self._rollouts |= {_key(each, body.version) for each in self.touched(body)}
            for each in self.named(body.model_copy(update={"group": None})):
                each.hear(name, body)
            for each in self.named(body):
                each.release(body)
        for each in self.meant(body):
            if isinstance(body, SetAutomaticUpgrade):
                each.enrol(enabled=body.enabled)
            elif isinstance(body, PutExtension):
                each.picks_newest_minor = body.auto_upgrade_minor_version
                each.enrol(enabled=body.enable_automatic_upgrade)
                each.install(each.layout.number(each.put(body)))
            elif isinstance(body, UpgradeExtensions):
                each.install(each.layout.number(each.pushed(body)))
            elif isinstance(body, RemoveExtension):
                each.remove()


def _key(each: Desired, version: str) -> tuple[str, tuple[int, ...]]:
    return identity(each.layout.publisher, each.layout.type), version_key(version)
