"""What the service of an Arc fleet would refuse, by which rule, with which code and words."""

from __future__ import annotations

import foretelling
import pytest
from any_fleet import AGENT, GROUPS, MONITOR, OWN, VAULT, fleet, publish, refused, scenario

from sim.systems.arc_fleet.rejections import REJECTIONS, answer, by_request

AUTOMATIC = {"enable_automatic_upgrade": True}
VAULT_LINUX = {"publisher": VAULT, "type": "KeyVaultForLinux", "version": "1.0"}


def rule(operation, **keys):
    """The rule that the only request of a fleet breaks by what it says."""
    s = scenario(operation, **keys)
    return by_request(s.operations[0].body, s.systems["f"])


def predicted_rejections(*operations, **keys):
    """Path and sentence of each refusal that is foretold."""
    found = foretelling.predicted_rejections(scenario(*operations, **keys))
    return [(".".join(map(str, path)), sentence) for path, sentence in found]


def opt(kind="Own", **body):
    return {"set_automatic_upgrade": {"type": kind, "enabled": True} | body}


def test_a_type_that_is_not_supported_is_not_enrolled():
    """Source: the answer of the service for virtual machines ("does not support setting ...")."""
    assert rule(opt(), extensions=[OWN]) == "not supported"
    assert rule({"put_extension": OWN | AUTOMATIC}) == "not supported"
    assert rule(opt(), extensions=[OWN], also_supported=["contoso/OWN"]) is None
    assert rule({"put_extension": OWN | AUTOMATIC}, also_supported=["Contoso/Own"]) is None


def test_a_type_that_is_not_supported_may_be_opted_out_put_and_pushed():
    assert rule(opt(enabled=False), extensions=[OWN]) is None
    assert rule({"put_extension": OWN}) is None
    assert rule({"upgrade_extensions": {"targets": {"Contoso.Own": "2"}}}, extensions=[OWN]) is None
    release = {"publish_extension": {"type": "Own", "version": "1.1"}}
    assert rule(release, extensions=[OWN]) is None


def test_the_document_that_is_chosen_decides():
    groups = {"groups": {"a": {"count": 1}}}
    windows = VAULT_LINUX | {"type": "KeyVaultForWindows"}
    assert rule({"put_extension": windows | AUTOMATIC}, **groups) is None
    spec = {"supported": "2021-12", "extensions": [OWN]}
    assert rule({"put_extension": windows | AUTOMATIC}, **groups, **spec) == "not supported"
    assert rule({"put_extension": VAULT_LINUX | AUTOMATIC}, **groups, **spec) is None


@pytest.mark.parametrize(
    ("group", "broken"), [("shops", None), ("ships", "operating system"), (None, None)]
)
def test_an_extension_is_put_on_machines_of_its_operating_system(group, broken):
    named = {"group": group} if group else {}
    assert rule({"put_extension": VAULT_LINUX | named}, groups=GROUPS) == broken


def test_an_extension_for_no_machine_of_the_fleet_is_refused():
    groups = {"ships": GROUPS["ships"]}
    body = {"put_extension": VAULT_LINUX}
    assert rule(body, groups=groups, extensions=[OWN]) == "operating system"


def test_a_release_is_never_refused():
    assert rule(publish("99.0", unhealthy="100%")) is None


@pytest.mark.parametrize(
    ("name", "status", "code", "words"),
    [
        (
            "not supported",
            400,
            "BadRequest",
            "the extension Contoso.Own does not support setting enableAutomaticUpgrade to true",
        ),
        (
            "operating system",
            400,
            "BadRequest",
            "the extension Contoso.Own is not for the operating system of the machines",
        ),
        (
            "no such extension",
            404,
            "ResourceNotFound",
            "the machines do not have the extension Contoso.Own",
        ),
    ],
)
def test_every_refusal_has_its_code_and_words(name, status, code, words):
    body = scenario({"put_extension": OWN}).operations[0].body
    assert answer(name, body) == (status, code, words)
    assert len(REJECTIONS) == 3


# What is foretold --------------------------------------------------------------------------------


