"""The picture of who is up to date: what it says of a line, and what it shows."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from sim.core.timelines import Timeline
from sim.experiments.statistics.bands import Band
from sim.plots import up_to_date, variants
from sim.plots.parts.style import Mark
from sim.plots.up_to_date import course, outcome, since

DAY = 86400.0
START = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def line(*steps, end=30 * DAY):
    """A timeline of (day, share)."""
    days, values = zip(*steps, strict=True)
    return Timeline(np.array(days, float) * DAY, np.array(values, float), end)


WHOLE = line((0, 1), (1, 0), (10, 0.5), (20, 0.9), (22, 0.99), (25, 1))
PART = line((0, 1), (1, 0), (10, 0.5), (20, 0.97))


def text_of(figure):
    figure.draw_without_rendering()  # warnings are errors
    return [text.get_text() for text in figure.texts]


def answers(figure):
    return [axes.get_title("right") for axes in figure.axes if axes.axison]


def test_a_line_says_since_when_it_has_reached_which_share():
    assert course(WHOLE) == "50 % by 10d, 90 % by 20d, 99 % by 22d, 100 % by 25d"
    assert course(WHOLE, START).startswith("50 % by Mon 30 Nov 00:00")
    assert outcome(WHOLE) == "99 % by 22d"


def test_a_line_that_does_not_come_far_says_where_it_ends():
    assert course(PART) == "50 % by 10d, 90 % by 20d, 97 % at the end"
    assert outcome(PART) == "97 % at the end"


@pytest.mark.parametrize(("share", "said"), [(1.0, "100 % throughout"), (0.0, "0 % throughout")])
def test_a_line_that_does_not_change_says_so(share, said):
    assert course(line((0, share))) == said


def test_a_share_that_is_lost_again_counts_from_its_last_return():
    again = line((0, 0), (5, 1), (10, 0), (15, 1))
    assert since(again, 0.5) == 15 * DAY
    assert since(line((0, 0), (5, 1), (10, 0)), 0.5) is None


def test_a_share_reached_at_the_last_instant_is_reached():
    assert since(line((0, 0), (30, 1)), 0.99) == 30 * DAY


def test_a_share_that_was_there_from_the_begin_is_so_since_then():
    assert since(line((2, 1), (3, 0.95)), 0.9) == 2 * DAY


def test_picture_says_what_it_shows_and_draws_it_exactly():
    marks = [Mark(DAY, "publish_extension")]
    picture = up_to_date.figure(WHOLE, subtitle="fleet", marks=marks)
    assert text_of(picture)[:2] == [f"Up to date: {course(WHOLE)}", "fleet"]
    (axes,) = picture.axes
    (drawn,) = [each for each in axes.lines if each.get_gid() == "line"]
    assert drawn.get_ydata().tolist()[:3] == [1.0, 0.0, 0.5]
    assert axes.get_ylabel() == "up to date (% of those in scope)"
    assert [each.get_text().strip() for each in axes.texts] == ["publish_extension"]


def test_picture_of_many_replications_has_a_band_and_its_legend():
    half = np.array([0.5, 1.0])
    band = Band(np.array([0.0, DAY]), half, half, half, 100)
    picture = up_to_date.figure(PART, band=band)
    assert text_of(picture)[0].startswith("Up to date in replication 0: 50 % by 10d")
    (legend,) = picture.legends
    labels = [each.get_text() for each in legend.get_texts()]
    assert labels == ["median of all runs", "5 % to 95 % of the runs", "replication 0"]


def test_variants_stand_side_by_side_with_their_answers():
    picture = variants.shares_up_to_date({"slow": PART, "fast": WHOLE})
    assert text_of(picture)[0] == "99 % up to date: fast 22d, slow not by the end"
    assert answers(picture) == [course(PART), course(WHOLE)]


def test_variants_are_named_in_the_order_of_their_success():
    later = line((0, 0), (29, 1))
    picture = variants.shares_up_to_date({"later": later, "never": PART, "first": WHOLE})
    assert text_of(picture)[0] == "99 % up to date: first 22d, later 29d, never not by the end"


def test_many_variants_say_less_of_each_and_name_the_first_and_the_last():
    lines = {f"{k}": PART for k in range(4)} | {"fast": WHOLE}
    picture = variants.shares_up_to_date(lines, start=START)
    said = "99 % up to date: from not by the end (4 variants) to Sat 12 Dec 00:00 (fast)"
    assert text_of(picture)[0] == said
    assert answers(picture) == ["97 % at the end"] * 4 + ["99 % by Sat 12 Dec 00:00"]


def test_no_variant_is_an_error():
    with pytest.raises(ValueError, match="there must be 1 to 12 variants to draw, got 0"):
        variants.shares_up_to_date({})
