"""The modelled operator of a Manual upgrade: walks, bakes, looks, stops or rolls back."""

from __future__ import annotations

import pytest
from story import story

UP = "upgrade by upgrade_deployment-0"
W4 = "W: {instances: 4, restart: 100s}"
W3 = "W: {instances: 3, restart: 100s}"


def upgrade(operator, at="10s", more=""):
    return f"at: {at}, upgrade_deployment: {{mode: Manual, operator: {{{operator}}}{more}}}"


def sick(after, probability="100%"):
    return f'builds: {{"2": {{unhealthy_later: {{probability: {probability}, after: {after}}}}}}}'


def walks(told):
    """When each walk was asked for."""
    return [
        float(line.split()[0])
        for line in told.lines
        if "-walk-" in line.split()[1] and "absent ->" in line
    ]


# Walking and baking ---------------------------------------------------------------------------


def test_the_operator_walks_and_bakes_each_domain_but_the_last():
    told = story(upgrade("bake: 60s"))
    assert told.lines == [
        "10 upgrade_deployment-0 absent -> InProgress because the scenario",
        "10 upgrade by upgrade_deployment-0 absent -> upgrading because upgrade_deployment-0",
        "10 upgrade_deployment-0 InProgress -> Succeeded because upgrade_deployment-0",
        "10 upgrade_deployment-0-walk-0 absent -> InProgress because operator",
        "10 update domain 0 at rest -> updating because upgrade by upgrade_deployment-0",
        "10 W_IN_0 ReadyRole/1 -> BusyRole/2 because update domain 0",
        "110 W_IN_0 BusyRole/2 -> ReadyRole/2 because update domain 0",
        "110 update domain 0 updating -> at rest because upgrade by upgrade_deployment-0",
        "110 upgrade_deployment-0-walk-0 InProgress -> Succeeded because upgrade by "
        "upgrade_deployment-0",
        "170 upgrade_deployment-0-walk-1 absent -> InProgress because operator",
        "170 update domain 1 at rest -> updating because upgrade by upgrade_deployment-0",
        "170 W_IN_1 ReadyRole/1 -> BusyRole/2 because update domain 1",
        "270 W_IN_1 BusyRole/2 -> ReadyRole/2 because update domain 1",
        "270 update domain 1 updating -> at rest because upgrade by upgrade_deployment-0",
        "270 upgrade_deployment-0-walk-1 InProgress -> Succeeded because upgrade by "
        "upgrade_deployment-0",
        "270 upgrade by upgrade_deployment-0 upgrading -> completed because update domain 1",
    ]


def test_five_domains_take_their_restarts_and_four_bakes():
    """Source: 5 x 120 s + 4 x 1800 s, by arithmetic."""
    roles = "W: {instances: 20, restart: 120s}"
    told = story(upgrade("bake: 30min"), roles, domains=5, horizon="3h")
    assert told.measure("rollout_duration") == 5 * 120 + 4 * 1800


def test_without_a_bake_it_walks_on_at_once():
    assert walks(story(upgrade("bake: 0s"), W4, domains=4)) == [10, 110, 210, 310]


@pytest.mark.parametrize("mode", ["Auto", "Simultaneous"])
def test_the_operator_acts_under_manual_only(mode):
    told = story(f"at: 10s, upgrade_deployment: {{mode: {mode}, operator: {{bake: 1min}}}}")
    assert walks(told) == []
    assert told.measure("finished") == 1


def test_domains_without_anyone_are_neither_walked_nor_baked():
    told = story(
        upgrade("bake: 60s", more=", role_to_upgrade: B"),
        "A: {instances: 5, restart: 100s}, B: {instances: 2, restart: 100s}",
        domains=5,
    )
    assert walks(told) == [10, 170]
    assert told.brief(UP)[-1] == "270 completed"


def test_a_walk_waits_for_its_turn_and_the_bake_begins_when_its_domain_is_done():
    told = story(f"at: 5s, host_os_update: {{duration: 50s}}\n{upgrade('bake: 60s')}")
    assert told.taken("W_IN_0") == [55]
    assert walks(told) == [10, 215]


def test_a_walk_waits_for_the_window():
    told = story(upgrade("bake: 60s", more=', windows: [{from: "00:10", to: "00:20"}]'))
    assert walks(told) == [10, 760]
    assert told.taken("W_IN_0") == [600]