def test_what_a_request_says_is_foretold_with_its_place():
    assert predicted_rejections(publish(), opt(), extensions=[AGENT, OWN]) == [
        (
            "operations.1.set_automatic_upgrade",
            "set_automatic_upgrade-0 will be refused: 400 BadRequest: the extension Contoso.Own does "
            "not support setting enableAutomaticUpgrade to true",
        )
    ]


PUSH = {"upgrade_extensions": {"targets": {f"{MONITOR}.{AGENT['type']}": "1.38"}, "group": "ships"}}
REPAIR = {"repair_extension": {"type": AGENT["type"], "group": "ships"}}
OPT_OUT = {"set_automatic_upgrade": {"type": AGENT["type"], "group": "ships", "enabled": False}}


@pytest.mark.parametrize("request_", [PUSH, REPAIR, OPT_OUT])
def test_that_no_machine_has_the_extension_is_foretold(request_):
    ((path, sentence),) = predicted_rejections(request_, groups=GROUPS)
    assert path == f"operations.0.{next(iter(request_))}"
    name = f"{MONITOR}.{AGENT['type']}"
    assert sentence.endswith(f"404 ResourceNotFound: the machines do not have the extension {name}")


def test_what_was_put_there_before_is_found_there():
    put, push = {"put_extension": OWN}, {"upgrade_extensions": {"targets": {"Contoso.Own": "2"}}}
    assert predicted_rejections(put, push) == []
    ((path, _),) = predicted_rejections(push, put)
    assert path == "operations.0.upgrade_extensions"


def test_what_may_have_been_put_there_before_is_missing_in_the_mean_case():
    put = {"at": {"exponential": {"mean": "1d"}}, "put_extension": OWN}
    push = {"at": "5min", "upgrade_extensions": {"targets": {"Contoso.Own": "2"}}}
    ((_, sentence),) = predicted_rejections(push, put)
    assert sentence.startswith("upgrade_extensions-0 is refused in the mean case: 404 Res")
    assert predicted_rejections(push | {"at": "25h"}, put) == []


def test_a_put_that_is_refused_puts_nothing_there():
    put = {"put_extension": OWN | AUTOMATIC}
    repair = {"repair_extension": {"type": "Own"}}
    assert [path for path, _ in predicted_rejections(put, repair)] == [
        "operations.0.put_extension",
        "operations.1.repair_extension",
    ]


# Which types are supported


@pytest.mark.parametrize(
    ("publisher", "kind", "documents"),
    [
        (VAULT, "KeyVaultForLinux", {"2021-08", "2021-12", "2025-06"}),
        (VAULT, "KeyVaultForWindows", {"2021-08", "2025-06"}),
        ("Microsoft.GuestConfiguration", "ConfigurationforLinux", {"2021-08"}),
        (MONITOR, "AzureMonitorLinuxAgent", {"2021-12", "2025-06"}),
        ("Microsoft.EnterpriseCloud.Monitoring", "OmsAgentForLinux", {"2021-12"}),
        ("Microsoft.Azure.AzureDefenderForServers", "MDE.Windows", {"2025-06"}),
        ("Microsoft.Compute", "CustomScriptExtension", set()),
    ],
)
def test_each_document_has_its_list_and_the_default_is_all_of_them(publisher, kind, documents):
    one = {"publisher": publisher.lower(), "type": kind.upper(), "version": "1.0"}
    one["enable_automatic_upgrade"] = True
    for document in ("2021-08", "2021-12", "2025-06", None):
        named = {"supported": document} if document else {}
        if document in documents or (documents and not document):
            assert fleet(extensions=[one], **named).extensions[0].enable_automatic_upgrade
        else:
            (problem,) = refused(extensions=[one], **named)
            assert problem.startswith(
                "systems.f.extensions.0.enable_automatic_upgrade: must be fal"
            )


def test_a_fleet_may_support_types_of_its_own():
    one = OWN | {"enable_automatic_upgrade": True}
    f = fleet(extensions=[one], also_supported=["contoso/own"], supported="2021-08")
    assert f.extensions[0].enable_automatic_upgrade
