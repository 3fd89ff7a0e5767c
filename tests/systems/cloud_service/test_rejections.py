"""What the service receives and refuses: by which rule, with which code, and nothing else happens."""

from __future__ import annotations

import pytest
from answers import BAD, CONFLICT, LONG, MISSING, answered, asked, properties
from foretelling import predicted_rejections
from story import story

from sim.systems.cloud_service.rejections import FIRST_VERSIONS, REJECTIONS, RULES

# What a request says --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("element", "first", "body"),
    [
        ("request", "2009-10-01", {}),
        ("Force", "2011-10-01", {"force": True}),
        ("Force", "2011-10-01", {"force": False}),
        (
            "ExtendedProperties",
            "2012-03-01",
            {"extended_properties": [{"name": "a", "value": "b"}]},
        ),
        ("Simultaneous", "2012-12-01", {"mode": "simultaneous"}),
        ("ExtensionConfiguration", "2013-03-01", {"extension_configuration": {}}),
        (
            "State",
            "2014-06-01",
            {"extension_configuration": {"all_roles": [{"id": "rdp", "state": "Enable"}]}},
        ),
    ],
)
def test_an_element_needs_its_version_of_the_api(element, first, body):
    """Source: "Upgrade Deployment", request body."""
    extensions = [{"id": "rdp", "json": True}]
    year = int(first[:4])
    old = first.replace(str(year), str(year - 1))
    rule, code, message = answered(asked(body | {"x_ms_version": old}, extensions=extensions))
    assert (rule, code) == (f"version of {element}", BAD)
    assert message == f"x-ms-version {old} is too old for {element}, which needs {first} or higher"
    for enough in (first, "newest"):
        accepted = asked(body | {"x_ms_version": enough}, extensions=extensions)
        assert accepted.brief("it")[0] == "600 InProgress"
    assert FIRST_VERSIONS[element] == first


def test_an_old_version_is_enough_for_a_plain_request():
    assert asked({"x_ms_version": "2009-10-01"}).brief("it")[0] == "600 InProgress"


@pytest.mark.parametrize(("length", "refused"), [(100, False), (101, True)])
def test_a_label_has_up_to_100_characters(length, refused):
    told = asked({"label": "x" * length})
    if refused:
        assert answered(told)[:2] == ("label", BAD)
    else:
        assert told.brief("it")[0] == "600 InProgress"


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (properties(*(f"p{k}" for k in range(26))), "too many properties"),
        (properties("9a"), "property name"),
        (properties("_a"), "property name"),
        (properties("a-b"), "property name"),
        (properties("naïve"), "property name"),
        (properties(""), "property name"),
        (properties("a" * 65), "property name"),
        (properties("9a", value=None), "property name"),
        (properties("a", value="v" * 256), "property value"),
        (properties("a", value=""), "property empty"),
        (properties("a", "b", "a"), "property twice"),
    ],
)
@pytest.mark.parametrize("kind", ["upgrade_deployment", "change_configuration"])
def test_a_bad_extended_property_is_refused(body, rule, kind):
    assert answered(asked(body, kind=kind))[:2] == (rule, BAD)


def test_extended_properties_may_go_to_their_limits():
    names = [f"a{'b' * (61 - len(str(k)))}_{k}" for k in range(25)]
    assert {len(name) for name in names} == {63}
    told = asked(properties(*names, value="v" * 255))
    assert told.brief("it")[0] == "600 InProgress"


def extension(identity, state=None, role=None):
    one = {"id": identity} | ({"state": state} if state else {})
    where = {"named_roles": {role: [one]}} if role else {"all_roles": [one]}
    return {"extension_configuration": where}


@pytest.mark.parametrize("role", [None, "W"])
@pytest.mark.parametrize(
    ("identity", "state", "rule"),
    [
        ("nowhere", None, "extension unknown"),
        ("xml", "Disable", "extension state"),
        ("xml", None, None),
        ("rdp", "Uninstall", None),
    ],
)
def test_an_extension_is_added_first_and_has_a_state_only_if_configured_by_json(
    identity, state, rule, role
):
    told = asked(
        extension(identity, state, role), extensions=[{"id": "rdp", "json": True}, {"id": "xml"}]
    )
    if rule:
        assert answered(told)[:2] == (rule, BAD)
    else:
        assert told.brief("it")[0] == "600 InProgress"


