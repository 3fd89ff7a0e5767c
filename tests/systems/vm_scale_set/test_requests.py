"""What may be asked of a scale set: the bodies of its operations and their defaults."""

from __future__ import annotations

import pytest
from set_story import refused, scenario

from sim.systems.vm_scale_set.requests import BEGINS, OF_INSTANCES, OPERATIONS

INSTANCES = ("manual_upgrade", "reimage", "set_protection")


def body(**asked):
    """The body of the only operation of a file."""
    (operation,) = scenario((100, asked)).operations
    return operation.body


def test_operations_are_named_as_the_requests_of_the_rest_api():
    assert list(OPERATIONS) == [
        "update_model",
        "start_os_upgrade",
        "start_extension_upgrade",
        "cancel_rolling_upgrade",
        "manual_upgrade",
        "reimage",
        "scale",
        "publish_image",
        "set_protection",
    ]
    assert [OPERATIONS[name] for name in list(OPERATIONS)[:3]] == list(BEGINS)
    assert [OPERATIONS[name] for name in INSTANCES] == list(OF_INSTANCES)


def test_what_is_left_out_stays_as_it_is():
    empty = body(update_model={})
    assert (empty.image, empty.extensions, empty.size, empty.windows) == (None, None, None, ())
    assert body(start_os_upgrade={}).image is None
    published = body(publish_image={"image": "2"})
    assert (published.image, published.discovery, published.windows) == ("2", None, ())
    protected = body(set_protection={"instances": "all"})
    assert not protected.protect_from_scale_in
    assert not protected.protect_from_scale_set_actions


@pytest.mark.parametrize("kind", INSTANCES)
def test_instances_are_all_or_a_list_of_numbers(kind):
    assert body(**{kind: {"instances": "all"}}).instances == "all"
    assert body(**{kind: {"instances": [2, 0]}}).instances == (2, 0)


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ({"reimage": {"instances": "some"}}, "reimage.instances"),
        ({"reimage": {"instances": []}}, "reimage.instances"),
        ({"reimage": {"instances": [-1]}}, "reimage.instances.0"),
        ({"reimage": {}}, "reimage"),
        ({"scale": {"instances": 0}}, "scale.instances"),
        ({"start_extension_upgrade": {}}, "start_extension_upgrade"),
        ({"publish_image": {}}, "publish_image"),
        ({"update_model": {"imag": "2"}}, "update_model.imag"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_place(asked, place):
    (problem,) = refused((100, asked))
    assert problem.startswith(f"operations.0.{place}: ")


@pytest.mark.parametrize("given", ["some", 3, {"a": 1}])
def test_other_forms_than_all_and_a_list_are_told_both(given):
    (problem,) = refused((100, {"reimage": {"instances": given}}))
    assert "must be all, or a list of numbers such as [0, 3]" in problem


@pytest.mark.parametrize("kind", ["update_model", "start_os_upgrade", "publish_image"])
def test_upgrades_may_have_windows(kind):
    windows = [{"from": "22:00", "to": "02:00"}]
    (window,) = body(**{kind: {"image": "2", "windows": windows}}).windows
    assert (window.from_, window.to) == (22 * 3600, 2 * 3600)
