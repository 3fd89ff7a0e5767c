"""A cloud service in sentences: what will happen, before anything runs, with its arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.units import show_duration, show_share
from sim.core.wall_clock import show_instant
from sim.systems.base.model import refused
from sim.systems.base.text import (
    as_written,
    be,
    pluralize,
    rounded_up,
    serve,
    so_often,
    when,
    within,
)
from sim.systems.cloud_service.configured import EXTENSION, states
from sim.systems.cloud_service.layout import domains_in_use, has_faults
from sim.systems.cloud_service.requests import (
    ChangeConfiguration,
    GuestOsUpdate,
    HostOsUpdate,
    Swap,
    UpdateStatus,
    UpgradeDeployment,
    WalkUpgradeDomain,
    begins_walk,
)
from sim.systems.cloud_service.status import status

if TYPE_CHECKING:
    from sim.core.log import Log
    from sim.systems.base.failures import Failures
    from sim.systems.base.model import DryRun, SystemModel
    from sim.systems.base.operation import Operation
    from sim.systems.cloud_service.layout import Layout, RoleLayout
    from sim.systems.cloud_service.requests import ExtensionConfiguration, Operator
    from sim.systems.cloud_service.spec import Build

LISTED = 6
"""So many names of a list are shown."""


def describe(model: SystemModel[Layout], dry_run: DryRun | None) -> list[str]:
    """The service, who is in which domain at time 0, what each operation does or how it fails."""
    layout = model.layout
    lines = [_service(layout), *_roles(layout), *_demand(layout), *_domains(layout)]
    lines += _failures(layout)
    for operation in as_written(layout.requests):
        rejection = refused(operation, model.rejection(operation), dry_run)
        if rejection is None:
            lines.append(_operation(layout, operation) + _then(layout, operation, dry_run))
        else:
            lines.append(f"{when(operation, layout.span)} it {rejection}.")
    return lines


def size(layout: Layout) -> str:
    """How large a service is at time 0."""
    count = sum(role.count for role in layout.roles)
    domains = pluralize(_domains_at_first(layout), "update domain")
    return f"{pluralize(count, 'instance')}, {domains}"


def more_domains(layout: Layout, log: Log) -> str:
    """From when on a scale-out of a run has brought more update domains into use; else empty."""
    first, in_use, later = layout.first_instance(), _domains_at_first(layout), []
    created = (log.rows["old"] == 0) & (log.rows["subject"] >= first)
    created &= log.rows["subject"] < first + layout.instances * layout.slots
    for at in np.unique(log.rows["time"][created]).tolist():
        domains = status(layout, log, at)["UpgradeDomainCount"]
        if domains > in_use:
            in_use = domains
            later.append(f"{domains} from {show_instant(at, layout.span.start)} on")
    return f" ({'; '.join(later)})" if later else ""


def _domains_at_first(layout: Layout) -> int:
    """Update domains in use at time 0."""
    largest = max(role.count for role in layout.roles)
    return domains_in_use(layout.spec.update_domains, largest)


def _service(layout: Layout) -> str:
    count = sum(role.count for role in layout.roles)
    roles = pluralize(len(layout.roles), "role")
    domains = pluralize(_domains_at_first(layout), "update domain")
    staging = layout.spec.staging
    beside = f"; in staging as many, on build {staging.build}" if staging else ""
    size = f"{pluralize(count, 'instance')} of {roles} in {domains}, on build {layout.builds[0]}"
    return f"{layout.name}: {size}{beside}."


def _roles(layout: Layout) -> list[str]:
    lines = []
    for place, role in enumerate(layout.roles):
        need, gate = layout.min_available[place], layout.min_healthy[place]
        of_need = rounded_up(role.spec.min_available, role.count)
        of_gate = rounded_up(role.spec.min_healthy, role.count)
        sizes = ", ".join(map(str, _sizes(layout, role)))
        lines.append(
            f"{role.name}: {pluralize(role.count, 'instance')}, by domain {sizes}; "
            f"available while at least {serve(need)}{of_need}; a walk goes on only while at least "
            f"{pluralize(gate, 'upgraded instance')} {be(gate)} Ready{of_gate}; "
            f"a restart takes {_restart(role)}{_slow_start(role)}."
        )
    return lines


def _slow_start(role: RoleLayout) -> str:
    slow = role.spec.slow_start
    if slow is None:
        return ""
    return f", and for {slow.for_} after it an instance serves {show_share(slow.serves)}"


def _demand(layout: Layout) -> list[str]:
    """What is asked of the service, and what it can serve with all its instances."""
    if layout.spec.demand is None:
        return []
    most = float(layout.demand.values.max())
    serves = sum(role.count * role.spec.serves_demand for role in layout.roles)
    return [f"Demand: at most {most:g}; with all instances the service serves {serves:g}."]


def _restart(role: RoleLayout) -> str:
    stages = role.spec.stages
    if stages is None:
        return str(role.spec.restart)
    return ", ".join(
        f"{name} {getattr(stages, name)}" for name in ("stop", "apply", "start", "on_start")
    )


def _sizes(layout: Layout, role: RoleLayout) -> list[int]:
    """Instances of a role in each domain, at time 0."""
    domains = range(_domains_at_first(layout))
    return [len(range(domain, role.count, layout.spec.update_domains)) for domain in domains]


def _domains(layout: Layout) -> list[str]:
    lines = []
    codes = layout.initial_codes[0]
    for domain, members in enumerate(layout.domain_members[: _domains_at_first(layout)]):
        names = [layout.names[i] for i in members if codes[i]]
        shown = ", ".join(names[:LISTED])
        more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
        lines.append(f"Domain {domain}: {shown}{more}.")
    return lines


def _failures(layout: Layout) -> list[str]:
    """What fails by itself, and what is lost by it."""
    lines = [
        f"An instance of {role.name} {_fails(role.spec.failures)}."
        for role in layout.roles
        if role.spec.failures and role.spec.failures.per_year
    ]
    failures = layout.spec.fault_domain_failures
    if failures and failures.per_year:
        keep = [role.name for role in layout.roles if role.spec.local_storage]
        lost = f"; those of {', '.join(keep)} lose their local data" if keep else ""
        count = layout.fault_domains
        each = f"Each of the {count} fault domains" if count > 1 else "The fault domain"
        lines.append(f"{each} {_fails(failures)}, with all its instances{lost}.")
    return lines


def _fails(failures: Failures) -> str:
    often = so_often(failures.per_year, "a year")
    return f"fails {often} and is back after {failures.recovery}"


def _operation(layout: Layout, operation: Operation) -> str:
    body: Any = operation.body
    at = when(operation, layout.span)
    if isinstance(body, UpgradeDeployment):
        whom = f"{body.role_to_upgrade or 'all roles'}{_where(body)}"
        text = f"{at} build {body.build} for {whom}, {body.mode}. {_how(layout, body)}"
        return text + _besides(layout, body)
    if isinstance(body, ChangeConfiguration):
        counts = ", ".join(f"{role} to {n}" for role, n in body.configuration.items())
        what = f"a new configuration{f' ({counts})' if counts else ''}"
        restarts = "that restarts instances" if begins_walk(body) else "without restarts"
        return f"{at} {what}{_where(body)}, {body.mode}, {restarts}.{_besides(layout, body)}"
    if isinstance(body, WalkUpgradeDomain):
        return f"{at} walks update domain {body.upgrade_domain}."
    if isinstance(body, GuestOsUpdate | HostOsUpdate):
        text = f"{at} the platform restarts every instance, domain by domain in turn."
        return text + within(body, "A domain")
    if isinstance(body, Swap):
        return f"{at} the deployments in production and in staging change places."
    about = [getattr(body, key, "") for key in ("instance", "status", "mode", "id")]
    return f"{at} {' '.join(filter(None, [operation.kind.replace('_', ' '), *about]))}."


def _besides(layout: Layout, body: UpgradeDeployment | ChangeConfiguration) -> str:
    """What a request does beside restarts: instances are told, extensions come, data is lost."""
    text = ""
    if isinstance(body, ChangeConfiguration) and begins_walk(body):
        text = " All roles get a new configuration, and every instance is notified."
    elif body.configuration:
        text = (
            " Where instances come or go all roles get a new configuration, and every instance is "
            "notified."
        )
    if body.extension_configuration is not None:
        text += f" Extensions: {_extensions(layout, body.extension_configuration)}."
    if "vm_size" in body.changes:
        text += " The VM size changes: what restarts loses its local data."
    if "endpoints" in body.changes:
        text += " The endpoints change: no swap while those of the slots differ."
    return text


def _extensions(layout: Layout, configuration: ExtensionConfiguration) -> str:
    """What each role has then, in words."""
    found = states(configuration, [role.name for role in layout.roles])
    told = []
    for scope, role in enumerate(layout.roles, 1):
        has = [
            f"{extension} {EXTENSION.status(code)}"
            for (of, extension), code in found.items()
            if of == scope
        ]
        if has:
            told.append(f"{role.name} {', '.join(has)}")
    return "; ".join(told) or "none"


def _where(body: UpgradeDeployment | ChangeConfiguration) -> str:
    """The deployment, where it is not simply the one in production."""
    if isinstance(body, UpgradeDeployment) and body.deployment is not None:
        return f" of the deployment {body.deployment}"
    return " in the staging slot" if body.slot == "staging" else ""


def _how(layout: Layout, body: UpgradeDeployment) -> str:
    timeout = show_duration(layout.spec.start_timeout)
    if body.mode == "Auto":
        late = (
            "the walk goes on without it if enough upgraded instances of its role are Ready"
            if layout.spec.on_start_timeout == "continue"
            else "the walk is stuck"
        )
        text = (
            "The domains go in order; the next one starts when every instance of the last is "
            f"Ready; where one is not within {timeout}, {late}."
        )
    elif body.mode == "Simultaneous":
        text = "All instances stop at once."
    elif body.operator is None:
        text = "Each domain waits for its walk_upgrade_domain."
    else:
        text = (
            f"The operator walks a domain, bakes it for {show_duration(body.operator.bake)} "
            f"and walks the next.{_stops(body.operator)}"
        )
    if body.operator is not None and body.mode != "Manual":
        text += " The operator acts under Manual only."
    return text + within(body, "A domain") + _faults(layout.spec.builds.get(str(body.build)))


def _stops(operator: Operator) -> str:
    """When an operator goes no further, and how surely."""
    if operator.stop_above is None:
        return ""
    then = "rolls back" if operator.then == "rollback" else "stops"
    text = f" Above {show_share(operator.stop_above)} not Ready the operator {then}"
    if operator.detects < 1:
        text += f", if it notices, with a chance of {show_share(operator.detects)} a bake"
    if operator.false_alarm:
        text += f"; with a chance of {show_share(operator.false_alarm)} a bake also without reason"
    return f"{text}."


def _faults(build: Build | None) -> str:
    """What a build does to its instances."""
    if build is None:
        return ""
    text = ""
    if build.capacity_factor < 1:
        text = f" Its instances serve {show_share(build.capacity_factor)} of their capacity."
    if not has_faults(build):
        return text
    harm = []
    if build.fails_to_start:
        harm.append(
            f"a start fails with a chance of {show_share(build.fails_to_start)} and is tried again"
        )
    if build.unhealthy_later is not None:
        chance = show_share(build.unhealthy_later.probability)
        harm.append(
            f"an instance turns unhealthy with a chance of {chance} after "
            f"{build.unhealthy_later.after}"
        )
    bad = (
        "The build is bad"
        if build.bad >= 1
        else f"With a chance of {show_share(build.bad)} the build is bad"
    )
    return f"{text} {bad}: {', '.join(harm)}."


def _then(layout: Layout, operation: Operation, dry_run: DryRun | None) -> str:
    """What a swap brings, the domains in use where they are others than at time 0, and that nothing
    changes.
    """
    if dry_run is None or dry_run.operations[operation.name]["at_s"] is None:
        return ""
    at = dry_run.operations[operation.name]["at_s"]
    shown = dry_run.model.status(dry_run.log, at)
    text, domains = "", shown["UpgradeDomainCount"]
    if isinstance(operation.body, Swap):
        # What the slots hold hangs on all that was done to them before.
        others = (
            sum(isinstance(each.body, UpgradeDeployment | Swap) for each in layout.requests) - 1
        )
        told = "In the mean case build" if others and not dry_run.is_certain else "Build"
        text = "".join(
            f" {told} {build} comes into production.{_faults(layout.spec.builds.get(build))}"
            for build in dict.fromkeys(each["Build"] for each in shown["RoleInstanceList"])
        )
    if domains != _domains_at_first(layout):
        text += f" There {be(domains)} {pluralize(domains, 'update domain')} by then."
    why = _why_nothing(operation)
    return f"{text} Nothing happens: {why}." if why and dry_run.does_nothing(operation) else text


def _why_nothing(operation: Operation) -> str:
    """Why a request that is accepted may change nothing; empty where it cannot be so."""
    body = operation.body
    if isinstance(body, UpdateStatus):
        return f"the deployment is {body.status} already"
    if isinstance(body, ChangeConfiguration) and not begins_walk(body):
        if body.configuration:
            return "the roles have those numbers of instances already"
        return "no instance restarts, and no role is given another number of instances"
    return ""
