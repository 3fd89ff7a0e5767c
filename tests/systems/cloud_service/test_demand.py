"""Demand that nobody serves, and the times in which an upgrade may begin something new."""

from __future__ import annotations

import pytest
from story import Story, story

from sim.core.log import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation

SERVING = "W: {instances: 2, restart: 100s, serves_demand: 50}"
AUTO = "at: 10s, upgrade_deployment: {}"
UP = "upgrade by upgrade_deployment-0"


# Demand ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("demand", "unserved"), [(100, 50 * 200), (50, 0), (120, 70 * 200 + 20 * 3400)]
)
def test_unserved_is_the_demand_above_what_is_served(demand, unserved):
    told = story(AUTO, SERVING, more=f"demand: {{constant: {demand}}}")
    assert told.measure("unserved_demand") == unserved


def test_what_is_served_is_the_sum_over_roles_whatever_their_weight():
    roles = "A: {instances: 1, restart: 100s, serves_demand: 30, weight: 5}, " + SERVING
    told = story(
        "at: 10s, upgrade_deployment: {role_to_upgrade: A}", roles, more="demand: {constant: 130}"
    )
    assert told.measure("unserved_demand") == 30 * 100


def test_a_cold_instance_and_a_slower_build_serve_less_demand():
    roles = (
        "W: {instances: 1, restart: 100s, serves_demand: 50, slow_start: {for: 200s, serves: 20%}}"
    )
    told = story(
        AUTO,
        roles,
        more='demand: {constant: 50}\n    builds: {"2": {capacity_factor: 90%}}',
        horizon="1010s",
    )
    # 100 s nothing, 200 s 50 x 20 % x 90 % = 9, then 45.
    assert told.measure("unserved_demand") == pytest.approx(50 * 100 + 41 * 200 + 5 * 700)


def test_demand_counts_within_the_window_only():
    told = story(AUTO, SERVING, more="demand: {constant: 100}")
    assert told.measure("unserved_demand", warm_up=60) == 50 * 150


def test_a_daily_curve_holds_each_value_until_the_next_and_wraps():
    told = story(
        "at: 23h, upgrade_deployment: {mode: Simultaneous}",
        SERVING.replace("100s", "2h"),
        more='demand: {curve: {"06:00": 10, "23:30": 80}}',
        horizon="2d",
    )
    # Out from 23:00 to 01:00: 10 for half an hour, then 80 over midnight.
    assert told.measure("unserved_demand") == 10 * 1800 + 80 * 5400


def test_the_curve_follows_the_clock_of_the_start():
    told = Story(
        """
start: 2026-03-02T22:30:00
horizon: 4h
systems:
  s:
    kind: cloud_service
    demand: {curve: {"23:00": 40, "01:00": 0}}
    roles: {W: {instances: 1, restart: 1h, serves_demand: 100}}
operations:
  - {at: 1h, upgrade_deployment: {}}
"""
    )
    assert told.measure("unserved_demand") == 40 * 3600
    assert told.model.layout.demand.times.tolist() == [0, 1800, 9000]


def test_demand_from_a_file_is_none_before_its_first_time():
    text = """
horizon: 1000s
systems:
  s:
    kind: cloud_service
    demand: {csv: demand.csv}
    roles: {W: {instances: 1, restart: 1h, serves_demand: 100}}
operations:
  - {at: 50s, upgrade_deployment: {}}
"""
    content = {"demand.csv": b"time_s,value\n100,10\n400,70\n"}
    simulation = Simulation(Scenario.from_text(text, "x.yaml", content))
    values, _ = simulation.models["s"].measure(Stack([simulation.run()]), 0.0)
    assert values["", "unserved_demand"][0] == 10 * 300 + 70 * 600


def test_without_demand_there_is_no_such_metric():
    told = story(AUTO, SERVING)
    assert ("", "unserved_demand") not in told.model.measure(told.stack, 0.0)[0]


# Windows --------------------------------------------------------------------------------------


def windows(*spans):
    inner = ", ".join(f'{{from: "{a}", to: "{b}"}}' for a, b in spans)
    return f"windows: [{inner}]"


def test_no_new_domain_begins_outside_a_window_and_one_under_way_goes_on():
    told = story(
        f"at: 10s, upgrade_deployment: {{{windows(('00:00', '00:01'), ('00:30', '00:31'))}}}",
        "W: {instances: 3, restart: 100s}",
        domains=3,
    )
    # Domain 0 begins at 10 and is out beyond the window; domain 1 at 00:30; domain 2 tomorrow.
    assert told.brief("update domain 0") == ["10 updating", "110 at rest"]
    assert told.brief("update domain 1") == ["1800 updating", "1900 at rest"]
    assert told.brief("update domain 2") == []
    assert told.brief(UP) == ["10 upgrading"]


@pytest.mark.parametrize(
    ("at", "begins"), [("9min", 600), ("10min", 600), ("1199s", 1199), ("20min", 87000)]
)
def test_a_window_holds_from_its_first_instant_to_before_its_last(at, begins):
    told = story(f"at: {at}, upgrade_deployment: {{{windows(('00:10', '00:20'))}}}", horizon="2d")
    assert told.taken("W_IN_0") == [begins]


def test_a_window_may_go_over_midnight():
    told = story(f"at: 10min, upgrade_deployment: {{{windows(('22:00', '00:30'))}}}", horizon="2d")
    assert told.taken("W_IN_0") == [600]
    told = story(f"at: 31min, upgrade_deployment: {{{windows(('22:00', '00:30'))}}}", horizon="2d")
    assert told.taken("W_IN_0") == [22 * 3600]


