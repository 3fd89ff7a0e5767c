"""Which requests are updates of configurations, and how their subjects are numbered."""

from __future__ import annotations

import pytest
from service_log import UPGRADE, Service

from sim.systems.cloud_service.configured import count_of_updates, states, updates
from sim.systems.cloud_service.requests import OPERATIONS, ExtensionConfiguration


def body(kind, **given):
    return OPERATIONS[kind].model_validate(given)


@pytest.mark.parametrize(
    ("kind", "given", "is_one"),
    [
        ("upgrade_deployment", {}, False),
        ("upgrade_deployment", {"configuration": {"W": 2}}, True),
        ("upgrade_deployment", {"extension_configuration": {}}, True),
        ("upgrade_deployment", {"changes": ["vm_size"], "force": True}, False),
        ("change_configuration", {}, False),
        ("change_configuration", {"restarts": True}, True),
        ("change_configuration", {"changes": ["vm_size"], "force": True}, True),
        ("change_configuration", {"changes": ["endpoints"]}, False),
        ("swap", {}, False),
    ],
)
def test_which_requests_may_be_updates_of_configurations(kind, given, is_one):
    assert updates(body(kind, **given)) == is_one


def test_a_rollback_may_be_an_update_too():
    bodies = [
        body("rollback"),
        body("upgrade_deployment"),
        body("change_configuration", restarts=True),
    ]
    assert count_of_updates(bodies) == 2


def test_a_service_whose_configuration_never_changes_has_no_subject_of_it():
    kinds = {block.kind for block in Service(UPGRADE, ("rollback", {})).model.blocks}
    assert kinds.isdisjoint(
        {"configuration", "known_configuration", "extension", "service_extension", "endpoints"}
    )


def test_each_extension_that_the_service_ever_has_is_numbered():
    given = ("change_configuration", {"extension_configuration": {"all_roles": [{"id": "b"}]}})
    service = Service(given, ("add_extension", {"id": "b"}), extensions=[{"id": "a", "json": True}])
    names = [service.subjects.name(n) for n in range(service.subjects.count)]
    assert [name for name in names if name.startswith("extension")] == [
        "extension a",
        "extension b",
        "extension a of all roles",
        "extension b of all roles",
        "extension a of W",
        "extension b of W",
    ]
    layout = service.model.layout
    assert layout.configured.ever == {"a": {True}, "b": {False}}
    place = layout.configured.states.first + layout.configured.place(0, 1, "b")
    assert service.subjects.name(place) == "extension b of W"


def test_a_roles_own_entry_wins_over_all_roles():
    given = {
        "all_roles": [{"id": "rdp"}, {"id": "log", "state": "Enable"}],
        "named_roles": {"Web": [{"id": "rdp", "state": "Disable"}], "Api": [{"id": "own"}]},
    }
    found = states(ExtensionConfiguration.model_validate(given), ["Api", "Web"])
    enable, disable, named = 1, 2, 4
    assert found == {
        (0, "rdp"): enable,
        (0, "log"): enable,
        (1, "rdp"): enable,
        (1, "log"): enable,
        (1, "own"): enable + named,
        (2, "rdp"): disable + named,
        (2, "log"): enable,
    }
