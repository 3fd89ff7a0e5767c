from __future__ import annotations

import subprocess
import sys
from io import BytesIO

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from sim.plots.parts import style
from sim.plots.parts.layout import PageLayout
from sim.plots.parts.style import Mark

USERS_STYLE = {"font.size": 30, "axes.facecolor": "black", "xtick.labelcolor": "red"}


def page(title="An answer", subtitle="", marks=(), span=3600.0):
    with style.look():
        figure = style.picture(title, subtitle, 3)
        axes = figure.subplots()
        axes.set_xlim(0, span)
        style.draw_marks(axes, marks, 0, span)
    return figure


def mark_labels(figure):
    return figure.findobj(lambda artist: artist.get_gid() == "mark")


def boxes(figure, texts):
    figure.canvas.draw()
    return [Text.get_window_extent(text) for text in texts]  # without an annotation's line


def test_the_users_settings_stay_and_do_not_matter():
    plain = style.png(page())
    with mpl.rc_context(USERS_STYLE):
        before = dict(mpl.rcParams)
        assert style.png(page()) == plain
        assert dict(mpl.rcParams) == before


def test_the_same_figure_gives_the_same_bytes():
    assert style.png(page()) == style.png(page())


def test_a_figure_is_drawn_once_to_be_saved(monkeypatch):
    draws, layouts = [], []
    draw, execute = Figure.draw, PageLayout.execute
    monkeypatch.setattr(Figure, "draw", lambda *of: draws.append(of) or draw(*of))
    monkeypatch.setattr(PageLayout, "execute", lambda *of: layouts.append(of) or execute(*of))
    style.png(page())
    assert (len(draws), len(layouts)) == (1, 1)


@pytest.mark.parametrize("finer", [1, 2])
def test_a_saved_figure_has_the_size_that_is_shown_or_finer_pixels(finer):
    figure = page()
    with Image.open(BytesIO(style.png(figure, finer))) as image:
        assert image.width == 900 * finer
        assert image.mode == "RGB"
    assert figure.get_dpi() == 100


def test_a_notebook_shows_the_figure_at_the_width_of_a_page():
    image, size = page()._repr_png_()
    assert size == {"width": 900}
    with Image.open(BytesIO(image)) as picture:
        assert picture.width == 1800  # of a screen with two pixels a point


def test_no_module_of_plots_imports_pyplot():
    code = (
        "import sys, sim.plots.availability, sim.plots.capacity, sim.plots.gantt,"
        " sim.plots.variants; sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("text", ["long words make a long answer " * 8, "WIDE CAPITALS " * 12])
def test_long_headings_are_wrapped_within_the_page(text):
    figure = page(text, text * 2)
    heading = [t for t in figure.texts if t.get_text()]
    assert len(heading) > 3
    extents = boxes(figure, heading)
    assert all(box.x0 > 0 and box.x1 < figure.bbox.width for box in extents)
    tops = [box.y1 for box in extents]
    assert tops == sorted(tops, reverse=True)
    top_of_axes = figure.axes[0].get_window_extent().y1
    assert extents[-1].y0 >= top_of_axes


def test_an_empty_subtitle_takes_no_room():
    assert page("An answer", "").get_figheight() < page("An answer", "more").get_figheight()


def test_names_with_dollar_signs_are_written_as_they_are():
    figure = page("from $5^$ to $6", marks=[Mark(60, "cost $5^$")])
    style.png(figure)
    assert mark_labels(figure)[0].get_text().strip() == "cost $5^$"


def test_marks_of_one_instant_share_a_label():
    figure = page(marks=[Mark(60, "swap"), Mark(60, "rollback"), Mark(1800, "swap")])
    assert [m.get_text().strip() for m in mark_labels(figure)] == ["swap", "swap; rollback"]
    assert len(figure.axes[0].lines) == 2


def test_marks_outside_the_view_are_not_drawn():
    assert mark_labels(page(marks=[Mark(3601, "swap")])) == []


def test_many_marks_of_one_kind_share_a_label_but_keep_their_lines():
    walks = [Mark(100.0 * k, f"walk_upgrade_domain {k}") for k in range(20)]
    figure = page(marks=[Mark(0, "upgrade_deployment, Manual"), *walks])
    texts = [m.get_text().strip() for m in mark_labels(figure)]
    assert texts == ["upgrade_deployment, Manual; walk_upgrade_domains 0 to 19"]
    assert sorted(line.get_xdata()[0] for line in figure.axes[0].lines) == [
        100 * k for k in range(20)
    ]


@pytest.mark.parametrize(
    ("labels", "shared"),
    [
        (["swap", "swap"], "2 x swap"),
        ([f"walk {k}" for k in range(5)], "walks 0 to 4"),
        (["walk 0", "walk 2"], "2 x walk"),
        (["reboot WebRole_IN_3", "reboot WebRole_IN_4"], "reboot WebRole_IN_3 to 4"),
        (["publish", "walk 0", "publish", "walk 1"], "2 x publish; walks 0 to 1"),
        (["to 5.31 from 5.30", "to 5.32 from 5.31"], "2 x to 5.31 from 5.30"),
    ],
)
def test_marks_of_one_kind_and_instant_merge(labels, shared):
    figure = page(marks=[Mark(60, label) for label in labels])
    assert [m.get_text().strip() for m in mark_labels(figure)] == [shared]


def test_very_many_marks_of_changing_kinds_have_a_label_a_kind():
    marks = [Mark(60.0 * k, "disable" if k % 2 else "enable") for k in range(40)]
    texts = [m.get_text().strip() for m in mark_labels(page(marks=marks))]
    assert texts == ["20 x disable", "20 x enable"]


@pytest.mark.parametrize("seed", range(6))
def test_labels_of_marks_never_meet_and_stay_on_the_page(seed):
    rng = np.random.default_rng(seed)
    kinds = ["upgrade_deployment, Auto", "swap", "rollback, Auto", "reboot_instance WebRole_IN_3"]
    marks = [Mark(float(at), kind) for at, kind in zip(rng.uniform(0, 3600, 4), kinds, strict=True)]
    figure = page(marks=[*marks, Mark(3590, "a label at the very end")])
    extents = boxes(figure, mark_labels(figure))
    assert figure.axes[0].get_window_extent().x1 > 0.97 * figure.bbox.width
    for k, one in enumerate(extents):
        assert figure.bbox.x0 <= one.x0
        assert one.x1 <= figure.bbox.x1
        for other in extents[k + 1 :]:
            assert not one.overlaps(other)


def test_an_empty_mark_has_a_line_and_no_text():
    figure = page(marks=[Mark(60, "")])
    assert len(figure.axes[0].lines) == 1


@pytest.mark.parametrize(
    ("low", "texts"),
    [
        (0.0, ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        (0.9998, ["99.98 %", "99.985 %", "99.99 %", "99.995 %", "100 %"]),
    ],
)
def test_ticks_of_shares_have_as_many_digits_as_they_need(low, texts):
    with style.look():
        axes = style.picture("t", "", 3).subplots()
        axes.set_ylim(low, 1.0)
        style.percent_axis(axes.yaxis)
        axes.figure.draw_without_rendering()
    low, high = axes.get_ylim()
    shown = [tick.label1.get_text() for tick in axes.yaxis.get_major_ticks()
             if low - 1e-9 <= tick.get_loc() <= high + 1e-9]  # fmt: skip
    assert set(texts) <= set(shown)
    assert len(set(shown)) == len(shown)
