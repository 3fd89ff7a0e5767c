"""What explain says of a scale set before anything runs."""

from __future__ import annotations

import foretelling
import pytest
from set_story import BAD, CANCEL, EXTENSIONS, IMAGE, SIZE, scenario

START = {"start_os_upgrade": {"image": "2"}}
TEN = {"instances": 10, "policy": {"max_batch_instance_percent": "20%"}}
PROTECT = {"protect_from_scale_set_actions": True}


def told(*asked, **keys):
    return foretelling.told(scenario(*asked, **keys))


def about(word, *asked, **keys):
    """The line that has a word."""
    (line,) = [line for line in told(*asked, **keys) if word in line]
    return line


def does(asked, **keys):
    """What is said of an operation after 100 s."""
    (kind,) = asked
    return about("At 1min40s", (100, asked), **keys).partition(f"{kind}-0: ")[2]


# The set


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({}, "a uniform scale set of 4 instances, on image 1; "),
        ({"orchestration": "flexible"}, "a flexible scale set of 4 instances, on image 1; "),
        (
            {"update_domains": 3},
            "a uniform scale set of 4 instances in 3 update domains (2, 1, 1), on image 1; ",
        ),
        (
            {"update_domains": 9},
            "a uniform scale set of 4 instances in 9 update domains (1, 1, 1, 1), on image 1; ",
        ),
        (
            {"zones": 3, "image": "a"},
            "a uniform scale set of 4 instances in 3 zones (2, 1, 1), on image a; ",
        ),
        (
            {"zones": [4, 0], "orchestration": "flexible"},
            "a flexible scale set of 4 instances in 2 zones (4, 0), on image 1; ",
        ),
        ({"instances": 1}, "a uniform scale set of 1 instance, on image 1; "),
        (
            {"instances": 24, "zones": 12},
            "a uniform scale set of 24 instances in 12 zones "
            "(2, 2, 2, 2, 2, 2, 2, 2, 2, 2...), on image 1; ",
        ),
    ],
)
def test_a_set_is_told_with_its_zones_or_domains(keys, line):
    assert told(**keys)[0] == f"w: {line}available while at least 1 is in service."


@pytest.mark.parametrize(
    ("needed", "line"),
    [
        (1, "at least 1 is in service"),
        (3, "at least 3 are in service"),
        ("60%", "at least 3 (60 % of 4, rounded up, is 3) are in service"),
    ],
)
def test_it_is_told_when_it_is_available(needed, line):
    assert told(min_available=needed)[0].endswith(f"available while {line}.")


# Health


@pytest.mark.parametrize(
    ("health", "line"),
    [
        (
            {},
            "An instance that runs is healthy after 50s, seen by a probe every 5s; one that is not "
            "within 5min is given up.",
        ),
        (
            {"interval": "10s", "probes": 3, "grace_period": "10min"},
            "An instance that runs is healthy after 50s, seen by a probe every 10s (3 in a row); "
            "one that is not within 15min is given up.",
        ),
        (
            {"grace_period": "10min", "grace_extends_wait": False, "wait": "2min"},
            "An instance that runs is healthy after 50s, seen by a probe every 5s; one that is not "
            "within 2min is given up.",
        ),
        (
            {"source": "none"},
            "Azure sees no health of the application: an instance that runs counts as healthy, "
            "though it serves only 50s later.",
        ),
    ],
)
def test_health_is_told_with_how_long_it_is_waited_for(health, line):
    assert told(health=health, policy={"mode": "manual"})[1] == line


# Batches


def test_a_batch_is_told_with_its_arithmetic():
    assert told((100, IMAGE), **TEN)[2] == (
        "A batch takes at most 2 instances (20 % of 10, rounded down, at least 1); the next "
        "follows at once."
    )


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"update_domains": 2}, "at least 1), of one update domain; the next"),
        ({"zones": 2}, "at least 1), of one zone; the next"),
        ({"zones": 2, "policy": {"enable_cross_zone_upgrade": True}}, "at least 1); the next"),
        (
            {"zones": 2, "policy": {"prioritize_unhealthy_instances": True}},
            "of one zone, unhealthy ones first; the next",
        ),
        ({"policy": {"pause_time_between_batches": "5min"}}, "; then comes a pause of 5min."),
        ({"policy": {"max_batch_instance_percent": "5%"}}, "at most 1 instance (5 % of 4, "),
    ],
)
def test_a_batch_is_told_with_what_limits_it(keys, words):
    assert words in about("A batch takes", (100, IMAGE), **keys)


