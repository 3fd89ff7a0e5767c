"""Which extensions can be upgraded automatically: the lists that the documents have had.

Source: "Automatic Extension Upgrade for Azure Arc-enabled servers" of 2021-08, its preview revision
of 2021-12, and the revision of 2025-06.
# Assumption: the documents name products; their publishers and types are those of "Virtual machine
# extension management with Azure Arc-enabled servers" and of "Automatic Extension Upgrade for VMs
# and scale sets".
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.systems.arc_fleet.spec import ArcFleet

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
