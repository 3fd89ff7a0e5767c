"""What a run itself notices of configurations, by logs with one row wrong."""

from __future__ import annotations

from service_log import GROWN, TOLD, Service

NAME = "change_configuration-0"
MADE = f"""
    10 {NAME} -> InProgress
    10 W_IN_2 -> CreatingVM/1 because {NAME}
    110 W_IN_2 -> ReadyRole because {NAME}
    110 {NAME} -> Succeeded because {NAME}
"""


def without(text, *parts):
    return "\n".join(line for line in text.splitlines() if not any(x in line for x in parts))


def test_everyone_is_told():
    assert Service(GROWN).audit(MADE + TOLD) is None
    for instance in ("W_IN_0", "W_IN_2 "):
        text = MADE + without(TOLD, f"of {instance}")
        told = Service(GROWN).audit(text)
        assert told == "s: an instance was not told of its role's configuration"


def test_a_number_rises_by_one():
    twice = Service(GROWN, GROWN)
    told = twice.audit(MADE + TOLD.replace("-> 2", "-> 3"))
    assert told == "s: the number of a role's configuration did not rise by one"


def test_all_roles_are_updated():
    roles = {"A": {"instances": 1, "restart": "1s"}, "W": {"instances": 2, "restart": "100s"}}
    service = Service(GROWN, roles=roles)
    told = service.audit(MADE + TOLD)
    assert told == "s: instances came or went, and the configuration of a role is as before"
    other = f"""
        10 configuration of A -> 2 because {NAME}
        10 configuration of A_IN_0 -> 2 because configuration of A
    """
    assert service.audit(MADE + TOLD + other) is None


GIVEN = {"all_roles": [{"id": "rdp"}], "named_roles": {"W": [{"id": "rdp", "state": "Disable"}]}}
HAS = f"""
    10 {NAME} -> InProgress
    10 configuration of W -> 2 because {NAME}
    10 configuration of W_IN_0 -> 2 because configuration of W
    10 configuration of W_IN_1 -> 2 because configuration of W
    10 extension rdp of all roles -> Enable/AllRoles because {NAME}
    10 extension rdp of W -> Disable/NamedRoles because {NAME}
    10 {NAME} -> Succeeded because {NAME}
"""


def test_a_role_has_what_its_deployment_was_given():
    asked = ("change_configuration", {"extension_configuration": GIVEN})
    service = Service(asked, extensions=[{"id": "rdp", "json": True}])
    assert service.audit(HAS) is None
    for wrong in (
        HAS.replace("Disable/NamedRoles", "Enable/AllRoles"),
        without(HAS, "extension rdp of W"),
    ):
        told = service.audit(wrong)
        assert told == "s: a role has other extensions than its deployment was given"