@pytest.mark.parametrize("kind", ["upgrade_deployment", "change_configuration"])
def test_a_change_of_the_vm_size_always_needs_force(kind):
    assert answered(asked({"changes": ["vm_size"]}, kind=kind))[:2] == ("force", BAD)
    assert answered(asked({"changes": ["vm_size"], "force": False}, kind=kind))[0] == "force"
    accepted = asked({"changes": ["vm_size"], "force": True}, kind=kind)
    assert accepted.brief("it")[0] == "600 InProgress"


@pytest.mark.parametrize("change", ["local_storage", "endpoints"])
def test_other_changes_need_no_force(change):
    assert asked({"changes": [change]}).brief("it")[0] == "600 InProgress"


def test_a_walk_of_a_domain_that_no_service_of_its_kind_has():
    told = asked({"upgrade_domain": 5}, kind="walk_upgrade_domain")
    assert answered(told)[:2] == ("no such domain", BAD)


# What the service's state forbids -------------------------------------------------------------

UP = {"at": "1min", "upgrade_deployment": {}}
MANUAL = {"at": "1min", "upgrade_deployment": {"mode": "Manual"}}


def owning(*names, value="v"):
    return {"at": "1min", "change_configuration": properties(*names, value=value)}


def test_a_property_that_the_service_owns_is_legal_only_with_null():
    told = asked(properties("a"), before=[owning("a", "b")], kind="change_configuration")
    assert answered(told)[:2] == ("property owned", BAD)
    told = asked(properties("a", value=None), before=[owning("a")], kind="change_configuration")
    assert told.brief("it")[0] == "600 InProgress"


def test_a_deleted_property_may_be_given_again():
    before = [owning("a"), {"at": "2min"} | _change(properties("a", value=None))]
    assert asked(properties("a"), before=before).brief("it")[0] == "600 InProgress"


def _change(body):
    return {"change_configuration": body}


@pytest.mark.parametrize(("more", "refused"), [(1, False), (2, True)])
def test_25_properties_are_counted_over_the_service(more, refused):
    before = [owning(*(f"p{k}" for k in range(24)))]
    told = asked(properties(*(f"q{k}" for k in range(more))), before=before)
    if refused:
        assert answered(told)[:2] == ("too many properties", BAD)
    else:
        assert told.brief("it")[0] == "600 InProgress"


def test_what_is_deleted_in_the_same_request_makes_room():
    before = [owning(*(f"p{k}" for k in range(25)))]
    body = {
        "extended_properties": [{"name": "p0", "value": None}, {"name": "q0", "value": "v"}],
    }
    assert asked(body, before=before).brief("it")[0] == "600 InProgress"


def test_a_refused_request_leaves_no_property_behind():
    refused = {"at": "1min", "upgrade_deployment": properties("a") | {"label": "x" * 101}}
    assert asked(properties("a"), before=[refused]).brief("it")[0] == "600 InProgress"


