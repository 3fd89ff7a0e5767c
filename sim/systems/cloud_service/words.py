"""A cloud service in sentences: what will happen, before anything runs, with its arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.rules import at_least
from sim.systems.cloud_service.layout import has_faults, is_rollout
from sim.systems.cloud_service.refusals import answer, by_request
from sim.systems.cloud_service.requests import (
    ChangeConfiguration,
    GuestOsUpdate,
    HostOsUpdate,
    UpgradeDeployment,
    WalkUpgradeDomain,
)
from sim.systems.cloud_service.rollouts import addressed
from sim.systems.cloud_service.states import READY
from sim.systems.sentences import counted, refusals, when, within
from sim.units import show_duration, show_share

if TYPE_CHECKING:
    from sim.systems.cloud_service.layout import RoleLayout
    from sim.systems.cloud_service.model import Model
    from sim.systems.cloud_service.spec import Build
    from sim.systems.operation import Operation, Request

LISTED = 6
"""So many names of a list are shown."""


def before(model: Model) -> list[str]:
    """The service, who is in which domain, what each operation does, how low capacity goes."""
    lines = [_service(model), *_roles(model), *_demand(model), *_domains(model)]
    for operation in model.operations:
        lines.append(_operation(model, operation))
        if is_rollout(operation) or isinstance(operation.body, GuestOsUpdate | HostOsUpdate):
            lines += _lowest(model, operation)
    lines += [f"Refused: {sentence}" for _, sentence in foretold(model)]
    return lines


def foretold(model: Model) -> list[tuple[tuple[str | int, ...], str]]:
    """The refusals that follow from the file alone: where, and what the service will answer."""
    return refusals(model.operations, lambda each: by_request(each.body, model.spec), answer)


def size(model: Model) -> str:
    """How large a service is at time 0."""
    layout = model.layout
    count = sum(role.count for role in layout.roles)
    return f"{counted(count, 'instance')}, {counted(layout.domains, 'update domain')}"


def _service(model: Model) -> str:
    layout = model.layout
    count = sum(role.count for role in layout.roles)
    return (
        f"{model.name}: {counted(count, 'instance')} of {counted(len(layout.roles), 'role')} in "
        f"{counted(layout.domains, 'update domain')}, on build {layout.builds[0]}."
    )


def _roles(model: Model) -> list[str]:
    lines = []
    for role in model.layout.roles:
        need = at_least(role.spec.min_available, role.count)
        sizes = ", ".join(map(str, _sizes(model, role)))
        lines.append(
            f"{role.name}: {counted(role.count, 'instance')}, by domain {sizes}; "
            f"available while at least {need} serve{_from_share(role, need)}; "
            f"a restart takes {_restart(role)}."
        )
    return lines


def _demand(model: Model) -> list[str]:
    """What is asked of the service, and what it can serve with all its instances."""
    if model.spec.demand is None:
        return []
    most = float(model.demand.values.max())
    serves = sum(role.count * role.spec.serves_demand for role in model.layout.roles)
    return [f"Demand: at most {most:g}; with all instances the service serves {serves:g}."]


def _from_share(role: RoleLayout, need: int) -> str:
    share = role.spec.min_available.share
    if share is None:
        return ""
    return f" ({show_share(share)} of {role.count}, rounded up, is {need})"


def _restart(role: RoleLayout) -> str:
    stages = role.spec.stages
    if stages is None:
        return str(role.spec.restart)
    return ", ".join(
        f"{name} {getattr(stages, name)}" for name in ("stop", "apply", "start", "on_start")
    )


def _sizes(model: Model, role: RoleLayout) -> list[int]:
    """Instances of a role in each domain, at time 0."""
    domains = model.layout.domains
    return [len(range(domain, role.count, model.spec.update_domains)) for domain in range(domains)]


def _domains(model: Model) -> list[str]:
    layout = model.layout
    lines = []
    for domain, members in enumerate(layout.domain_members):
        codes = layout.initial_codes(0)
        names = [layout.names[i] for i in members if codes[i]]
        shown = ", ".join(names[:LISTED])
        more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
        lines.append(f"Domain {domain}: {shown}{more}." if names else f"Domain {domain}: empty.")
    return lines


def _operation(model: Model, operation: Operation) -> str:
    body: Any = operation.body
    at = when(operation, model.span)
    if isinstance(body, UpgradeDeployment):
        whom = f"{body.role_to_upgrade or 'all roles'}{_where(body)}"
        return f"{at} build {body.build} for {whom}, {body.mode}. {_how(model, body)}"
    if isinstance(body, ChangeConfiguration):
        counts = ", ".join(f"{role} to {n}" for role, n in body.configuration.items())
        what = f"a new configuration{f' ({counts})' if counts else ''}"
        restarts = "that restarts instances" if body.restarts else "without restarts"
        return f"{at} {what}, {body.mode}, {restarts}."
    if isinstance(body, WalkUpgradeDomain):
        return f"{at} walks update domain {body.upgrade_domain}."
    if isinstance(body, GuestOsUpdate | HostOsUpdate):
        text = f"{at} the platform restarts every instance, domain by domain in turn."
        return text + within(body, "A domain")
    about = [getattr(body, key, "") for key in ("instance", "status", "mode")]
    return f"{at} {' '.join(filter(None, [operation.kind.replace('_', ' '), *about]))}."


def _where(body: UpgradeDeployment) -> str:
    """The deployment, where it is not simply the one in production."""
    if body.deployment is not None:
        return f" of the deployment {body.deployment}"
    return " in the staging slot" if body.slot == "staging" else ""


def _how(model: Model, body: UpgradeDeployment) -> str:
    timeout = show_duration(model.spec.start_timeout)
    if body.mode == "Auto":
        late = (
            "the walk goes on without it if enough upgraded ones of its role are"
            if model.spec.on_start_timeout == "continue"
            else "the walk is stuck"
        )
        text = (
            "The domains go in order; the next one starts when every instance of the last is "
            f"Ready; after {timeout} without Ready {late}."
        )
    elif body.mode == "Simultaneous":
        text = "All instances stop at once."
    elif body.operator is None:
        text = "Each domain waits for its walk_upgrade_domain."
    else:
        text = (
            f"The operator walks a domain, bakes it for {show_duration(body.operator.bake)} "
            "and walks the next."
        )
        if body.operator.stop_above is not None:
            then = "rolls back" if body.operator.then == "rollback" else "stops"
            text += f" Above {show_share(body.operator.stop_above)} not Ready the operator {then}."
    if body.operator is not None and body.mode != "Manual":
        text += " The operator acts under Manual only."
    return text + within(body, "A domain") + _faults(model.spec.builds.get(str(body.build)))


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
        harm.append(f"a start fails with {show_share(build.fails_to_start)}")
    if build.unhealthy_later is not None:
        chance = show_share(build.unhealthy_later.probability)
        harm.append(
            f"an instance turns unhealthy with {chance} after {build.unhealthy_later.after}"
        )
    bad = "The build is bad" if build.bad >= 1 else f"With {show_share(build.bad)} the build is bad"
    return f"{text} {bad}: {', '.join(harm)}."


def _lowest(model: Model, operation: Operation) -> list[str]:
    """The arithmetic of the lowest capacity, if every instance comes back by itself."""
    layout, body = model.layout, operation.body
    only = getattr(body, "role_to_upgrade", None)
    if operation.kind == "swap" or _is_elsewhere(model, body):
        return []
    at_once = getattr(body, "mode", "Auto") == "Simultaneous"
    # On the build of time 0, whose code of ReadyRole is the status itself.
    unit = [int(layout.weights(role.spec)["capacity"][READY]) for role in layout.roles]
    nominal = sum(w * role.count for w, role in zip(unit, layout.roles, strict=True))
    out = [
        sum(
            w * (role.count if at_once else _sizes(model, role)[domain])
            for w, role in zip(unit, layout.roles, strict=True)
            if only in (None, role.name)
        )
        for domain in range(layout.domains)
    ]
    worst = max(range(len(out)), key=out.__getitem__)
    left = nominal - out[worst]
    taken = "everything" if at_once else f"domain {worst}"
    dark = _dark(model, operation, worst, at_once=at_once)
    share = show_share(left / nominal if nominal else 1.0)
    serve = f"{_weight(left)} of {_weight(nominal)} serve"
    return [f"While {taken} is out, {serve}: capacity {share}{dark}."]


def _is_elsewhere(model: Model, body: Request) -> bool:
    """Whether an upgrade may be of the deployment in staging, which serves nobody."""
    deployment, by_slot = addressed(model, body)
    swaps = any(operation.kind == "swap" for operation in model.operations)
    return bool(deployment) if by_slot or not swaps else True


def _dark(model: Model, operation: Operation, domain: int, *, at_once: bool) -> str:
    """Which roles then have too few instances."""
    only = getattr(operation.body, "role_to_upgrade", None)
    short = []
    for place, role in enumerate(model.layout.roles):
        if only not in (None, role.name):
            continue
        left = role.count - (role.count if at_once else _sizes(model, role)[domain])
        if left < model.layout.min_available[place]:
            short.append(
                f"{role.name} has {left} of the {model.layout.min_available[place]} it needs"
            )
    return f"; not available: {', '.join(short)}" if short else "; the service stays available"


def _weight(thousandths: int) -> str:
    return f"{thousandths / 1000:g}"