def test_days_name_the_day_on_which_a_window_opens():
    told = Story(
        """
start: 2026-11-20T14:00:00
horizon: 4d
systems: {s: {kind: cloud_service, update_domains: 2, roles: {W: {instances: 2, restart: 4h}}}}
operations:
  - at: 1min
    upgrade_deployment:
      windows: [{days: [sat], from: "22:00", to: "03:00"}]
"""
    )
    # Friday 14:00 + 32 h is Saturday 22:00; at 02:00 on Sunday its window is still open.
    assert told.taken("W_IN_0") == [32 * 3600]
    assert told.taken("W_IN_1") == [36 * 3600]


@pytest.mark.parametrize(
    "kind",
    [
        "guest_os_update: {",
        "host_os_update: {duration: 100s, ",
        "change_configuration: {restarts: true, ",
        "upgrade_deployment: {mode: Simultaneous, ",
    ],
)
def test_every_upgrade_may_have_windows(kind):
    told = story(f"at: 10s, {kind}{windows(('00:30', '00:40'))}}}")
    assert told.brief("update domain 0")[0] == "1800 updating"


def test_a_manual_walk_waits_for_the_window():
    told = story(
        f"""
        at: 10s, upgrade_deployment: {{mode: Manual, {windows(("00:30", "00:40"))}}}
        at: 20s, walk_upgrade_domain: {{upgrade_domain: 0}}
        """
    )
    assert told.brief("walk_upgrade_domain-0") == ["20 InProgress", "1900 Succeeded"]


def test_who_waits_for_a_window_holds_nobody_up():
    told = story(
        f"""
        at: 10s, upgrade_deployment: {{{windows(("00:30", "00:40"))}}}
        at: 20s, guest_os_update: {{}}
        """
    )
    assert told.brief("upgrade by guest_os_update-0") == ["20 upgrading", "220 completed"]
    assert told.brief(UP) == ["10 upgrading", "2000 completed"]


def test_who_asked_first_goes_first_when_the_window_of_both_opens():
    """The platform's request comes at the very instant at which the window opens."""
    night = windows(("00:30", "00:40"))
    told = story(
        f"""
        at: 30min, host_os_update: {{duration: 100s, {night}}}
        at: 10s, upgrade_deployment: {{{night}}}
        """
    )
    assert told.brief("update domain 0") == [
        "1800 updating",
        "1900 at rest",
        "1900 updating",
        "2000 at rest",
    ]
    assert told.brief("W_IN_0")[0] == "1800 BusyRole/2"


def test_who_waits_for_a_window_keeps_the_place_in_line():
    told = story(
        f"""
        at: 10s, upgrade_deployment: {{{windows(("00:30", "00:40"))}}}
        at: 500s, guest_os_update: {{duration: 1000s}}
        at: 1000s, host_os_update: {{duration: 500s}}
        """
    )
    opened = [line.split() for line in told.lines if "updating because" in line]
    # The host update ends at 2000; the guest update has been in line again since 1500.
    assert [(line[0], line[-1]) for line in opened[:4]] == [
        ("500", "guest_os_update-0"),
        ("1500", "host_os_update-0"),
        ("2000", "upgrade_deployment-0"),
        ("2100", "guest_os_update-0"),
    ]


def test_a_walk_that_is_overtaken_while_it_waits_for_its_window_fails_then():
    told = story(
        f"""
        at: 10s, upgrade_deployment: {{build: "2", mode: Manual, {windows(("00:30", "00:40"))}}}
        at: 20s, walk_upgrade_domain: {{upgrade_domain: 0}}
        at: 60s, upgrade_deployment: {{build: "3"}}
        """,
        more='builds: {"2": {}, "3": {}}',
    )
    assert told.brief("walk_upgrade_domain-0") == ["20 InProgress", "60 Failed/overtaken"]
    assert told.brief("upgrade by upgrade_deployment-1") == ["60 upgrading", "260 completed"]


def test_a_takeover_waits_for_its_window_and_for_no_turn():
    told = story(
        f"""
        at: 10s, upgrade_deployment: {{build: "2"}}
        at: 50s, upgrade_deployment: {{build: "3", {windows(("00:30", "00:40"))}}}
        at: 29min, guest_os_update: {{duration: 200s}}
        """,
        more='builds: {"2": {}, "3": {}}',
    )
    assert told.taken("W_IN_0") == [10, 1740, 1800]
    assert told.taken("W_IN_1") == [1900, 2000]


def test_a_turn_that_is_granted_after_the_window_has_closed_waits_for_the_next():
    told = story(
        f"""
        at: 10s, guest_os_update: {{duration: 200s}}
        at: 20s, upgrade_deployment: {{{windows(("00:00", "00:01"), ("00:30", "00:40"))}}}
        """
    )
    # The line brings it to the front at 210, when its window is over; the platform goes on.
    assert told.taken("W_IN_0") == [10, 1800]
    assert told.brief("upgrade by guest_os_update-0")[-1] == "410 completed"


def test_a_takeover_waits_for_its_own_window():
    told = story(
        f"""
        at: 10s, upgrade_deployment: {{build: "2"}}
        at: 50s, upgrade_deployment: {{build: "3", {windows(("00:30", "00:40"))}}}
        """,
        more='builds: {"2": {}, "3": {}}',
    )
    assert told.brief(UP) == ["10 upgrading", "50 superseded"]
    assert told.taken("W_IN_0") == [10, 1800]
    assert told.about("W_IN_1")[0].startswith("1900 ")
