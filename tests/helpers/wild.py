"""Scenarios at random: services to which anything may happen, for properties that always hold."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from sim.scenario import Scenario
from sim.simulation import Simulation

ROLES = ("Api", "Web", "Worker")
HORIZON_MIN = 180

times = st.sampled_from(
    [
        "90s",
        "4min",
        {"uniform": {"low": "1min", "high": "9min"}},
        {"exponential": {"mean": "4min"}},
        {"lognormal": {"median": "4min", "p95": "9min"}},
    ]
)
stages = st.fixed_dictionaries({}, optional={"stop": times, "apply": times, "on_start": times})
restarts = st.one_of(
    st.fixed_dictionaries({"restart": times}),
    st.fixed_dictionaries({"stages": stages.map(lambda some: {"start": "1min", **some})}),
)
extras = st.fixed_dictionaries(
    {"instances": st.integers(1, 7), "serves_demand": st.sampled_from([0, 10])},
    optional={
        "weight": st.sampled_from([0.5, 1, 2.5]),
        "min_available": st.sampled_from([1, 2, "50%", "100%"]),
        "min_healthy": st.sampled_from([1, 2, "50%"]),
        "slow_start": st.just({"for": "3min", "serves": "40%"}),
        "local_storage": st.booleans(),
        "create": times,
    },
)
roles = st.builds(lambda extra, restart: extra | restart, extras, restarts)
instant_roles = extras.map(lambda extra: extra | {"restart": "0s"})
some_roles = st.dictionaries(st.sampled_from(ROLES), roles, min_size=1)

FAILING = {"per_year": 5000, "recovery": {"uniform": {"low": "1min", "high": "40min"}}}
failing_roles = st.builds(
    lambda role, failures: role | ({"failures": failures} if failures else {}),
    st.one_of(roles, roles, instant_roles),
    st.sampled_from([None, FAILING]),
)
faults = st.fixed_dictionaries(
    {
        "bad": st.sampled_from(["50%", "100%"]),
        "fails_to_start": st.sampled_from(["20%", "60%", "100%"]),
    },
    optional={
        "unhealthy_later": st.just({"probability": "50%", "after": "10min"}),
        "capacity_factor": st.just("80%"),
    },
)
operators = st.fixed_dictionaries(
    {"bake": st.sampled_from(["0s", "5min", "20min"])},
    optional={
        "look_every": st.just("3min"),
        "stop_above": st.sampled_from(["0%", "30%"]),
        "then": st.sampled_from(["stop", "rollback"]),
        "detects": st.just("50%"),
        "false_alarm": st.just("10%"),
    },
)
WINDOWS = [{"from": "00:30", "to": "01:00"}, {"from": "02:00", "to": "02:15"}]


def upgrades(known):
    """Upgrades to build 2 or 3 of all roles or of one of `known`."""
    return st.fixed_dictionaries(
        {
            "build": st.sampled_from(["2", "2", "3"]),
            "mode": st.sampled_from(["Auto", "Auto", "Manual", "Simultaneous"]),
        },
        optional={
            "role_to_upgrade": st.sampled_from(known),
            "operator": operators,
            "configuration": st.dictionaries(st.sampled_from(known), st.integers(1, 8), min_size=1),
            "windows": st.just(WINDOWS),
        },
    ).map(lambda body: {"upgrade_deployment": body})


@st.composite
def turned(draw, known):
    """An upgrade, and what may come between while it is under way."""
    begin = draw(st.integers(1, 30))
    fewer = {"change_configuration": {"configuration": dict.fromkeys(known, 1)}}
    then = draw(st.sampled_from([None, {"rollback": {}}, fewer, draw(upgrades(known))]))
    asked = [(begin, draw(upgrades(known)))]
    return asked if then is None else [*asked, (begin + draw(st.integers(1, 15)), then)]


@st.composite
def walks(draw):
    """A Manual upgrade with its walks, some of which may come too early."""
    begin, pause = draw(st.integers(1, 60)), draw(st.integers(5, 30))
    asked = [(begin, {"upgrade_deployment": {"build": "2", "mode": "Manual"}})]
    for domain in range(draw(st.integers(1, 5))):
        begin += pause
        asked.append((begin, {"walk_upgrade_domain": {"upgrade_domain": domain}}))
    return [(minute, body) for minute, body in asked if minute <= HORIZON_MIN]


def others(known):
    """What else may be asked of a service with the roles `known`."""
    configurations = st.fixed_dictionaries(
        {"restarts": st.booleans()},
        optional={
            "mode": st.sampled_from(["Auto", "Simultaneous", "Manual"]),
            "configuration": st.dictionaries(st.sampled_from(known), st.integers(1, 8), min_size=1),
            "changes": st.just(["vm_size"]),
        },
    ).map(lambda body: body | {"force": "changes" in body})
    domain = st.integers(0, 4).map(lambda number: {"upgrade_domain": number})
    mode = st.sampled_from(["Auto", "Manual"]).map(lambda mode: {"mode": mode})
    instance = st.sampled_from(known).map(lambda role: {"instance": f"{role}_IN_0"})
    status = st.sampled_from(["Running", "Suspended"]).map(lambda status: {"status": status})
    return st.one_of(
        *(
            body.map(lambda body, kind=kind: {kind: body})
            for kind, body in {
                "change_configuration": configurations,
                "walk_upgrade_domain": domain,
                "rollback": mode,
                "reboot_instance": instance,
                "update_status": status,
                "guest_os_update": st.just({"duration": "7min"}),
                "host_os_update": st.just({}),
            }.items()
        )
    )


@st.composite
def wild(draw):
    """A service with faults, failures, upgrades that overtake each other, and the platform."""
    given_roles = draw(st.dictionaries(st.sampled_from(ROLES), failing_roles, min_size=1))
    known = sorted(given_roles)
    later = st.tuples(st.integers(1, HORIZON_MIN), st.one_of(upgrades(known), others(known)))
    asked = draw(st.one_of(turned(known), turned(known), walks())) + draw(
        st.integers(0, 5).flatmap(lambda n: st.lists(later, min_size=n, max_size=n))
    )
    service = {
        "kind": "cloud_service",
        "update_domains": draw(st.integers(1, 5)),
        "start_timeout": draw(st.sampled_from(["5min", "30min"])),
        "on_start_timeout": draw(st.sampled_from(["continue", "stuck"])),
        "builds": {"2": draw(faults), "3": {}},
        "demand": {"constant": 40},
        "roles": given_roles,
    }
    if draw(st.booleans()):
        service["fault_domain_failures"] = FAILING
    return {
        "horizon": f"{HORIZON_MIN}min",
        "warm_up": draw(st.sampled_from(["0s", "40min"])),
        "seed": draw(st.integers(0, 9)),
        "systems": {"shop": service},
        "operations": [{"at": f"{minute}min", **body} for minute, body in asked],
    }


@st.composite
def calm(draw, mode="Auto"):
    """A service without faults and failures that is upgraded once, from minute 1 on."""
    return {
        "horizon": "1d",
        "seed": draw(st.integers(0, 9)),
        "systems": {
            "shop": {
                "kind": "cloud_service",
                "update_domains": draw(st.integers(1, 5)),
                "start_timeout": "1d",
                "roles": draw(some_roles),
            }
        },
        "operations": [{"at": "1min", "upgrade_deployment": {"mode": mode}}],
    }


# What to do with them

MODES = ("Auto", "Manual", "Simultaneous")
OPERATOR = {"bake": "7min"}


def often(examples):
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, derandomize=True, suppress_health_check=checks)


def simulation_of(scenario):
    return Simulation(Scenario.from_dict(scenario))


def with_upgrade(scenario, **body):
    """The scenario with a single upgrade, of another mode or with an operator."""
    return scenario | {"operations": [{"at": "1min", "upgrade_deployment": body}]}
