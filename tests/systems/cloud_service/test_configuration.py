"""Updates of configurations: who is told, which extensions each role has, when slots may swap."""

from __future__ import annotations

import pytest
from answers import BAD, CONFLICT, MISSING, answered, asked
from story import story

TWO = "Web: {instances: 2, restart: 100s}, Worker: {instances: 1, restart: 100s}"
RDP = "extensions: [{id: rdp, json: true}, {id: log}]"


def change(keys, at=10):
    return f"at: {at}s, change_configuration: {{{keys}}}"


def given(text):
    return f"extension_configuration: {{{text}}}"


def of_configurations(told):
    return [line for line in told.wants if " configuration of " in line]


def extensions(told, at=3600):
    """By role its extensions and their states."""
    roles = told.status(at)["RoleList"]
    return {
        role["RoleName"]: {each["Id"]: each["State"] for each in role["Extensions"]}
        for role in roles
    }


def numbers(told, at=3600):
    return [role["ConfigurationNumber"] for role in told.status(at)["RoleList"]]


# Adding and removing instances ----------------------------------------------------------------


def test_a_scale_out_of_one_role_is_an_update_of_all_roles_and_everyone_is_told():
    """Source: "Upgrade Deployment", remarks."""
    told = story(change("configuration: {Web: 3}"), TWO)
    assert of_configurations(told) == [
        "10 configuration of Web 1 -> 2 because change_configuration-0",
        "10 configuration of Web_IN_0 1 -> 2 because configuration of Web",
        "10 configuration of Web_IN_1 1 -> 2 because configuration of Web",
        "10 configuration of Web_IN_2 absent -> 2 because configuration of Web",
        "10 configuration of Worker 1 -> 2 because change_configuration-0",
        "10 configuration of Worker_IN_0 1 -> 2 because configuration of Worker",
    ]
    assert (numbers(told, 9), numbers(told, 10)) == ([1, 1], [2, 2])
    assert told.measure("min_capacity") == 1  # nobody restarts
    rows = told.model.members(told.log)
    assert [(row["instance"], row["configuration"]) for row in rows] == [
        ("Web_IN_0", 2),
        ("Web_IN_1", 2),
        ("Web_IN_2", 2),
        ("Worker_IN_0", 2),
    ]


def test_who_is_removed_knows_no_configuration_any_more():
    told = story(
        f"at: 10s, upgrade_deployment: {{}}\n{change('configuration: {Web: 1}', 900)}", TWO
    )
    assert of_configurations(told)[1:3] == [
        "900 configuration of Web_IN_0 1 -> 2 because configuration of Web",
        "900 configuration of Web_IN_1 1 -> absent because configuration of Web",
    ]
    (gone,) = [row for row in told.model.members(told.log) if row["instance"] == "Web_IN_1"]
    assert gone["configuration"] == 0


def test_restarts_decides_whether_they_restart():
    told = story(change("configuration: {Web: 3}, restarts: true"), TWO)
    assert numbers(told) == [2, 2]
    assert [told.taken(each) for each in ("Web_IN_0", "Web_IN_1", "Web_IN_2")] == [
        [10.0],
        [110.0],
        [10.0],
    ]


@pytest.mark.parametrize(
    "operations",
    [
        "at: 10s, upgrade_deployment: {}",
        change("configuration: {Web: 2}"),  # it has so many already
        "at: 10s, reboot_instance: {instance: Web_IN_0}",
        "at: 10s, guest_os_update: {}",
        change("configuration: {Web: 3}, changes: [vm_size]"),  # refused: no force
    ],
)
def test_what_brings_and_takes_no_instance_updates_no_configuration(operations):
    told = story(operations, TWO)
    assert of_configurations(told) == []
    assert numbers(told) == [1, 1]


def test_a_rollback_of_a_restart_is_another_update():
    told = story(f"{change('restarts: true')}\nat: 50s, rollback: {{}}", TWO)
    assert numbers(told, 49) == [2, 2]
    assert numbers(told) == [3, 3]


def test_a_rollback_leaves_the_numbers_of_instances_and_so_the_configuration():
    told = story(
        "at: 10s, upgrade_deployment: {configuration: {Web: 3}}\nat: 50s, rollback: {}", TWO
    )
    assert numbers(told) == [2, 2]


def test_each_deployment_has_configurations_of_its_own_which_move_with_it():
    told = story(
        f"{change('slot: staging, configuration: {Web: 3}')}\nat: 500s, swap: {{}}",
        TWO,
        more='staging: {build: "2"}',
    )
    assert (numbers(told, 499), numbers(told, 500)) == ([1, 1], [2, 2])


# Extensions -----------------------------------------------------------------------------------


