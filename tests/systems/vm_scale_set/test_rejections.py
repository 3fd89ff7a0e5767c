"""What the Compute service receives and refuses: by which rule, and with which code."""

from __future__ import annotations

import foretelling
import pytest
from set_story import scenario

from sim.systems.vm_scale_set.rejections import (
    BREACHES,
    REJECTIONS,
    RULES,
    accepted,
    answer,
    by_request,
)
from sim.systems.vm_scale_set.requests import (
    CancelRollingUpgrade,
    ManualUpgrade,
    PublishImage,
    Reimage,
    Scale,
    SetProtection,
    StartExtensionUpgrade,
    StartOsUpgrade,
    UpdateModel,
)


@pytest.mark.parametrize(
    ("rule", "http_status", "code"),
    [
        ("rolling upgrade in progress", 409, "OperationNotAllowed"),
        ("no rolling upgrade in progress", 409, "OperationNotAllowed"),
        ("no image published", 409, "OperationNotAllowed"),
        ("instances protected", 409, "OperationNotAllowed"),
        ("quota exceeded", 409, "OperationNotAllowed"),
        ("no such instance", 404, "InstanceIdNotFound"),
        ("instances unhealthy", 409, "VMExtensionProvisioningError"),
        ("cancelled", 409, "OperationPreempted"),
        ("superseded", 409, "OperationPreempted"),
    ],
)
def test_a_rule_has_its_code(rule, http_status, code):
    assert REJECTIONS[rule][:2] == (http_status, code)
    assert rule in RULES


def test_a_breach_has_the_documented_code():
    assert [REJECTIONS[each].code for each in BREACHES] == [
        "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade",
        "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade",
        "MaxUnhealthyInstancePercentExceededInRollingUpgrade",
    ]
    assert {REJECTIONS[each].http_status for each in BREACHES} == {409}


def test_each_rule_says_something_else():
    messages = [REJECTIONS[rule].message for rule in RULES]
    assert len(set(messages)) == len(messages) == 12


@pytest.mark.parametrize("body", [ManualUpgrade, Reimage, SetProtection])
def test_a_number_that_no_instance_ever_has_is_refused_whenever_it_is_sent(body):
    assert by_request(body(instances=(0, 4)), 4, None) == "no such instance"
    assert by_request(body(instances=(3, 0)), 4, None) is None
    assert by_request(body(instances="all"), 4, None) is None


def test_other_requests_are_judged_when_they_are_sent():
    for body in (Scale(instances=99), UpdateModel(), StartOsUpgrade(image="2")):
        assert by_request(body, 4, None) is None


def test_a_capacity_beyond_the_quota_is_refused_whenever_it_is_asked_for():
    assert by_request(Scale(instances=6), 9, 5) == "quota exceeded"
    assert by_request(Scale(instances=5), 9, 5) is None
    assert by_request(UpdateModel(), 9, 5) is None


def test_a_request_whose_work_goes_on_is_answered_202():
    """A PUT or PATCH of the set, or of an instance, is answered 200."""
    started = (
        StartOsUpgrade(),
        StartExtensionUpgrade(extensions="2"),
        CancelRollingUpgrade(),
        ManualUpgrade(instances="all"),
        Reimage(instances="all"),
    )
    put = (UpdateModel(), Scale(instances=1), SetProtection(instances="all"))
    assert {accepted(body) for body in started} == {202}
    assert {accepted(body) for body in put} == {200}
    assert accepted(PublishImage(image="2")) is None


def test_an_os_upgrade_is_told_that_another_one_runs():
    rule = "rolling upgrade in progress"
    assert answer(rule, StartOsUpgrade()).message == "another rolling upgrade is in progress"
    assert answer(rule, UpdateModel()) == REJECTIONS[rule]
    assert answer("cancelled", StartOsUpgrade()) == REJECTIONS["cancelled"]


def test_a_refusal_is_predicted_with_its_place():
    asked = (100, {"reimage": {"instances": [0, 9]}}), (200, {"update_model": {"image": "2"}})
    predicted = foretelling.predicted_rejections(scenario(*asked))
    assert [path for path, _ in predicted] == [("operations", 0, "reimage")]
    assert "404 InstanceIdNotFound" in predicted[0][1]


def test_a_scale_beyond_the_quota_is_predicted_with_its_place():
    predicted = foretelling.predicted_rejections(
        scenario((100, {"scale": {"instances": 6}}), quota=5)
    )
    assert [path for path, _ in predicted] == [("operations", 0, "scale")]
    assert "409 OperationNotAllowed" in predicted[0][1]
    assert "would exceed the quota" in predicted[0][1]