# Looking --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "seen"),
    [
        ("10s", 210),  # sick at 120: seen at the first look, 100 s into the bake
        ("100s", 210),  # at the instant of the first look: the fault comes before the look
        ("101s", 310),  # a second later: the second look
        ("200s", 310),
        ("201s", 360),  # the end of the bake is a look too, though no multiple
        ("250s", 360),
    ],
)
def test_the_operator_looks_at_every_multiple_and_at_the_end_of_the_bake(after, seen):
    told = story(
        upgrade("bake: 250s, look_every: 100s, stop_above: 50%, then: rollback"),
        W3,
        domains=3,
        more=sick(after),
    )
    assert told.brief(UP)[1] == f"{seen} rolling_back"
    assert told.brief("upgrade_deployment-0-rollback")[0] == f"{seen} InProgress"


def test_a_fault_after_the_last_look_is_seen_in_the_next_bake():
    told = story(
        upgrade("bake: 250s, look_every: 100s, stop_above: 30%, then: rollback"),
        W3,
        domains=3,
        more=sick("251s"),
    )
    # Sick at 361, when the second walk is a second old; that one is done at 460.
    assert walks(told) == [10, 360]
    assert told.brief(UP)[1] == "560 rolling_back"


def test_a_look_in_a_bake_of_no_length():
    told = story(
        upgrade("bake: 0s, stop_above: 0%"),
        "W: {instances: 4, restart: 100s, min_healthy: 0}",
        more="start_timeout: 60s",
    )
    assert walks(told) == [10]  # both are late and out at 70, and the operator looks at once


@pytest.mark.parametrize(("stop_above", "stops"), [("50%", False), ("49%", True), ("100%", False)])
def test_the_share_is_of_the_upgraded_that_are_not_ready_and_must_be_above(stop_above, stops):
    told = story(
        upgrade(f"bake: 60s, stop_above: {stop_above}")
        + "\nat: 115s, reboot_instance: {instance: W_IN_0}\n"
        + "at: 115s, reboot_instance: {instance: W_IN_1}",
        W4,
    )
    # Of the upgraded W_IN_0 and W_IN_2 one is out; W_IN_1, not upgraded, does not count.
    assert len(walks(told)) == (1 if stops else 2)


def test_all_the_upgraded_so_far_count_not_only_the_last_domain():
    told = story(
        upgrade("bake: 60s, stop_above: 40%") + "\nat: 275s, reboot_instance: {instance: W_IN_0}",
        W3,
        domains=3,
    )
    assert walks(told) == [10, 170]  # at 330 W_IN_0 is out of W_IN_0 and W_IN_1: 50 %


def test_a_cold_instance_is_ready():
    roles = "W: {instances: 2, restart: 100s, slow_start: {for: 9min, serves: 10%}}"
    assert len(walks(story(upgrade("bake: 60s, stop_above: 0%"), roles))) == 2


def test_a_removed_instance_does_not_count():
    told = story(
        upgrade("bake: 60s, stop_above: 40%")
        + "\nat: 115s, reboot_instance: {instance: W_IN_2}"
        + "\nat: 120s, change_configuration: {configuration: {W: 2}}",
        W4,
    )
    assert walks(told) == [10, 170]


def test_without_stop_above_nothing_is_looked_at():
    told = story(upgrade("bake: 250s, look_every: 100s"), W3, domains=3, more=sick("10s"))
    assert len(walks(told)) > 1
    assert "rolling_back" not in " ".join(told.brief(UP))


# What follows ---------------------------------------------------------------------------------


def test_stop_does_nothing_more():
    told = story(upgrade("bake: 60s, stop_above: 0%, then: stop"), W3, domains=3, more=sick("30s"))
    assert walks(told) == [10]
    assert told.brief(UP) == ["10 upgrading"]
    assert (told.measure("finished"), told.rollouts_ended) == (0, False)


def test_rollback_is_asked_for_with_mode_auto():
    told = story(
        upgrade("bake: 60s, stop_above: 0%, then: rollback"), W3, domains=3, more=sick("30s")
    )
    assert told.lines[-6:] == [
        "170 update domain 0 at rest -> updating because upgrade by upgrade_deployment-0",
        "170 W_IN_0 UnresponsiveRole/2 -> BusyRole/1 because update domain 0",
        "270 W_IN_0 BusyRole/1 -> ReadyRole/1 because update domain 0",
        "270 update domain 0 updating -> at rest because upgrade by upgrade_deployment-0",
        "270 upgrade by upgrade_deployment-0 rolling_back -> rolled_back because update domain 0",
        "270 upgrade_deployment-0-rollback InProgress -> Succeeded because update domain 0",
    ]
    assert told.status(200)["UpgradeStatus"]["UpgradeType"] == "Auto"


