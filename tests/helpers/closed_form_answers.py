"""Scenarios whose answer is known in a closed form: tests hold them against it, and the notebook on
validation shows them beside it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sim.scenario import Scenario


class Known(NamedTuple):
    """A scenario of which the mean of a metric is known."""

    name: str
    because: str
    """The closed form; s is the mean restart, H_k the k-th harmonic number."""
    metric: str
    answer: float
    """In the metric's unit."""
    file: dict[str, Any]
    """What a scenario file would say."""
    replications: int = 1
    """With so many an error of 5 % is seen; one where nothing is random."""

    def scenario(self, most: int | None = None) -> Scenario:
        """The scenario, with `most` replications at most."""
        count = self.replications if most is None else min(self.replications, most)
        return Scenario.from_dict({"seed": 1, "replications": count, **self.file})


def _exponential(mean: str) -> dict[str, Any]:
    return {"exponential": {"mean": mean}}


def _one(kind: str, operation: dict[str, Any] | None, horizon: str, **keys: Any) -> dict[str, Any]:
    """A file of one system `s`, of which something is asked after a minute."""
    asked = [{"at": "1min", **operation}] if operation else []
    systems = {"s": {"kind": kind, **keys}}
    return {"horizon": horizon, "systems": systems, "operations": asked}


def _service(instances: int, restart: Any, **upgrade: Any) -> dict[str, Any]:
    """A service of five update domains, each of which waits for all of its instances."""
    roles = {"Web": {"instances": instances, "restart": restart}}
    keys = {"update_domains": 5, "start_timeout": "52w", "roles": roles}
    return _one("cloud_service", {"upgrade_deployment": upgrade}, "1d", **keys)


def _fleet(machines: int, **keys: Any) -> dict[str, Any]:
    """Machines with one extension, of which a version is released."""
    extension = {"publisher": "P", "type": "A", "version": "1.0", "enable_automatic_upgrade": True}
    keys = {"machines": machines, "also_supported": ["P/A"], "extensions": [extension], **keys}
    release = {"publish_extension": {"type": "A", "version": "1.1"}}
    return _one("arc_fleet", release, "90d", **keys)


def _set(**keys: Any) -> dict[str, Any]:
    """Ten VMs, two at a time, that get another image."""
    keys = {"instances": 10, "update_domains": 1, **keys}
    return _one("vm_scale_set", {"update_model": {"image": "B"}}, "30d", **keys)


_BAKED = {"mode": "Manual", "operator": {"bake": "30min"}}
_TEN_MINUTES = _exponential("10min")
_TWO_OF_THREE = {
    "instances": 3,
    "min_available": 2,
    "failures": {"per_year": 8760, "recovery": _exponential("400s")},
}
_NEW_OS = {"upgrade_os": {"target_os_version": "WA-GUEST-OS-5.31_201905-01"}}
_SURE = {"install": "2min", "rollback": "2min", "retry_after": "3d"}
_AT_ONCE_HEALTHY = {"wait": "1d", "interval": "0.001s", "source": "load_balancer"}

KNOWN = [
    Known(
        "Auto, restarts of 2 min",
        "5 domains x 2 min",
        "rollout_duration",
        600.0,
        _service(20, "2min", mode="Auto"),
    ),
    Known(
        "Manual, a bake of 30 min",
        "5 x 2 min + 4 x 30 min",
        "rollout_duration",
        7800.0,
        _service(20, "2min", **_BAKED),
    ),
    Known(
        "Auto, exponential restarts",
        "5 s H_2, s = 10 min",
        "rollout_duration",
        5 * 600 * 1.5,
        _service(10, _TEN_MINUTES, mode="Auto"),
        1_200,
    ),
    Known(
        "Simultaneous, exponential restarts",
        "s H_10, s = 10 min",
        "rollout_duration",
        600 * sum(1 / k for k in range(1, 11)),
        _service(10, _TEN_MINUTES, mode="Simultaneous"),
        1_600,
    ),
    Known(
        "instance-hours lost to an upgrade",
        "10 s, whatever the mode",
        "capacity_hours_lost",
        10 / 6,
        _service(10, _TEN_MINUTES, mode="Auto"),
        900,
    ),
    Known(
        "two of three that are up 90 % of the time",
        "0.9^3 + 3 x 0.9^2 x 0.1",
        "availability",
        0.972,
        {
            **_one("cloud_service", None, "31d", roles={"Web": _TWO_OF_THREE}),
            "warm_up": "1d",
        },
        8,
    ),
    Known(
        "a pool of 60 nodes, 7 at a time",
        "9 waves x 5 min",
        "rollout_duration",
        2700.0,
        _one("batch_pool", _NEW_OS, "1d", nodes=60, max_concurrent=7, node_upgrade="5min"),
    ),
    Known(
        "a task caught at any time, from the start again",
        "E[W^2] / (2 E[W]), W uniform from 5 to 15 min",
        "lost_task_hours",
        65 / 12 / 60,
        {
            **_one(
                "batch_pool",
                None,
                "3h",
                nodes=1,
                node_upgrade="1min",
                work={"tasks": 24, "service": {"uniform": {"low": "5min", "high": "15min"}}},
            ),
            "operations": [{"at": {"uniform": {"low": "1h", "high": "2h"}}, **_NEW_OS}],
        },
        4_000,
    ),
    Known(
        "attempts of an extension, one in ten bad",
        "1 / 0.9",
        "attempts_mean",
        1 / 0.9,
        _fleet(2_000, unhealthy="10%", discovery={"uniform": {"low": "0s", "high": "1d"}}, **_SURE),
        10,
    ),
    Known(
        "half of 999 machines have a release",
        "500 / 1,000 of 56 d, + 2 min + 5 min",
        "time_to_50",
        28 * 86_400 + 420.0,
        _fleet(999, discovery={"uniform": {"low": "0s", "high": "56d"}}, **_SURE),
        25,
    ),
    Known(
        "ten VMs in batches of two",
        "5 x (4 min + 1 min)",
        "rollout_duration",
        1500.0,
        _set(reimage="4min", healthy_after="1min"),
    ),
    Known(
        "batches of two, exponential times",
        "5 x 3/2 x 100 s",
        "rollout_duration",
        750.0,
        _set(reimage=_exponential("100s"), healthy_after="0s", health=_AT_ONCE_HEALTHY),
        1_000,
    ),
]