def test_thresholds_are_told_with_how_many_they_allow():
    """0.29 x 100 is a little less than 29 as a float: 29 are allowed all the same."""
    policy = {
        "max_unhealthy_instance_percent": "29%",
        "max_unhealthy_upgraded_instance_percent": "29%",
    }
    assert about("No batch", (100, IMAGE), instances=100, policy=policy) == (
        "No batch begins while more than 29 of 100 are unhealthy (29 %). After a batch the upgrade "
        "ends if more than 29 % of the upgraded are: more than 14 of 50 after the first one, more "
        "than 29 of 100 after the last."
    )


def test_a_return_to_the_former_model_is_told():
    back = {"rollback_failed_instances_on_policy_breach": True}
    line = "By such an end those that failed go back to their former model."
    assert line in told((100, IMAGE), policy=back)
    assert line not in told((100, IMAGE))


CREATES = (
    "creates as many new instances first, and deletes the old ones when these are healthy "
    "(max_surge); a new one that is not healthy is deleted, and its old one stays."
)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (
            {},
            f"It {CREATES} Capacity does not dip, and there are at most 1,500 instances meanwhile.",
        ),
        (
            {"quota": 1500},
            f"It {CREATES} Capacity does not dip, and there are at most 1,500 instances meanwhile.",
        ),
        (
            {"zones": 4},
            f"It {CREATES} Capacity does not dip, and there are at most 1,250 instances meanwhile.",
        ),
        (
            {"quota": 1499},
            f"Where the quota of 1,499 has room, for 499 more at once, it {CREATES} A larger batch "
            "goes in place.",
        ),
        (
            {"quota": 1000},
            "The quota of 1,000 has no room for a surge (max_surge): batches go in place.",
        ),
    ],
)
def test_a_surge_is_told_with_what_there_is_room_for(keys, line):
    surge = {"max_surge": True}
    assert about("max_surge", (100, IMAGE), instances=1000, policy=surge, **keys) == line


def test_a_batch_is_told_with_how_many_its_domain_has():
    """Fourteen in domains of 3, 3, 3, 3, 2: half of them are 7, and one domain has 3."""
    lines = told((100, IMAGE), instances=14, update_domains=5)
    assert lines[2].startswith(
        "A batch takes at most 7 instances (50 % of 14, rounded down, at least 1), of one update "
        "domain, which has at most 3; "
    )
    assert "more than 0 of 3 after the first one, more than 2 of 14 after the last" in lines[3]


def test_the_first_batch_is_of_the_first_zone_that_has_instances():
    lines = told((100, IMAGE), instances=14, zones=[0, 2, 12])
    assert "of one zone; the next follows" in lines[2]
    assert "more than 0 of 2 after the first one" in lines[3]


@pytest.mark.parametrize(
    ("asked", "mode", "in_batches"),
    [
        (IMAGE, "rolling", True),
        (IMAGE, "automatic", False),
        (IMAGE, "manual", False),
        (START, "manual", True),
        ({"scale": {"instances": 5}}, "rolling", False),
    ],
)
def test_batches_are_told_where_there_are_any(asked, mode, in_batches):
    lines = told((100, asked), policy={"mode": mode})
    assert any(line.startswith("A batch takes") for line in lines) is in_batches


# What befalls it


@pytest.mark.parametrize(
    ("asked", "behaviour", "line"),
    [
        (IMAGE, {"unhealthy": "100%"}, "Image 2 is bad: no instance gets healthy."),
        (
            SIZE,
            {"bad": "5%", "unhealthy": "30%"},
            "With a chance of 5 % size 2 is bad: an instance does not get healthy with a chance of 30 %.",
        ),
        (
            EXTENSIONS,
            {"unhealthy_later": {"probability": "40%", "after": "20min"}},
            "Extensions 2 are bad: an instance turns unhealthy with a chance of 40 %, 20min after it was "
            "healthy.",
        ),
        (
            {"update_model": {"image": "2", "size": "2"}},
            {"unhealthy": "10%", "unhealthy_later": {"probability": "40%", "after": "1h"}},
            "Image and size 2 is bad: an instance does not get healthy with a chance of 10 %; an instance turns "
            "unhealthy with a chance of 40 %, 1h after it was healthy.",
        ),
    ],
)
def test_what_a_version_does_is_told(asked, behaviour, line):
    assert line in told((100, asked), versions={"2": behaviour})


