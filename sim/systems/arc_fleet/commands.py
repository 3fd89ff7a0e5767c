"""What operations ask of the machines of a section."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.systems.arc_fleet.machine import Target
from sim.systems.arc_fleet.states import FAILED, INSTALLING, WIDTH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sim.core.windows import Windows
    from sim.systems.arc_fleet.draws import Faults
    from sim.systems.arc_fleet.machine import Installed, Machines, Request


@dataclass(frozen=True)
class Publication:
    """A release for the extensions that are enrolled."""

    version: int
    upgrades: Sequence[int]
    """The versions that it replaces."""
    name: str
    upgrade: int
    """Subject of the upgrade."""
    discovery: str
    """The reason of its discovery: what was published at the same instant has the same."""
    faults: Faults
    windows: Windows | None

    def __call__(self, section: Machines, installed: Installed) -> None:
        install_draws = section.install_draws(installed, self.name, self.faults)
        target = Target(
            self.version, self.upgrade, install_draws, self.windows, len(section.members)
        )
        for version in self.upgrades:
            installed.newest[version] = target
        if installed.enrolled:
            section.discover(installed, self.discovery)


@dataclass(frozen=True)
class OptIn:
    """From now on releases come by themselves, the newest first."""

    name: str

    def __call__(self, section: Machines, installed: Installed) -> None:
        # Assumption: who opts in discovers the newest release as if it were published then.
        installed.opt_in()
        section.discover(installed, self.name)


@dataclass(frozen=True)
class OptOut:
    """From now on releases are left alone."""

    cause: int

    def __call__(self, _: Machines, installed: Installed) -> None:
        installed.opt_out(self.cause)


@dataclass(frozen=True)
class Installation:
    """A request for a version on every machine, or only where the extension is failed.

    What is failed is replaced by any of them, whatever version it has.
    """

    request: Request
    cause: int
    versions: Sequence[int]
    """By the version that is installed the one that is to be."""
    faults: Mapping[int, Faults]
    """By version."""
    windows: Windows | None = None
    creates: bool = False
    """Whether it is for machines too that do not have the extension."""
    repairs: bool = False

    def __call__(self, section: Machines, installed: Installed) -> None:
        targets: dict[int, Target] = {}
        for machine, code in enumerate(installed.codes):
            if self._concerns(installed, machine, code):
                version = self.versions[code // WIDTH]
                if version not in targets:
                    targets[version] = self._target(section, installed, version)
                installed.ask(machine, targets[version])

    def _target(self, section: Machines, installed: Installed, version: int) -> Target:
        install_draws = section.install_draws(installed, self.request.name, self.faults[version])
        members = len(section.members)
        return Target(version, self.cause, install_draws, self.windows, members, self.request)

    def _concerns(self, installed: Installed, machine: int, code: int) -> bool:
        version, status = divmod(code, WIDTH)
        # Assumption: a PUT or a push installs anew what is failed, whatever version that has.
        if self.repairs or status == FAILED:
            return status == FAILED
        if status == 0:
            return self.creates
        differs = self.versions[version] != version
        return differs or status == INSTALLING or machine in installed.asked


Order = Publication | OptIn | OptOut | Installation