def test_the_rollback_of_an_upgrade_that_needed_force_has_it_too():
    told = story(
        upgrade(
            "bake: 60s, stop_above: 0%, then: rollback", more=", changes: [vm_size], force: true"
        ),
        more=sick("30s"),
    )
    assert told.brief(UP)[-1] == "270 rolled_back"


@pytest.mark.parametrize(("detects", "walked"), [("0%", 3), ("100%", 1)])
def test_what_is_truly_above_is_seen_with_the_chance_given(detects, walked):
    told = story(
        upgrade(f"bake: 60s, look_every: 10s, stop_above: 30%, detects: {detects}"),
        "W: {instances: 3, restart: 100s, min_healthy: 0}",
        domains=3,
        more=sick("30s"),
    )
    assert len(walks(told)) == walked


def test_detection_is_drawn_once_a_bake():
    """Fifteen looks at 50 % each would miss hardly ever; one draw misses every other time."""
    missed = 0
    for run in range(60):
        told = story(
            upgrade("bake: 150s, look_every: 10s, stop_above: 0%, detects: 50%"),
            "W: {instances: 2, restart: 100s, min_healthy: 0}",
            more=sick("5s"),
            run=run,
        )
        missed += len(walks(told)) == 2
    assert 18 < missed < 42


def test_a_false_alarm_comes_at_the_first_look_of_a_bake():
    told = story(upgrade("bake: 250s, look_every: 100s, stop_above: 50%, false_alarm: 100%"))
    assert walks(told) == [10]
    told = story(
        upgrade("bake: 250s, look_every: 100s, stop_above: 50%, false_alarm: 100%, then: rollback")
    )
    assert told.brief("upgrade_deployment-0-rollback")[0] == "210 InProgress"


def test_a_false_alarm_is_drawn_once_a_bake():
    alarms = sum(
        len(
            walks(
                story(
                    upgrade("bake: 150s, look_every: 10s, stop_above: 0%, false_alarm: 50%"),
                    run=run,
                )
            )
        )
        == 1
        for run in range(60)
    )
    assert 18 < alarms < 42


# Others interfere -----------------------------------------------------------------------------


def test_an_operator_whose_upgrade_is_superseded_does_nothing_more():
    """The takeover has the upgraded instances out: that is no reason to roll it back."""
    told = story(
        upgrade(
            "bake: 10min, look_every: 1min, stop_above: 10%, then: rollback", more=', build: "2"'
        )
        + '\nat: 120s, upgrade_deployment: {build: "3"}',
        more='builds: {"2": {}, "3": {}}',
    )
    assert walks(told) == [10]
    assert told.about("upgrade_deployment-0-rollback") == []
    assert told.brief("upgrade by upgrade_deployment-1")[-1] == "320 completed"


@pytest.mark.parametrize("mode", ["Auto", "Manual"])
def test_an_operator_whose_upgrade_someone_rolls_back_does_nothing_more(mode):
    told = story(upgrade("bake: 60s") + f"\nat: 120s, rollback: {{mode: {mode}}}")
    assert walks(told) == [10]
    assert not any("Refused" in line for line in told.lines)


def test_an_operator_whose_walk_is_overtaken_does_nothing_more():
    told = story(upgrade("bake: 60s") + "\nat: 50s, rollback: {}")
    assert walks(told) == [10]
    assert told.brief(UP)[-1] == "150 rolled_back"


def test_a_walk_that_is_stuck_keeps_the_operator_waiting():
    told = story(
        upgrade("bake: 60s, stop_above: 10%, then: rollback"),
        more='builds: {"2": {fails_to_start: 100%}}',
    )
    assert told.brief(UP) == ["10 upgrading", "1810 stuck"]
    assert walks(told) == [10]


def test_each_deployment_has_its_own_operator():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "3", slot: staging, mode: Manual, operator: {bake: 60s}}
        at: 50s, upgrade_deployment: {build: "3", mode: Manual, operator: {bake: 500s}}
        """,
        more='staging: {build: "2"}',
    )
    assert told.brief("upgrade by upgrade_deployment-0") == ["10 upgrading", "270 completed"]
    assert told.brief("upgrade by upgrade_deployment-1") == ["50 upgrading", "750 completed"]


def test_an_operations_name_may_look_like_that_of_an_operators_walk():
    told = story(
        """
        at: 10s, name: up, upgrade_deployment: {mode: Manual, operator: {bake: 60s}}
        at: 40min, name: up-walk-0, reboot_instance: {instance: W_IN_0}
        """
    )
    assert told.brief("upgrade by up") == ["10 upgrading", "270 completed"]
    assert told.ready("W_IN_0") == [110, 2500]