@pytest.mark.parametrize("behaviour", [{"bad": "0%", "unhealthy": "5%"}, {"unhealthy": "0%"}])
def test_of_a_version_that_is_never_bad_nothing_is_told(behaviour):
    assert told((100, IMAGE), versions={"2": behaviour}) == told((100, IMAGE))


def test_what_befalls_instances_is_told():
    failures = {"per_year": 2.5, "recovery": "10min"}
    lines = told(
        instances=60,
        unhealthy_instances=[0, 1, 1],
        failures=failures,
        repairs={"action": "restart", "grace_period": "30min"},
    )
    assert lines[2:] == [
        "2 instances are unhealthy at the start.",
        "An instance fails 2.5 times a year and is back after 10min.",
        "An unhealthy instance is repaired (restart) once nothing was changed for 30min, at most 3 "
        "at once (5 % of 60, at least 1), and none while a rolling upgrade runs.",
    ]
    assert told(unhealthy_instances=[0])[2] == "1 instance is unhealthy at the start."
    assert "at most 1 at once (5 % of 4, at least 1)" in told(repairs={})[2]


# What operations do


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (
            IMAGE,
            "the model gets image 2, which reaches instances in batches (mode rolling); an instance "
            "is out for 1min40s while its OS disk is replaced.",
        ),
        (
            SIZE,
            "the model gets size 2, which reaches instances in batches (mode rolling); an instance "
            "is out for 3min20s while it restarts.",
        ),
        (
            EXTENSIONS,
            "the model gets extensions 2, which reaches instances in batches (mode rolling); an "
            "instance is in service meanwhile, which takes 3min20s.",
        ),
        (
            {"update_model": {"extensions": "3", "size": "2"}},
            "the model gets size 2, extensions 3, which reaches instances in batches (mode "
            "rolling); an instance is out for 3min20s while it restarts.",
        ),
        (
            {"update_model": {}},
            "the model stays as it is; what an upgrade that ended early left reaches instances in "
            "batches (mode rolling).",
        ),
        (
            START,
            "a rolling upgrade to image 2; an instance is out for 1min40s while its OS disk is "
            "replaced.",
        ),
        (
            {"start_extension_upgrade": {"extensions": "2"}},
            "a rolling upgrade to extensions 2; an instance is in service meanwhile, which takes "
            "3min20s.",
        ),
        ({"scale": {"instances": 1}}, "the set is to have 1 instance."),
        ({"scale": {"instances": 1200}}, "the set is to have 1,200 instances."),
        (
            {"manual_upgrade": {"instances": "all"}},
            "all instances are brought to the latest model, all at once.",
        ),
        (
            {"manual_upgrade": {"instances": [3]}},
            "instance 3 is brought to the latest model, all at once.",
        ),
        (
            {"reimage": {"instances": [0, 2]}},
            "instances 0, 2 are reimaged at once (out for 1min40s).",
        ),
        (
            {"publish_image": {"image": "2"}},
            "image 2 is published; the set does not follow automatically.",
        ),
        (
            {"set_protection": {"instances": "all"} | PROTECT},
            "all instances are protected from scale-set actions: upgrades of the set, reimages, "
            "repairs and scale-in pass over them; manual_upgrade does not.",
        ),
        (
            {"set_protection": {"instances": [0, 1], "protect_from_scale_in": True}},
            "instances 0, 1 are protected from scale-in.",
        ),
        ({"set_protection": {"instances": [0, 1]}}, "instances 0, 1 are protected no more."),
    ],
)
def test_an_operation_is_told_with_what_it_does(asked, line):
    assert does(asked) == line


def test_it_is_told_which_requests_pass_over_protected_instances():
    protects = (50, {"set_protection": {"instances": [0]} | PROTECT})
    line = about("manual_upgrade-0", protects, (100, {"manual_upgrade": {"instances": "all"}}))
    assert line.endswith(" brought to the latest model, all at once, protected ones too.")
    line = about("reimage-0", protects, (100, {"reimage": {"instances": "all"}}))
    assert line.endswith(" reimaged at once (out for 1min40s), but for protected ones.")


def test_the_mode_says_how_a_change_reaches_instances():
    assert "which reaches all instances at once (mode automatic)" in does(
        IMAGE, policy={"mode": "automatic"}
    )
    assert "which reaches no instance until manual_upgrade names it (mode manual)" in does(
        IMAGE, policy={"mode": "manual"}
    )


