"""Batch pools at random, to which anything may happen, for properties that always hold."""

from __future__ import annotations

from hypothesis import strategies as st

HORIZON_MIN = 180
VERSIONS = ("WA-GUEST-OS-5.31_201905-01", "WA-GUEST-OS-5.32_201906-01")
WINDOWS = [{"from": "00:30", "to": "01:00"}, {"from": "02:00", "to": "02:15"}]
MODES = ("requeue", "taskcompletion", "terminate", "checkpoint")
CHOICES = ("all", "idle", "running", "offline", "starttaskfailed", "preempted")
OPTIONS = ("requeue", "terminate", "taskcompletion", "retaineddata")

times = st.sampled_from(
    [
        "0s",
        "90s",
        "4min",
        {"uniform": {"low": "0s", "high": "9min"}},
        {"exponential": {"mean": "4min"}},
        {"lognormal": {"median": "4min", "p95": "9min"}},
        {"lognormal": {"median": "4min", "p95": "9min"}, "min": "3min", "max": "6min"},
    ]
)
start_tasks = st.one_of(
    times,
    st.fixed_dictionaries(
        {"duration": st.sampled_from(["0s", "1min"]), "fails": st.sampled_from(["30%", "100%"])},
        optional={"max_retry_count": st.integers(0, 2), "wait_for_success": st.booleans()},
    ),
)
sources = st.one_of(
    st.fixed_dictionaries({"tasks": st.integers(1, 40)}),
    st.fixed_dictionaries(
        {"load": st.sampled_from(["30%", "80%", "150%"])},
        optional={"curve": st.just({"00:00": "250%", "00:40": "0%", "02:10": "60%"})},
    ),
    st.fixed_dictionaries({"interarrival": st.sampled_from(["90s", "4min"])}),
)


def jobs(slots):
    """One to three jobs in a pool whose nodes have so many slots."""
    service = st.sampled_from(["4min", "15min", {"exponential": {"mean": "10min"}}])
    job = st.builds(
        lambda source, rest: source | rest,
        sources,
        st.fixed_dictionaries(
            {"service": service, "required_slots": st.integers(1, slots) | st.just(slots + 1)},
            optional={
                "priority": st.sampled_from([-5, 0, 7]),
                "fails": st.sampled_from(["10%", "60%"]),
                "max_task_retry_count": st.sampled_from([-1, 0, 2]),
            },
        ),
    )
    return st.lists(job, min_size=1, max_size=3)


def upgrades(kind):
    """An upgrade of a pool of this kind."""
    windows = st.sampled_from([[], [], WINDOWS])
    if kind == "virtual_machine":
        return st.fixed_dictionaries({"windows": windows}).map(lambda body: {"upgrade_image": body})
    return st.fixed_dictionaries(
        {"target_os_version": st.sampled_from(VERSIONS), "windows": windows}
    ).map(lambda body: {"upgrade_os": body})


def others():
    """What else may be asked of a pool of up to seven nodes."""
    one = st.integers(0, 3).map("node-{}".format)
    several = st.lists(st.integers(0, 3), min_size=1, unique=True) | st.sampled_from(CHOICES)
    node = st.one_of(one, one, several)
    option = st.sampled_from(OPTIONS)
    resize = st.fixed_dictionaries(
        {"nodes": st.integers(0, 7)}, optional={"node_deallocation_option": option}
    )
    restart = st.fixed_dictionaries({"node": node, "option": option})
    disable = st.fixed_dictionaries({"node": node, "option": st.sampled_from(OPTIONS[:3])})
    return st.one_of(
        resize.map(lambda body: {"resize": body}),
        resize.map(lambda body: {"resize": body}),
        restart.map(lambda body: {"reboot_node": body}),
        restart.map(lambda body: {"reimage_node": body}),
        disable.map(lambda body: {"disable_scheduling": body}),
        node.map(lambda name: {"enable_scheduling": {"node": name}}),
    )


