"""What the service rejects: rules, status codes, messages; which types upgrade automatically.

Source of the lists: "Automatic Extension Upgrade for Azure Arc-enabled servers" of 2021-08, its
preview revision of 2021-12, and the revision of 2025-06.
# Assumption: the documents name products; their publishers and types are those of "Virtual machine
# extension management with Azure Arc-enabled servers" and of "Automatic Extension Upgrade for VMs
# and scale sets".
# Assumption: where no document names a code, 400 for what a request says, 404 for what is not
# there.
# Assumption: enabling the automatic upgrade of a type that is not supported is refused. Later
# documents accept it without effect; the words are those in which the service refuses it for
# virtual machines.
"""

from __future__ import annotations

from difflib import get_close_matches
from itertools import chain
from typing import TYPE_CHECKING

from sim.systems.arc_fleet.requests import PutExtension, SetAutomaticUpgrade, UpgradeExtensions
from sim.systems.arc_fleet.spec import fits
from sim.systems.base.records import Rejection

if TYPE_CHECKING:
    from sim.systems.arc_fleet.spec import ArcFleet
    from sim.systems.base.operation import Request

REJECTIONS: dict[str, Rejection] = {
    "not supported": Rejection(
        400,
        "BadRequest",
        "the extension {name} does not support setting enableAutomaticUpgrade to true",
    ),
    "operating system": Rejection(
        400, "BadRequest", "the extension {name} is not for the operating system of the machines"
    ),
    "no such extension": Rejection(
        404, "ResourceNotFound", "the machines do not have the extension {name}"
    ),
}
"""Every way in which an operation is rejected."""

RULES = tuple(REJECTIONS)

RULES_OF: dict[str, tuple[str, ...]] = {
    "set_automatic_upgrade": ("not supported", "no such extension"),
    "put_extension": ("not supported", "operating system"),
    "upgrade_extensions": ("no such extension",),
    "repair_extension": ("no such extension",),
    "remove_extension": ("no such extension",),
}
"""Operation -> the rules by which it is rejected."""


def by_request(body: Request, spec: ArcFleet) -> str | None:
    """The rule that a request breaks by what it says, whatever the state; all is resolved."""
    if isinstance(body, SetAutomaticUpgrade) and body.enabled:
        return None if is_supported(spec, body.publisher, body.type) else "not supported"
    if isinstance(body, PutExtension):
        if body.enable_automatic_upgrade and not is_supported(spec, body.publisher, body.type):
            return "not supported"
        groups = [spec.groups[body.group]] if body.group else spec.groups.values()
        return None if any(fits(body.type, group) for group in groups) else "operating system"
    return None


def answer(rule: str, body: Request) -> Rejection:
    """The rejection by `rule`, its message about this request."""
    rejection = REJECTIONS[rule]
    if isinstance(body, UpgradeExtensions):
        name = " or ".join(body.targets)
    else:
        names = [getattr(body, key, None) for key in ("publisher", "type")]
        name = ".".join(each for each in names if each)
    return rejection._replace(message=rejection.message.format(name=name))


# What can be upgraded automatically ---------------------------------------------------------------

_DEPENDENCY_AGENT = (
    "Microsoft.Azure.Monitoring.DependencyAgent/DependencyAgentLinux",
    "Microsoft.Azure.Monitoring.DependencyAgent/DependencyAgentWindows",
)
_MONITOR_AGENT = (
    "Microsoft.Azure.Monitor/AzureMonitorLinuxAgent",
    "Microsoft.Azure.Monitor/AzureMonitorWindowsAgent",
)
_KEY_VAULT_LINUX = "Microsoft.Azure.KeyVault/KeyVaultForLinux"
_KEY_VAULT = (_KEY_VAULT_LINUX, "Microsoft.Azure.KeyVault/KeyVaultForWindows")

SUPPORTED: dict[str, tuple[str, ...]] = {
    "2021-08": (
        *_DEPENDENCY_AGENT,
        "Microsoft.GuestConfiguration/ConfigurationforLinux",
        "Microsoft.GuestConfiguration/ConfigurationforWindows",
        *_KEY_VAULT,
    ),
    "2021-12": (
        *_MONITOR_AGENT,
        "Microsoft.Azure.Security.Monitoring/AzureSecurityLinuxAgent",
        "Microsoft.Azure.Security.Monitoring/AzureSecurityWindowsAgent",
        *_DEPENDENCY_AGENT,
        _KEY_VAULT_LINUX,
        "Microsoft.EnterpriseCloud.Monitoring/OmsAgentForLinux",
    ),
    "2025-06": (
        *_MONITOR_AGENT,
        *_DEPENDENCY_AGENT,
        *_KEY_VAULT,
        "Microsoft.Azure.AzureDefenderForServers/MDE.Linux",
        "Microsoft.Azure.AzureDefenderForServers/MDE.Windows",
        "Microsoft.SoftwareUpdateManagement/LinuxOsUpdateExtension",
        "Microsoft.SoftwareUpdateManagement/WindowsOsUpdateExtension",
        "Microsoft.CPlat.Core/LinuxPatchExtension",
        "Microsoft.CPlat.Core/WindowsPatchExtension",
        "Microsoft.Azure.Automation.HybridWorker/HybridWorkerForLinux",
        "Microsoft.Azure.Automation.HybridWorker/HybridWorkerForWindows",
        "Microsoft.Azure.NetworkWatcher/NetworkWatcherAgentLinux",
        "Microsoft.Azure.NetworkWatcher/NetworkWatcherAgentWindows",
        "Microsoft.Azure.Security.LinuxAttestation/GuestAttestation",
        "Microsoft.Azure.Security.WindowsAttestation/GuestAttestation",
        "Microsoft.Azure.Security/IaaSAntimalware",
        "Microsoft.Azure.AzureDefenderForSQL/AdvancedThreatProtection.Windows",
    ),
}
"""Month of the document -> publisher/type, as Azure spells them."""


def supported(spec: ArcFleet) -> tuple[str, ...]:
    """The publisher/type that a fleet can have upgraded automatically."""
    lists = SUPPORTED.values() if spec.supported is None else (SUPPORTED[spec.supported],)
    return tuple(dict.fromkeys([*chain.from_iterable(lists), *spec.also_supported]))


def is_supported(spec: ArcFleet, publisher: str | None, kind: str) -> bool:
    """Whether an extension is one of them; any publisher's where none is named."""
    known = [each.lower().split("/") for each in supported(spec)]
    return any(
        kind.lower() == type_ and (publisher is None or publisher.lower() == by)
        for by, type_ in known
    )


def near_supported(spec: ArcFleet, kind: str) -> list[str]:
    """Publisher/type of the supported ones that `kind` begins, or else of those written alike."""
    known = {named.split("/")[1].lower(): named for named in supported(spec)}
    wanted = kind.lower()
    begun = [each for each in known if each.startswith(wanted)]
    near = begun[:_NEAR] or get_close_matches(wanted, known, n=_NEAR, cutoff=0.75)
    return [known[each] for each in near]


_NEAR = 2
"""Types that are worth naming: that for Linux and that for Windows."""
