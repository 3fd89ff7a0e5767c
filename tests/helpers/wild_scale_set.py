"""A small scale set with everything that can happen to it, and what is asked of it, at random."""

from __future__ import annotations

IMAGES = ("1", "2", "3")
EXTENSIONS = ("1", "a", "b")
SIZES = ("1", "large")
LAWS = ("upgrade", "reimage", "restart", "create", "delete", "healthy_after", "restore")
HORIZON_MIN = 240
GRID_S = 30


def scenario(chance):
    """A set of up to 24 instances and up to ten operations of four hours.

    Most times are multiples of half a minute, so that many things fall on one instant.
    """
    system = {"kind": "vm_scale_set", **_instances(chance)}
    system |= {"upgrade_policy": _policy(chance, system), "health": _health(chance)}
    is_seen = system["health"]["source"] != "none"
    if not is_seen:  # both need to see health
        system["upgrade_policy"]["mode"] = chance.choice(["manual", "automatic"])
    system |= {law: _time(chance) for law in LAWS if chance.random() < 0.7}
    if chance.random() < 0.4:
        if system["orchestration"] == "flexible":
            system["upgrade_policy"]["max_surge"] = False
        system["automatic_os_upgrade"] = {
            "enabled": True,
            "disable_automatic_rollback": chance.random() < 0.3,
            "discovery": chance.choice(["0s", "5min", {"uniform": {"low": "0s", "high": "1h"}}]),
        }
    if chance.random() < 0.4:
        recovery = chance.choice(["2min", "20min", _spread("1min", "1h")])
        system["failures"] = {"per_year": chance.choice([500, 5000]), "recovery": recovery}
    if is_seen and chance.random() < 0.4:
        system["repairs"] = {
            "action": chance.choice(["replace", "reimage", "restart"]),
            "grace_period": chance.choice(["10min", "10min", "15min", "30min"]),
        }
    if chance.random() < 0.3:
        _crowd(chance, system, is_seen=is_seen)
    if chance.random() < 0.3:
        system["quota"] = system["instances"] + chance.randint(0, 3)
    last = chance.choice([5, 20, 60, 400])
    times = sorted(chance.randint(0, last) for _ in range(chance.randint(1, 10)))
    if chance.random() < 0.3:
        times = sorted(chance.choice(times) for _ in times)
    asked = [{"at": f"{time * GRID_S}s"} | _operation(chance, system) for time in times]
    if chance.random() < 0.7:
        system["versions"] = _versions(chance, asked)
    return {
        "horizon": f"{HORIZON_MIN}min",
        "seed": chance.randint(0, 999),
        "systems": {"s": system},
        "operations": asked,
    }


def _crowd(chance, system, *, is_seen):
    """Where all takes equally long most things fall on one instant; and long failures on restores."""
    same = chance.choice(["30s", "1min"])
    system |= dict.fromkeys(LAWS, same)
    if is_seen and chance.random() < 0.6:
        system["unhealthy_instances"] = [chance.randrange(system["instances"])]
        system["repairs"] = {"action": "replace", "grace_period": "10min"}
    if chance.random() < 0.6:
        system["failures"] = {"per_year": 20000, "recovery": chance.choice(["1h", "1min"])}
    if system["orchestration"] == "uniform":
        system["upgrade_policy"]["rollback_failed_instances_on_policy_breach"] = True


def _spread(low, high):
    return {"uniform": {"low": low, "high": high}}


def _time(chance):
    return chance.choice(
        [
            "0s",
            "30s",
            "1min",
            "90s",
            "5min",
            _spread("10s", "5min"),
            {"exponential": {"mean": "2min"}},
        ]
    )


def _instances(chance):
    count = chance.choice([1, 2, 3, 4, 5, 6, 7, 10, 12, 21, 24])
    found = {"instances": count, "orchestration": chance.choice(["uniform", "uniform", "flexible"])}
    form = chance.random()
    if form < 0.25:
        found["zones"] = chance.randint(1, 3)
    elif form < 0.5:
        first = chance.randint(0, count)
        second = chance.randint(0, count - first)
        found["zones"] = [first, second, count - first - second]
    if chance.random() < 0.5:
        found["update_domains"] = chance.randint(1, 6)
    if chance.random() < 0.4:
        numbers = range(count)
        found["unhealthy_instances"] = sorted(
            chance.sample(numbers, chance.randint(1, min(3, count)))
        )
    return found