def test_what_each_role_has_is_told_with_its_state_its_time_and_its_operation():
    """By hand: AllRoles reaches both roles, and Web's own entry wins."""
    shared = "all_roles: [{id: rdp}, {id: log}], named_roles: {Web: [{id: rdp, state: disable}]}"
    told = story(change(given(shared), 600), TWO, more=RDP)
    assert [line for line in told.wants if " extension " in line] == [
        "600 extension rdp of all roles absent -> Enable/AllRoles because change_configuration-0",
        "600 extension log of all roles absent -> Enable/AllRoles because change_configuration-0",
        "600 extension rdp of Web absent -> Disable/NamedRoles because change_configuration-0",
        "600 extension log of Web absent -> Enable/AllRoles because change_configuration-0",
        "600 extension rdp of Worker absent -> Enable/AllRoles because change_configuration-0",
        "600 extension log of Worker absent -> Enable/AllRoles because change_configuration-0",
    ]
    since = {"Since": 600.0, "Operation": "change_configuration-0"}
    assert told.status(599)["ExtensionConfiguration"] == {"AllRoles": [], "NamedRoles": []}
    assert told.status(600)["ExtensionConfiguration"] == {
        "AllRoles": [
            {"Id": "rdp", "State": "Enable", **since},
            {"Id": "log", "State": "Enable", **since},
        ],
        "NamedRoles": [
            {"RoleName": "Web", "Extensions": [{"Id": "rdp", "State": "Disable", **since}]}
        ],
    }
    assert extensions(told) == {
        "Web": {"rdp": "Disable", "log": "Enable"},
        "Worker": {"rdp": "Enable", "log": "Enable"},
    }
    web, _, worker = told.model.members(told.log)
    assert web["extensions"] == (
        "rdp Disable since 10min by change_configuration-0, "
        "log Enable since 10min by change_configuration-0"
    )
    assert worker["extensions"].startswith("rdp Enable since 10min")


def test_a_role_whose_extensions_change_gets_a_new_configuration():
    told = story(change(given("named_roles: {Web: [{id: log}]}")), TWO, more=RDP)
    assert numbers(told) == [2, 1]
    assert [line.split()[3] for line in of_configurations(told)] == ["Web", "Web_IN_0", "Web_IN_1"]
    assert told.measure("min_capacity") == 1


def test_a_configuration_takes_the_place_of_the_former_one():
    told = story(
        f"{change(given('all_roles: [{id: rdp}, {id: log}]'))}\n"
        f"{change(given('all_roles: [{id: rdp}]'), 20)}\n"
        f"{change('configuration: {Web: 3}', 30)}",
        TWO,
        more=RDP,
    )
    assert extensions(told, 19)["Web"] == {"rdp": "Enable", "log": "Enable"}
    assert extensions(told) == {"Web": {"rdp": "Enable"}, "Worker": {"rdp": "Enable"}}
    (rdp,) = told.status(3600)["ExtensionConfiguration"]["AllRoles"]
    assert rdp["Since"] == 10.0  # the same ever since
    assert numbers(told) == [4, 4]


def test_an_upgrade_that_is_rolled_back_gives_back_the_extensions():
    told = story(
        f"{change(given('all_roles: [{id: log}]'))}\n"
        f"at: 20s, upgrade_deployment: {{{given('all_roles: [{id: rdp, state: Uninstall}]')}}}\n"
        "at: 50s, rollback: {}",
        TWO,
        more=RDP,
    )
    assert extensions(told, 49)["Worker"] == {"rdp": "Uninstall"}
    assert extensions(told)["Worker"] == {"log": "Enable"}
    shown = told.status(3600)["ExtensionConfiguration"]["AllRoles"]
    assert [(each["Since"], each["Operation"]) for each in shown] == [(50.0, "rollback-0")]
    assert numbers(told) == [4, 4]


def test_what_a_completed_upgrade_brought_stays_when_the_next_one_is_rolled_back():
    told = story(
        f"at: 10s, upgrade_deployment: {{{given('all_roles: [{id: log}]')}}}\n"
        f"at: 900s, upgrade_deployment: {{{given('')}}}\nat: 950s, rollback: {{}}",
        TWO,
        more=RDP,
    )
    assert extensions(told, 949) == {"Web": {}, "Worker": {}}
    assert extensions(told)["Web"] == {"log": "Enable"}


def test_what_was_configured_beside_an_upgrade_stays_when_that_is_rolled_back():
    told = story(
        f"at: 10s, upgrade_deployment: {{}}\n{change(given('all_roles: [{id: log}]'), 20)}\n"
        "at: 50s, rollback: {}",
        TWO,
        more=RDP,
    )
    assert extensions(told)["Web"] == {"log": "Enable"}


# Extensions of the service --------------------------------------------------------------------

ADD = {"at": "1min", "add_extension": {"id": "mon", "json": True}}
USE = {
    "at": "2min",
    "change_configuration": {"extension_configuration": {"all_roles": [{"id": "mon"}]}},
}
DELETE = {"at": "3min", "delete_extension": {"id": "mon"}}


def using(extension, state=None):
    one = {"id": extension} | ({"state": state} if state else {})
    return {"extension_configuration": {"named_roles": {"W": [one]}}}


