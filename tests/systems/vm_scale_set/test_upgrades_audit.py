"""Whether rolling upgrades begin, pause and end when they should, on hand-made logs that do not."""

from __future__ import annotations

from set_log import BEGUN, FIRST, IMAGE, UP, WALK, ScaleSet

PAUSE = {"upgrade_policy": {"pause_time_between_batches": "1min"}}
CANCEL = ("cancel_rolling_upgrade", {})
STUCK = "w: a rolling upgrade did not go on when it was to"
LATE = "w: a batch did not begin when the pause was over and a window open"
OUTSIDE = "w: a batch began outside the windows of its upgrade"


def audit(text, *requests, horizon=1000.0, pause="1min"):
    policy = {"pause_time_between_batches": pause}
    return ScaleSet(*requests or [IMAGE], horizon=horizon, upgrade_policy=policy).audit(text)


def within(begin, end):
    return ("update_model", {"image": "2", "windows": [{"from": begin, "to": end}]})


def test_the_next_batch_begins_when_the_pause_is_over():
    assert audit(WALK, pause="61s") == "w: a batch began before the pause was over"
    assert audit(WALK, pause="59s") == LATE


def test_an_upgrade_does_not_stop_halfway():
    assert audit(BEGUN + FIRST, horizon=299.0) is None
    assert audit(BEGUN + FIRST, horizon=300.0) == STUCK
    assert audit(BEGUN, horizon=100.0) == STUCK


def test_batches_begin_in_windows():
    assert audit(WALK, within("00:01", "00:06")) is None
    assert audit(WALK, within("00:01", "00:05")) == OUTSIDE
    assert audit(WALK, within("00:00", "00:01")) == OUTSIDE
    assert audit(BEGUN, within("00:10", "00:11"), horizon=599.0) is None
    assert audit(BEGUN, within("00:10", "00:11"), horizon=600.0) == STUCK


def test_one_rolling_upgrade_is_on_at_a_time():
    other = ("start_os_upgrade", {"image": "2"})
    text = (
        WALK
        + """
        150 start_os_upgrade-0 -> InProgress
        150 upgrade by start_os_upgrade-0 -> upgrading
        160 upgrade by start_os_upgrade-0 -> failed
    """
    )
    accepted = "accepted, not rolling upgrade in progress"
    assert audit(text, IMAGE, other) == f"w: a request was not answered as it is to be: {accepted}"


def test_no_change_of_the_model_is_accepted_meanwhile():
    by_hand = ("manual_upgrade", {"instances": [1]})
    text = WALK + "150 manual_upgrade-0 -> InProgress\n150 manual_upgrade-0 -> Succeeded"
    wrong = (
        "w: a request was not answered as it is to be: accepted, not rolling upgrade in progress"
    )
    assert audit(text, IMAGE, by_hand) == wrong


def test_nothing_is_refused_for_an_upgrade_that_is_not_on():
    again = ("update_model", {"image": "1"})
    text = WALK + "500 update_model-1 -> Refused/rolling upgrade in progress"
    wrong = (
        "w: a request was not answered as it is to be: rolling upgrade in progress, not accepted"
    )
    assert audit(text, IMAGE, again) == wrong
    assert audit(text.replace("500 update", "250 update"), IMAGE, again) is None


def test_a_cancel_ends_an_upgrade_between_two_batches_at_once():
    ends = f"""
        260 cancel_rolling_upgrade-0 -> InProgress
        260 {UP} -> cancelled because {UP}
        260 update_model-0 -> Failed/cancelled because {UP}
        260 cancel_rolling_upgrade-0 -> Succeeded because {UP}
    """
    text = BEGUN + FIRST + ends
    assert audit(text, IMAGE, CANCEL) is None
    late = text.replace(
        "260 cancel_rolling_upgrade-0 -> InP", "250 cancel_rolling_upgrade-0 -> InP"
    )
    wrong = "w: a cancel did not end a rolling upgrade at once"
    assert audit(late, IMAGE, CANCEL) == wrong
    nobody = "\n".join(line for line in text.splitlines() if "cancel_" not in line)
    assert audit(nobody, IMAGE, CANCEL) == "w: an upgrade was cancelled that nobody cancelled"


def test_no_batch_begins_after_a_cancel():
    text = WALK + "150 cancel_rolling_upgrade-0 -> InProgress"
    wrong = "w: a batch began after its upgrade was cancelled"
    assert audit(text, IMAGE, CANCEL) == wrong
    refused = WALK + "150 cancel_rolling_upgrade-0 -> Refused/no rolling upgrade in progress"
    wrong = (
        "w: a request was not answered as it is to be: no rolling upgrade in progress, not accepted"
    )
    assert audit(refused, IMAGE, CANCEL) == wrong


def test_an_image_is_upgraded_to_when_it_is_discovered():
    publish = ("publish_image", {"image": "2", "discovery": "0s"})
    text = WALK.replace("update_model-0", "publish_image-0").replace(
        "100 model of w -> requested/2",
        "100 model of w -> requested/2 because upgrade by publish_image-0",
    )
    lines = text.replace(UP, "upgrade by publish_image-0").splitlines()
    lines = [
        f"{line} because upgrade by publish_image-0"
        if "of w ->" in line and "because" not in line
        else line
        for line in lines
    ]
    automatic = {"automatic_os_upgrade": {"enabled": True}} | PAUSE

    def says(discovery):
        request = ("publish_image", publish[1] | {"discovery": discovery})
        return ScaleSet(request, **automatic).audit("\n".join(lines))

    assert says("0s") is None
    assert says("1s") == "w: an image's upgrade began before it was discovered"


def test_no_scale_in_is_accepted_meanwhile():
    scale = ("scale", {"instances": 1})
    text = (
        WALK
        + """
        150 scale-0 -> InProgress
        150 capacity of w -> asked for/1 because scale-0
        150 w_1 -> deleting because scale-0
        210 w_1 -> absent because scale-0
    """
    )
    only = "\n".join(line for line in text.splitlines() if not line.strip().endswith(" w_1"))
    wrong = (
        "w: a request was not answered as it is to be: accepted, not rolling upgrade in progress"
    )
    rows = [line for line in only.splitlines() if not line.strip().startswith(("3", "4"))]
    assert audit("\n".join(rows), IMAGE, scale) == wrong


def test_a_cancel_is_accepted_only_where_there_is_something_to_cancel():
    text = WALK + "500 cancel_rolling_upgrade-0 -> InProgress"
    wrong = (
        "w: a request was not answered as it is to be: accepted, not no rolling upgrade in progress"
    )
    assert audit(text, IMAGE, CANCEL) == wrong