@pytest.mark.parametrize("asked", [IMAGE, EXTENSIONS, START])
def test_a_batch_that_surges_takes_no_instance_out(asked):
    surge = {"max_surge": True}
    new = "; an instance gives way to a new one, which runs after 2min30s"
    assert does(asked, policy=surge).endswith(f"{new}.")
    limited = does(asked, policy=surge, quota=5)
    assert f"{new}; in place an instance is " in limited
    assert "gives way" not in does(asked, policy=surge, quota=4)


def test_a_change_that_reaches_instances_by_hand_creates_none():
    assert "gives way" not in does(IMAGE, policy={"max_surge": True, "mode": "manual"})


def test_a_surge_leaves_no_former_disk_to_be_given_back():
    keys = {"automatic_os_upgrade": {"enabled": True, "discovery": "50s"}}
    keys |= {"policy": {"max_surge": True}}
    publish = {"publish_image": {"image": "2"}}
    assert does(publish, **keys).endswith(" a rolling upgrade to it 50s later.")
    assert "gets its former OS disk back" in does(publish, **keys, quota=5)


def test_an_upgrade_to_the_image_published_last_is_told_so():
    latest = {"start_os_upgrade": {}}
    line = about("At 3min20s", (100, {"publish_image": {"image": "2"}}), (200, latest))
    assert "a rolling upgrade to the image that was published last; an instance is out" in line


def test_a_publication_that_is_followed_is_told_with_when_and_how():
    publish = {"publish_image": {"image": "2"}}
    follows = {"enabled": True, "discovery": "50s"}
    azure = "image 2 is published, and Azure begins a rolling upgrade to it 50s later"
    back = "; an instance that does not get healthy gets its former OS disk back, after 1min10s."
    assert does(publish, automatic_os_upgrade=follows) == f"{azure}{back}"
    keeps = follows | {"disable_automatic_rollback": True}
    assert does(publish, automatic_os_upgrade=keeps) == f"{azure}."
    own = {"publish_image": {"image": "2", "discovery": "5min"}}
    assert "begins a rolling upgrade to it 5min later" in does(own, automatic_os_upgrade=follows)


def test_windows_are_told():
    windows = [{"from": "22:00", "to": "02:00"}]
    line = does({"update_model": {"image": "2", "windows": windows}})
    assert line.endswith(" A batch begins only within 22:00 to 02:00.")


def test_a_cancel_is_told():
    lines = told((100, IMAGE), (120, CANCEL))
    assert lines[-1] == (
        "At 2min, cancel_rolling_upgrade-0: the rolling upgrade is cancelled; the batch under way "
        "is finished."
    )


def test_what_will_be_refused_is_told_instead():
    lines = told((100, IMAGE), (120, EXTENSIONS), (200, {"reimage": {"instances": [9]}}))
    assert lines[-2:] == [
        "At 2min, update_model-1: it will be refused: 409 OperationNotAllowed: a rolling upgrade "
        "is in progress: wait until it has ended, or cancel it first.",
        "At 3min20s, reimage-0: it will be refused: 404 InstanceIdNotFound: there is no instance "
        "with such a number.",
    ]


def test_the_last_line_says_what_it_comes_to():
    good = foretelling.foreseen(scenario((100, IMAGE)))
    assert "lowest capacity 50 % (2 of 4)" in good
    assert "update_model-0 is completed after 5min" in good
    assert "MaxUnhealthyUpgraded" in foretelling.foreseen(scenario((100, IMAGE), versions=BAD))


def test_an_upgrade_that_fails_is_told_once_with_its_reason():
    bad = foretelling.foreseen(scenario((100, IMAGE), versions=BAD))
    assert bad.count("update_model-0") == 1
    assert "; update_model-0 fails at 8min20s: 409 MaxUnhealthyUpgraded" in bad


def test_a_cancelled_automatic_upgrade_is_told_once():
    """It is nobody's request, so no code of HTTP answers it; it begins when it is discovered."""
    publish = {"publish_image": {"image": "2", "discovery": "10s"}}
    line = foretelling.foreseen(
        scenario((100, publish), (150, CANCEL), automatic_os_upgrade={"enabled": True})
    )
    assert line.count("publish_image-0") == 1
    assert "publish_image-0 is cancelled after 2min30s" in line


def test_an_automatic_upgrade_that_fails_has_no_code_of_http():
    publish = {"publish_image": {"image": "2", "discovery": "10s"}}
    line = foretelling.foreseen(
        scenario((100, publish), automatic_os_upgrade={"enabled": True}, versions=BAD)
    )
    assert ": MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade: more of" in line
    assert "None" not in line
