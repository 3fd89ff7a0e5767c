"""A small Arc fleet with everything that can happen to it, and what is asked of it, at random."""

from __future__ import annotations

TYPES = ("Agent", "VaultLinux", "ProbeWindows")
VERSIONS = ("1.0", "1.1", "1.2", "1.10", "2.0")


def scenario(chance):
    """A small fleet and up to ten operations of a day.

    Most times are multiples of ten minutes, so that many things fall on one instant.
    """
    groups = {name: _group(chance) for name in ("a", "b")[: chance.randint(1, 2)]}
    fleet = {
        "kind": "arc_fleet",
        "groups": groups,
        "also_supported": [f"P/{kind}" for kind in TYPES],
        "extensions": _extensions(chance),
        "discovery": _time(chance),
        "install": chance.choice(["0s", "5min", _random("1min", "20min")]),
        "health_window": chance.choice(["5min", "10min"]),
        "verdict": chance.choice(["at_end", "early"]),
        "healthy_after": chance.choice(["0s", _random("0s", "8min")]),
        "unhealthy": chance.choice(["0%", "30%", "100%"]),
        "rollback": chance.choice(["0s", "10min"]),
        "rollback_fails": chance.choice(["0%", "0%", "30%"]),
        "retry_after": _time(chance),
    }
    if chance.random() < 0.3:
        fleet["max_attempts"] = chance.randint(1, 3)
    if chance.random() < 0.3:
        fleet["max_concurrent"] = chance.choice([1, 2, "50%"])
    asked = [
        {"at": f"{chance.randint(1, 140)}0min"} | _operation(chance, fleet)
        for _ in range(chance.randint(1, 10))
    ]
    return {
        "horizon": "1d",
        "seed": chance.randint(0, 999),
        "systems": {"p": fleet},
        "operations": asked,
    }


def _random(low, high):
    return {"uniform": {"low": low, "high": high}}


def _time(chance):
    return chance.choice(["0s", "10min", "20min", "1h", _random("0s", "5h")])


def _group(chance):
    group = {"count": chance.randint(1, 6)}
    if chance.random() < 0.4:
        times = {"on": chance.choice(["1h", _random("10min", "3h")]), "off": _random("0s", "2h")}
        group["disconnected"] = {"share": "50%"} | (
            times if chance.random() < 0.6 else _daily(chance)
        )
    return group | laws(chance, 0.2)


def _daily(chance):
    begin, end = sorted(chance.sample(range(24), 2))
    return {"windows": [{"from": f"{begin:02}:00", "to": f"{end:02}:00"}]}


def laws(chance, share):
    """What a group has of its own, each law with a chance."""
    own = {
        "unhealthy": chance.choice(["0%", "60%", "100%"]),
        "discovery": _time(chance),
        "install": chance.choice(["0s", "10min", _random("1min", "20min")]),
        "rollback_fails": chance.choice(["0%", "50%"]),
    }
    return {key: law for key, law in own.items() if chance.random() < share}


def _extensions(chance):
    kinds = [kind for kind in TYPES if chance.random() < 0.8] or [TYPES[0]]
    return [
        {
            "publisher": "P",
            "type": kind,
            "version": chance.choice(VERSIONS[:3]),
            "enable_automatic_upgrade": chance.random() < 0.7,
            "auto_upgrade_minor_version": chance.random() < 0.5,
        }
        for kind in kinds
    ]


def _operation(chance, fleet):
    kinds = {
        "publish_extension": 6,
        "set_automatic_upgrade": 2,
        "put_extension": 2,
        "upgrade_extensions": 2,
        "repair_extension": 1,
        "remove_extension": 1,
    }
    kind = chance.choices(list(kinds), list(kinds.values()))[0]
    return {kind: _BODIES[kind](chance, fleet)}


def _known(chance, fleet):
    return chance.choice(fleet["extensions"])["type"]


def _windows(chance):
    if chance.random() < 0.7:
        return {}
    begin, end = sorted(chance.sample(range(24), 2))
    return {"windows": [{"from": f"{begin:02}:00", "to": f"{end:02}:00"}]}


def _in_group(chance, fleet):
    return {"group": chance.choice(list(fleet["groups"]))} if chance.random() < 0.5 else {}


def _publish(chance, fleet):
    body = {"type": _known(chance, fleet), "version": chance.choice(VERSIONS)}
    if chance.random() < 0.5:
        bad = ["0%", "50%", {"machines": "50%"}, {"group": chance.choice(list(fleet["groups"]))}]
        body["unhealthy"] = chance.choice(bad)
    first = _in_group(chance, fleet) if chance.random() < 0.5 else {}
    return body | first | _windows(chance)


def _enrol(chance, fleet):
    body = {"type": _known(chance, fleet), "enabled": chance.random() < 0.5}
    return body | _in_group(chance, fleet)


def _put(chance, fleet):
    return {
        "publisher": "P",
        "type": chance.choice(TYPES),
        "version": chance.choice(VERSIONS),
        "enable_automatic_upgrade": chance.random() < 0.5,
        "auto_upgrade_minor_version": chance.random() < 0.5,
    } | _in_group(chance, fleet)


def _push(chance, fleet):
    targets = {f"P.{_known(chance, fleet)}": chance.choice(VERSIONS)}
    return {"targets": targets} | _in_group(chance, fleet) | _windows(chance)


def _named(chance, fleet):
    return {"type": _known(chance, fleet)} | _in_group(chance, fleet)


_BODIES = {
    "publish_extension": _publish,
    "set_automatic_upgrade": _enrol,
    "put_extension": _put,
    "upgrade_extensions": _push,
    "repair_extension": _named,
    "remove_extension": _named,
}
