"""A small service with everything that can happen to it, and what is asked of it, at random."""

from __future__ import annotations

EXTENSIONS = ("rdp", "log", "mon")
MODES = ("Auto", "Manual", "Simultaneous")


def scenario(chance):
    """A small service with everything that can happen to it, and up to ten operations.

    Most times are multiples of ten seconds, so that many things fall on one instant.
    """
    roles = {name: _role(chance) for name in ("A", "B")[: chance.randint(1, 2)]}
    service = {
        "kind": "cloud_service",
        "update_domains": chance.randint(1, 4),
        "fault_domains": chance.randint(1, 3),
        "start_timeout": chance.choice(["50s", "100s", "10min"]),
        "on_start_timeout": chance.choice(["continue", "stuck"]),
        "builds": {build: _build(chance) for build in ("1", "2", "3")},
        "roles": roles,
    }
    if chance.random() < 0.4:
        service["staging"] = {"build": chance.choice("123")}
    if chance.random() < 0.2:
        service["fault_domain_failures"] = {"per_year": 20_000, "recovery": _time(chance)}
    if chance.random() < 0.5:
        service["extensions"] = [{"id": "rdp", "json": True}, {"id": "log"}]
    asked = [
        {"at": f"{chance.randint(1, 120)}0s"} | _operation(chance, service)
        for _ in range(chance.randint(1, 10))
    ]
    return {
        "horizon": "1h",
        "seed": chance.randint(0, 999),
        "warm_up": chance.choice(["0s", "10min"]),
        "systems": {"s": service},
        "operations": asked,
    }


def _time(chance):
    if chance.random() < 0.8:
        return f"{chance.choice([0, 1, 2, 3, 5, 10, 20])}0s"
    return {"uniform": {"low": "10s", "high": "5min"}}


def _role(chance):
    role = {"instances": chance.randint(1, 4)}
    if chance.random() < 0.3:
        stages = ("stop", "apply", "start", "on_start")
        role["stages"] = {stage: _time(chance) for stage in stages if chance.random() < 0.7}
    else:
        role["restart"] = _time(chance)
    if chance.random() < 0.3:
        role["create"] = _time(chance)
    if chance.random() < 0.3:
        role["slow_start"] = {"for": _time(chance), "serves": "50%"}
    if chance.random() < 0.2:
        role["failures"] = {"per_year": 20_000, "recovery": _time(chance)}
    role["min_healthy"] = chance.choice([0, 1, 1, 2, "50%"])
    role["min_available"] = chance.choice([1, "50%"])
    role["weight"] = chance.choice([1, 2.5])
    role["local_storage"] = chance.random() < 0.5
    return role


def _build(chance):
    build = {}
    if chance.random() < 0.3:
        build["bad"] = chance.choice(["50%", "100%"])
        build["fails_to_start"] = chance.choice(["0%", "30%", "100%"])
    if chance.random() < 0.2:
        build["unhealthy_later"] = {"probability": "50%", "after": _time(chance)}
    if chance.random() < 0.2:
        build["capacity_factor"] = "50%"
    return build


def _operation(chance, service):
    kinds = {
        "upgrade_deployment": 6,
        "walk_upgrade_domain": 4,
        "rollback": 3,
        "change_configuration": 4,
        "reboot_instance": 1,
        "reimage_instance": 1,
        "update_status": 2,
        "swap": 2 if "staging" in service else 0,
        "add_extension": 1,
        "delete_extension": 1,
        "guest_os_update": 1,
        "host_os_update": 1,
    }
    kind = chance.choices(list(kinds), list(kinds.values()))[0]
    body = _BODIES[kind](chance, service)
    if chance.random() < 0.1 and not kind.endswith("_os_update"):
        body["x_ms_version"] = chance.choice(["2009-10-01", "2011-09-30", "2014-06-01"])
    return {kind: body}


def _upgrade(chance, service):
    body = {"build": chance.choice("123"), "mode": chance.choice(MODES)}
    if "staging" in service and chance.random() < 0.3:
        body |= chance.choice([{"slot": "staging"}, {"deployment": "s"}])
    if chance.random() < 0.2:
        body["role_to_upgrade"] = chance.choice(list(service["roles"]))
    if chance.random() < 0.4:
        body["operator"] = {
            "bake": _bake(chance),
            "look_every": "20s",
            "stop_above": "20%",
            "then": chance.choice(["stop", "rollback"]),
            "detects": chance.choice(["100%", "50%"]),
            "false_alarm": chance.choice(["0%", "20%"]),
        }
    return body | _changes(chance, service) | _windows(chance)


def _bake(chance):
    return chance.choice(["0s", "10s", "50s", "2min"])


def _configure(chance, service):
    body = {"restarts": chance.random() < 0.4, "mode": chance.choice(MODES)}
    if "staging" in service and chance.random() < 0.3:
        body["slot"] = "staging"
    return body | _changes(chance, service) | _windows(chance)


def _changes(chance, service):
    body = {"force": chance.random() < 0.7}
    if chance.random() < 0.4:
        roles = [role for role in service["roles"] if chance.random() < 0.7]
        body["configuration"] = {role: chance.randint(1, 6) for role in roles}
    if chance.random() < 0.25:
        body["extension_configuration"] = _extensions(chance, service)
    if chance.random() < 0.2:
        body["changes"] = [chance.choice(["vm_size", "local_storage", "endpoints"])]
    return body


def _extensions(chance, service):
    def some():
        ids = chance.sample(EXTENSIONS, chance.randint(0, 2))
        return [{"id": each, **_state(chance, each)} for each in ids]

    named = {role: some() for role in service["roles"] if chance.random() < 0.5}
    return {"all_roles": some(), "named_roles": named}


def _state(chance, extension):
    if extension == "log" or chance.random() < 0.5:
        return {}
    return {"state": chance.choice(["Enable", "Disable", "Uninstall"])}


def _windows(chance):
    if chance.random() < 0.8:
        return {}
    begin, end = sorted(chance.sample(range(60), 2))
    return {"windows": [{"from": f"00:{begin:02}", "to": f"00:{end:02}"}]}


def _instance(chance, service):
    role = chance.choice(list(service["roles"]))
    return {"instance": f"{role}_IN_{chance.randrange(service['roles'][role]['instances'])}"}


def _rollback(chance, _):
    return {"mode": chance.choice(["Auto", "Manual"]), "force": chance.random() < 0.5}


_BODIES = {
    "upgrade_deployment": _upgrade,
    "walk_upgrade_domain": lambda chance, _: {"upgrade_domain": chance.randint(0, 3)},
    "rollback": _rollback,
    "change_configuration": _configure,
    "reboot_instance": _instance,
    "reimage_instance": _instance,
    "update_status": lambda chance, _: {"status": chance.choice(["Running", "Suspended"])},
    "swap": lambda _, __: {},
    "add_extension": lambda chance, _: {
        "id": chance.choice(EXTENSIONS),
        "json": chance.random() < 0.5,
    },
    "delete_extension": lambda chance, _: {"id": chance.choice(EXTENSIONS)},
    "guest_os_update": lambda chance, _: {"duration": _time(chance)} | _windows(chance),
    "host_os_update": lambda chance, _: {"duration": _time(chance)} | _windows(chance),
}