def _policy(chance, system):
    percents = ["5%", "20%", "20%", "34%", "50%", "100%"]
    lenient = ["20%", "34%", "50%", "100%", "100%"]
    policy = {
        "mode": chance.choice(["rolling", "rolling", "rolling", "manual", "automatic"]),
        "max_batch_instance_percent": chance.choice(percents),
        "max_unhealthy_instance_percent": chance.choice(lenient),
        "max_unhealthy_upgraded_instance_percent": chance.choice(["0%", *lenient]),
        "pause_time_between_batches": chance.choice(["0s", "0s", "30s", "2min", "7min"]),
        "prioritize_unhealthy_instances": chance.random() < 0.5,
        "enable_cross_zone_upgrade": chance.random() < 0.3,
        "max_surge": chance.random() < 0.4,
    }
    if system["orchestration"] == "uniform":
        policy["rollback_failed_instances_on_policy_breach"] = chance.random() < 0.4
    return policy


def _health(chance):
    return {
        "source": chance.choice(["application", "application", "load_balancer", "none"]),
        "interval": chance.choice(["5s", "7s", "30s", "1min"]),
        "probes": chance.choice([1, 1, 2, 3]),
        "grace_period": chance.choice(["0s", "0s", "1min", "10min"]),
        "wait": chance.choice(["1min", "2min", "5min"]),
        "grace_extends_wait": chance.random() < 0.5,
    }


def _versions(chance, asked):
    """How some of those behave that the set has, or is asked to have."""
    bodies = [body for each in asked for kind, body in each.items() if kind != "at"]
    names = {body.get(part) for body in bodies for part in ("image", "extensions", "size")}
    known = sorted({*names, "1"} - {None})
    return {name: _version(chance) for name in known if chance.random() < 0.6}


def _version(chance):
    version = {}
    if chance.random() < 0.5:
        version["bad"] = chance.choice(["50%", "100%"])
    if chance.random() < 0.7:
        version["unhealthy"] = chance.choice(["10%", "30%", "60%", "100%"])
    if chance.random() < 0.5 or "unhealthy" not in version:
        version["unhealthy_later"] = {
            "probability": chance.choice(["20%", "60%", "100%"]),
            "after": chance.choice(["0s", "1min", "10min", _spread("0s", "30min")]),
        }
    return version


def _operation(chance, system):
    kinds = {
        "update_model": 6,
        "start_os_upgrade": 2,
        "start_extension_upgrade": 2,
        "cancel_rolling_upgrade": 2,
        "manual_upgrade": 3 if system["upgrade_policy"]["mode"] == "manual" else 1,
        "reimage": 2,
        "scale": 3,
        "publish_image": 3,
        "set_protection": 2,
    }
    kind = chance.choices(list(kinds), list(kinds.values()))[0]
    return {kind: _BODIES[kind](chance, system)}


def _windows(chance):
    if chance.random() < 0.7:
        return {}
    begin, end = sorted(chance.sample(range(25), 2))
    times = [f"{each // 4:02}:{each % 4 * 15:02}" for each in (begin, end)]
    return {"windows": [dict(zip(("from", "to"), times, strict=True))]}


def _update(chance, _):
    parts = {"image": IMAGES, "extensions": EXTENSIONS, "size": SIZES}
    asked = {part: chance.choice(known) for part, known in parts.items() if chance.random() < 0.4}
    return asked | _windows(chance)


def _start_os(chance, _):
    return ({"image": chance.choice(IMAGES)} if chance.random() < 0.6 else {}) | _windows(chance)


def _start_extensions(chance, _):
    return {"extensions": chance.choice(EXTENSIONS)} | _windows(chance)


def _publish(chance, _):
    body = {"image": chance.choice(IMAGES)} | _windows(chance)
    return body | ({"discovery": chance.choice(["0s", "5min"])} if chance.random() < 0.5 else {})


def _some(chance, system):
    if chance.random() < 0.3:
        return "all"
    count = system["instances"]
    return chance.sample(range(count), chance.randint(1, count))


def _named(chance, system):
    return {"instances": _some(chance, system)}


def _scale(chance, system):
    return {"instances": max(1, system["instances"] + chance.randint(-4, 5))}


def _protect(chance, system):
    return _named(chance, system) | {
        "protect_from_scale_in": chance.random() < 0.4,
        "protect_from_scale_set_actions": chance.random() < 0.6,
    }


_BODIES = {
    "update_model": _update,
    "start_os_upgrade": _start_os,
    "start_extension_upgrade": _start_extensions,
    "cancel_rolling_upgrade": lambda *_: {},
    "manual_upgrade": _named,
    "reimage": _named,
    "scale": _scale,
    "publish_image": _publish,
    "set_protection": _protect,
}
