"""What Get Deployment shows of a service at an instant."""

from __future__ import annotations

from story import story

AUTO = "at: 10s, upgrade_deployment: {}"
STAGING = 'staging: {build: "2"}'


def upgrade_status(told, at):
    """UpgradeType, state and domain at an instant; None where none is in progress."""
    shown = told.status(at)["UpgradeStatus"]
    return shown and tuple(shown.values())


# Get Deployment -------------------------------------------------------------------------------


def test_get_deployment_has_the_names_of_its_elements():
    assert story(AUTO).status(50) == {
        "Status": "Running",
        "Locked": True,
        "RollbackAllowed": True,
        "UpgradeStatus": {
            "UpgradeType": "Auto",
            "CurrentUpgradeDomainState": "During",
            "CurrentUpgradeDomain": 0,
        },
        "UpgradeDomainCount": 2,
        "RoleInstanceList": [
            {
                "RoleName": "W",
                "InstanceName": "W_IN_0",
                "InstanceStatus": "BusyRole",
                "InstanceUpgradeDomain": 0,
                "InstanceFaultDomain": 0,
                "Build": "2",
            },
            {
                "RoleName": "W",
                "InstanceName": "W_IN_1",
                "InstanceStatus": "ReadyRole",
                "InstanceUpgradeDomain": 1,
                "InstanceFaultDomain": 1,
                "Build": "1",
            },
        ],
        "RoleList": [{"RoleName": "W", "ConfigurationNumber": 1, "Extensions": []}],
        "ExtensionConfiguration": {"AllRoles": [], "NamedRoles": []},
    }


def test_an_instant_shows_all_that_happens_at_it():
    told = story(AUTO)
    locked = [told.status(at)["Locked"] for at in (0, 9, 10, 209, 210, 3600)]
    assert locked == [False, False, True, True, False, False]
    assert told.status(110)["UpgradeStatus"]["CurrentUpgradeDomain"] == 1
    assert told.status(210)["UpgradeStatus"] is None


def test_a_manual_upgrade_is_before_a_domain_or_during_one():
    told = story(
        """
        at: 10s, upgrade_deployment: {mode: Manual}
        at: 100s, walk_upgrade_domain: {upgrade_domain: 0}
        at: 300s, walk_upgrade_domain: {upgrade_domain: 1}
        """
    )
    assert upgrade_status(told, 50) == ("Manual", "Before", 0)
    assert upgrade_status(told, 150) == ("Manual", "During", 0)
    assert upgrade_status(told, 250) == ("Manual", "Before", 1)
    assert upgrade_status(told, 350) == ("Manual", "During", 1)
    assert upgrade_status(told, 400) is None


def test_an_auto_walk_is_before_a_domain_while_another_has_its_turn():
    told = story(f"{AUTO}\nat: 20s, guest_os_update: {{}}")
    assert upgrade_status(told, 150) == ("Auto", "Before", 1)
    assert upgrade_status(told, 250) == ("Auto", "During", 1)


def test_the_platforms_updates_do_not_lock():
    assert story("at: 10s, guest_os_update: {}").status(50)["Locked"] is False


def test_a_rollback_has_the_mode_of_its_own_request_and_starts_from_domain_0():
    told = story(
        """
        at: 10s, upgrade_deployment: {}
        at: 150s, rollback: {mode: Manual}
        at: 300s, walk_upgrade_domain: {upgrade_domain: 0}
        """
    )
    assert upgrade_status(told, 149) == ("Auto", "During", 1)
    assert upgrade_status(told, 200) == ("Manual", "Before", 0)
    assert upgrade_status(told, 350) == ("Manual", "During", 0)
    assert upgrade_status(told, 450) == ("Manual", "Before", 1)
    assert told.status(200)["RollbackAllowed"] is False
    assert told.status(200)["Locked"] is True


def test_after_a_takeover_the_new_upgrade_is_shown():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 150s, upgrade_deployment: {build: "3", mode: Manual}
        """,
        more='builds: {"2": {}, "3": {}}',
    )
    assert upgrade_status(told, 160) == ("Manual", "Before", 0)  # domain 1 is the former's


def test_a_rollback_is_allowed_until_every_covered_instance_is_up_to_date():
    told = story(
        "at: 10s, upgrade_deployment: {role_to_upgrade: A}",
        "A: {instances: 2, restart: 100s}, B: {instances: 2, restart: 100s}",
    )
    allowed = [told.status(at)["RollbackAllowed"] for at in (9, 10, 209, 210)]
    assert allowed == [False, True, True, False]


def test_an_upgrade_that_changes_local_storage_shows_that_it_cannot_go_back():
    told = story("at: 10s, upgrade_deployment: {changes: [local_storage]}")
    assert (told.status(50)["Locked"], told.status(50)["RollbackAllowed"]) == (True, False)


def test_a_restart_to_the_same_build_may_be_rolled_back_until_all_have_restarted():
    told = story("at: 10s, change_configuration: {restarts: true}\nat: 150s, rollback: {}")
    assert told.status(149)["RollbackAllowed"] is True
    # Nobody is on another build: there is nothing to do.
    assert told.brief("upgrade by change_configuration-0")[1:] == [
        "150 rolling_back",
        "150 rolled_back",
    ]


def test_a_suspended_service_shows_it():
    told = story(
        """
        at: 10s, update_status: {status: Suspended}
        at: 20s, change_configuration: {configuration: {W: 3}}
        at: 100s, update_status: {status: Running}
        """
    )
    assert [told.status(at)["Status"] for at in (5, 10, 50, 100)] == [
        "Running",
        "Suspended",
        "Suspended",
        "Running",
    ]


def test_a_cold_instance_shows_ready_role():
    told = story(AUTO, "W: {instances: 1, restart: 100s, slow_start: {for: 50s, serves: 10%}}")
    assert told.status(120)["RoleInstanceList"][0]["InstanceStatus"] == "ReadyRole"


def test_what_is_shown_is_of_the_deployment_in_production():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "3", slot: staging}
        at: 300s, swap: {}
        at: 310s, upgrade_deployment: {build: "4"}
        """,
        more=STAGING + '\n    builds: {"2": {}, "3": {}, "4": {}}',
    )
    assert told.status(50)["Locked"] is False
    assert [each["Build"] for each in told.status(305)["RoleInstanceList"]] == ["3", "3"]
    assert upgrade_status(told, 350) == ("Auto", "During", 0)
    assert told.status(350)["RollbackAllowed"] is True


# Operations -----------------------------------------------------------------------------------


# Members and series ---------------------------------------------------------------------------


# Lanes ----------------------------------------------------------------------------------------