@st.composite
def pools(draw, *, fails=True):
    """What a user may write of a pool; it may be such that its nodes fail."""
    slots = draw(st.sampled_from([1, 1, 2, 3]))
    pool = {
        "kind": "batch_pool",
        "configuration": draw(st.sampled_from(["cloud_service"] * 3 + ["virtual_machine"])),
        "nodes": draw(st.integers(4, 7)),
        "task_slots_per_node": slots,
        "node_fill_type": draw(st.sampled_from(["spread", "pack"])),
        "node_upgrade": draw(times),
        "create": draw(times),
        "reboot": draw(times),
        "retention_time": draw(st.sampled_from(["0s", "5min", "1h"])),
        "max_concurrent": draw(st.sampled_from([1, 2, "50%", "100%"])),
        "pace": draw(st.sampled_from(["waves", "rolling"])),
        "pause": draw(st.sampled_from(["0s", "3min"])),
        "order": draw(st.sampled_from(["number", "idle_first", "least_work_lost"])),
        "interruptions": {
            "on_upgrade": draw(st.sampled_from(MODES)),
            "on_failure": draw(st.sampled_from(["requeue", "terminate", "checkpoint"])),
        },
        "requeue_to": draw(st.sampled_from(["front", "back"])),
        "checkpoint": draw(
            st.sampled_from([{"every": "0s"}, {"every": "3min"}, {"every": "2min", "cost": "10s"}])
        ),
        "upgrade_policy": {
            "max_batch_instance_percent": draw(st.sampled_from(["20%", "50%"])),
            "pause_time_between_batches": draw(st.sampled_from(["0s", "3min"])),
            "os_rolling_upgrade_deferral": draw(st.booleans()),
        },
        "work": draw(jobs(slots)),
    }
    if fails and draw(st.booleans()):
        recovery = draw(times)
        pool["failures"] = {"per_year": draw(st.sampled_from([500, 20000])), "recovery": recovery}
    if fails and draw(st.booleans()):
        returns = draw(st.just("never") | times)
        pool["preemptions"] = {"per_hour": draw(st.sampled_from([0.2, 3])), "returns": returns}
    if draw(st.booleans()):
        pool["start_task"] = draw(start_tasks)
    return pool


@st.composite
def wild(draw):
    """A pool with work, failures, upgrades and all that may be asked of it meanwhile."""
    pool = draw(pools())
    begin = draw(st.integers(1, 60))
    asked = [(begin, draw(upgrades(pool["configuration"])))]
    either = st.one_of(others(), others(), upgrades(pool["configuration"]))
    for _ in range(draw(st.integers(0, 6))):
        minute = draw(st.one_of(st.integers(begin, begin + 20), st.integers(0, HORIZON_MIN)))
        asked.append((minute, draw(either)))
    if draw(st.booleans()):
        since, until = sorted(draw(st.tuples(st.integers(1, 90), st.integers(1, 90))))
        disable = {"node": "node-1", "option": draw(st.sampled_from(OPTIONS[:3]))}
        asked += [(since, {"disable_scheduling": disable})]
        asked += [(until, {"enable_scheduling": {"node": "node-1"}})]
    return {
        "horizon": f"{HORIZON_MIN}min",
        "seed": draw(st.integers(0, 9)),
        "systems": {"p": pool},
        "operations": [{"at": f"{minute}min", **body} for minute, body in asked],
    }


@st.composite
def calm(draw):
    """A pool with work that is upgraded once, and to which nothing else happens."""
    pool = draw(pools(fails=False))
    minute = draw(st.integers(1, 60))
    return {
        "horizon": f"{HORIZON_MIN}min",
        "seed": draw(st.integers(0, 9)),
        "systems": {"p": pool},
        "operations": [{"at": f"{minute}min", **draw(upgrades(pool["configuration"]))}],
    }