@pytest.mark.parametrize(
    ("kind", "body", "before", "system", "rule", "code"),
    [
        ("walk_upgrade_domain", {"upgrade_domain": 0}, [], {}, "no update", CONFLICT),
        ("walk_upgrade_domain", {"upgrade_domain": 2}, [MANUAL], {}, "no such domain", BAD),
        ("walk_upgrade_domain", {"upgrade_domain": 1}, [MANUAL], {}, "out of order", CONFLICT),
        (
            "walk_upgrade_domain",
            {"upgrade_domain": 1},
            [UP],
            {"roles": LONG},
            "not manual",
            CONFLICT,
        ),
        (
            "walk_upgrade_domain",
            {"upgrade_domain": 0},
            [MANUAL, {"at": "2min", "walk_upgrade_domain": {"upgrade_domain": 0}}],
            {},
            "out of order",
            CONFLICT,
        ),
        (
            "walk_upgrade_domain",
            {"upgrade_domain": 1},
            [MANUAL, {"at": "2min", "walk_upgrade_domain": {"upgrade_domain": 0}}],
            {"roles": LONG},
            "still walking",
            CONFLICT,
        ),
        ("rollback", {}, [], {}, "no update", CONFLICT),
        ("rollback", {}, [UP], {}, "no update", CONFLICT),
        (
            "rollback",
            {},
            [UP, {"at": "9min", "rollback": {}}],
            {"roles": LONG},
            "cannot roll back",
            CONFLICT,
        ),
        (
            "rollback",
            {"force": True},
            [{"at": "1min", "upgrade_deployment": {"changes": ["local_storage"]}}],
            {"roles": LONG},
            "local resources",
            CONFLICT,
        ),
        (
            "rollback",
            {},
            [{"at": "1min", "upgrade_deployment": {"changes": ["vm_size"], "force": True}}],
            {"roles": LONG},
            "force",
            BAD,
        ),
        (
            "reboot_instance",
            {"instance": "W_IN_1"},
            [{"at": "1min", "change_configuration": {"configuration": {"W": 1}}}],
            {},
            "no such instance",
            MISSING,
        ),
        (
            "reimage_instance",
            {"instance": "W_IN_1"},
            [{"at": "1min", "update_status": {"status": "Suspended"}}],
            {},
            "suspended",
            CONFLICT,
        ),
        ("swap", {}, [], {}, "no staging", CONFLICT),
        ("swap", {}, [UP], {"roles": LONG, "staging": {"build": "2"}}, "locked", CONFLICT),
        (
            "swap",
            {},
            [{"at": "1min", "upgrade_deployment": {"slot": "staging"}}],
            {"roles": LONG, "staging": {"build": "1"}},
            "locked",
            CONFLICT,
        ),
    ],
)
def test_a_request_that_the_state_forbids_is_refused_and_changes_nothing(
    kind, body, before, system, rule, code
):
    told = asked(body, before=before, kind=kind, **system)
    assert answered(told)[:2] == (rule, code)
    without = asked({}, before=before, kind="change_configuration", **system)
    # Where a swap may come the slots are named by where they began.
    lines = [line.replace(" (began in staging)", " (staging)") for line in told.lines]
    assert [line for line in lines if " it " not in line] == [
        line for line in without.lines if " it " not in line
    ]
    assert told.lines.count(told.about("it")[0]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"label": "x" * 101, "configuration": {"W": 5}},
        {"changes": ["vm_size"], "mode": "Manual", "operator": {"bake": "1min"}},
        properties("9a") | {"mode": "Simultaneous"},
    ],
)
def test_a_refused_upgrade_changes_nothing(body):
    told = asked(body)
    assert told.lines == told.about("it")
    assert not told.rollouts_ended
    assert told.measure("finished") == 0


def test_the_first_rule_broken_is_the_one_told():
    body = {"x_ms_version": "2009-01-01", "label": "x" * 101, "force": True}
    assert answered(asked(body))[0] == "version of request"


# Accepted, and failed later -------------------------------------------------------------------


def test_a_reboot_of_an_instance_that_is_removed_meanwhile_fails():
    told = story(
        """
        at: 10s, reboot_instance: {instance: W_IN_1}
        at: 50s, change_configuration: {configuration: {W: 1}}
        """
    )
    assert told.brief("reboot_instance-0") == ["10 InProgress", "50 Failed/gone"]
    row = told.operation("reboot_instance-0")
    assert (row["http_status"], row["code"]) == MISSING
    assert (row["status"], row["at_s"], row["ended_s"]) == ("Failed", 10.0, 50.0)


def test_an_overtaken_upgrade_fails_with_a_conflict():
    told = story("at: 10s, upgrade_deployment: {}\nat: 50s, rollback: {}")
    row = told.operation("upgrade_deployment-0")
    assert (row["status"], row["http_status"], row["code"]) == ("Failed", *CONFLICT)


# Foretold -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "body", "rule"),
    [
        ("upgrade_deployment", {"label": "x" * 101}, "label"),
        ("upgrade_deployment", {"changes": ["vm_size"]}, "force"),
        ("walk_upgrade_domain", {"upgrade_domain": 9}, "no such domain"),
        ("swap", {}, "no staging"),
    ],
)
def test_a_refusal_that_follows_from_the_file_alone_is_foretold(kind, body, rule):
    told = asked(body, kind=kind)
    ((path, sentence),) = predicted_rejections(told.simulation.scenario)
    assert path == ("operations", 0, kind)
    rejection = REJECTIONS[rule]
    assert sentence.startswith(f"it will be refused: {rejection.http_status} {rejection.code}")


def test_what_the_state_of_the_service_forbids_is_foretold():
    told = asked({"upgrade_domain": 0}, kind="walk_upgrade_domain")
    ((_, sentence),) = predicted_rejections(told.simulation.scenario)
    assert sentence == (
        "it will be refused: 409 ConflictError: no update or upgrade is in progress: allowed "
        "while there is one"
    )


def test_every_rule_has_an_answer_with_a_status_of_a_client_error():
    assert {REJECTIONS[rule].http_status for rule in RULES} == {400, 404, 409}