def test_an_extension_may_be_configured_once_it_was_added():
    told = asked(using("mon", "Enable"), before=[ADD])
    assert told.brief("extension mon") == ["60 added/JSON"]
    assert told.brief("extension mon of W") == ["600 Enable/NamedRoles"]
    early = asked(using("mon"), before=[{"at": "11min", "add_extension": {"id": "mon"}}])
    assert answered(early)[:2] == ("extension unknown", BAD)


def test_an_extension_that_was_deleted_is_not_there_any_more():
    told = asked(using("mon"), before=[ADD, DELETE], kind="change_configuration")
    assert answered(told)[:2] == ("extension unknown", BAD)
    assert told.brief("extension mon") == ["60 added/JSON", "180 absent"]


def test_an_extension_may_come_back_configured_in_another_way():
    again = {"at": "4min", "add_extension": {"id": "mon"}}
    told = asked(using("mon", "Disable"), before=[ADD, DELETE, again])
    assert answered(told)[:2] == ("extension state", BAD)


@pytest.mark.parametrize("slot", ["production", "staging"])
def test_an_extension_that_a_deployment_uses_cannot_be_deleted(slot):
    use = {"at": "2min", "change_configuration": {"slot": slot, **using("mon")}}
    told = asked({"id": "mon"}, before=[ADD, use], kind="delete_extension", staging={"build": "2"})
    rule, code, message = answered(told)
    assert (rule, code) == ("extension in use", BAD)
    assert message.startswith("a deployment uses the extension mon: allowed once its")
    assert "extension mon" in told.wants[0]


@pytest.mark.parametrize("after", [using("mon", "Uninstall"), {"extension_configuration": {}}])
def test_it_can_be_once_it_is_uninstalled_or_left_out(after):
    none = {"at": "5min", "change_configuration": after}
    told = asked({"id": "mon"}, before=[ADD, USE, none], kind="delete_extension")
    assert told.brief("it") == ["600 InProgress", "600 Succeeded"]


def test_an_extension_that_a_rollback_would_give_back_is_used():
    none = {"at": "5min", "upgrade_deployment": {"extension_configuration": {}, "mode": "Manual"}}
    told = asked({"id": "mon"}, before=[ADD, USE, none], kind="delete_extension")
    assert answered(told)[0] == "extension in use"


def test_what_is_there_is_not_added_and_what_is_not_is_not_deleted():
    told = asked({"id": "mon"}, before=[ADD], kind="add_extension")
    assert answered(told) == (
        "extension there",
        CONFLICT,
        "the service has an extension mon already",
    )
    told = asked({"id": "nom"}, before=[ADD], kind="delete_extension")
    assert answered(told) == ("no such extension", MISSING, "there is no extension nom")


# What else changes ----------------------------------------------------------------------------


def test_another_vm_size_restarts_the_instances_and_loses_their_local_data():
    """By hand: two domains of 100 s one after the other; Web keeps data, Worker does not."""
    roles = TWO.replace("Web: {", "Web: {local_storage: true, ")
    told = story(change("changes: [vm_size], force: true"), roles)
    assert told.measure("local_data_lost") == 2
    assert told.measure("rollout_duration") == 200
    assert numbers(told) == [2, 2]
    assert told.brief("change_configuration-0") == ["10 InProgress", "210 Succeeded"]


STAGED = 'staging: {build: "2"}'
ENDPOINTS = "changes: [endpoints]"


def up(keys, at=10):
    return f"at: {at}s, upgrade_deployment: {{{keys}}}"


@pytest.mark.parametrize(
    ("operations", "is_refused"),
    [
        (up(f"slot: staging, {ENDPOINTS}"), True),
        (up(ENDPOINTS), True),
        (change(ENDPOINTS), True),
        (up("slot: staging"), False),
        (f"{up(f'slot: staging, {ENDPOINTS}')}\n{up(ENDPOINTS, 500)}", False),
        (f"{up(f'slot: staging, {ENDPOINTS}')}\nat: 50s, rollback: {{}}", False),
        (f"{up('')}\n{change(ENDPOINTS, 20)}\nat: 50s, rollback: {{}}", True),
    ],
)
def test_deployments_with_other_endpoints_cannot_be_swapped(operations, is_refused):
    """Source: "Swap Deployment", remarks."""
    told = story(f"{operations}\nat: 900s, swap: {{}}", more=STAGED)
    row = told.operation("swap-0")
    if is_refused:
        assert (row["http_status"], row["code"]) == CONFLICT
        assert row["message"].startswith("the deployments in the two slots have other endpoints")
        assert told.status(3600)["RoleInstanceList"] == told.status(899)["RoleInstanceList"]
    else:
        assert row["status"] == "Succeeded"


def test_endpoints_move_with_their_deployment():
    told = story(f"at: 10s, swap: {{}}\n{up(ENDPOINTS, 20)}\nat: 900s, swap: {{}}", more=STAGED)
    assert told.brief("endpoints (began in staging)") == ["20 2"]
    assert told.operation("swap-1")["status"] == "Refused"
