from __future__ import annotations

from io import BytesIO

import pytest
from matplotlib.axis import Axis
from matplotlib.text import Text

from sim.plots.parts import style


def panels(rows=1, columns=1, **more):
    """A page of axes with labels of different lengths, and a legend."""
    with style.look():
        page = style.picture("An answer", "of several panels", 2.0 * rows + 1.0)
        every = page.subplots(rows, columns, squeeze=False, **more)
        for place, axes in enumerate(every.flat):
            axes.plot([0, 1], [0, 10.0**place], label="line")
            axes.set_xlim(0, 1)
            axes.set_ylim(0, 10.0**place)
            axes.set_xlabel("time\n" * (1 + place % columns) + "of all")
            axes.set_ylabel(f"count {place}")
            axes.set_title(f"panel {place}", loc="left")
        page.legend(handles=every.flat[0].lines, loc="outside lower center")
    return page


def outside(axes):
    """The boxes of what belongs to axes and stands beside them."""
    low, high = axes.get_xlim()
    ticks = [t.label1 for t in axes.xaxis.get_major_ticks() if low <= t.get_loc() <= high]
    low, high = axes.get_ylim()
    ticks += [t.label1 for t in axes.yaxis.get_major_ticks() if low <= t.get_loc() <= high]
    titles = [one for one in axes.get_children() if isinstance(one, Text)]
    texts = [*ticks, axes.xaxis.label, axes.yaxis.label, *titles]
    return [text.get_window_extent() for text in texts if text.get_text() and text.get_visible()]


def everything(page):
    """For each axes the box of all that belongs to them."""
    page.canvas.draw()
    return [type(axes.bbox).union([axes.bbox.frozen(), *outside(axes)]) for axes in page.axes]


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 2), (3, 1), (1, 3)])
def test_nothing_that_belongs_to_axes_meets_other_axes_the_legend_or_the_edge(rows, columns):
    page = panels(rows, columns)
    boxes = everything(page)
    heading = min(text.get_window_extent().y0 for text in page.texts)
    legend = page.legends[0].get_window_extent()
    for place, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.x1 <= page.bbox.width
        assert legend.y1 <= box.y0
        assert box.y1 <= heading
        assert not any(box.overlaps(other) for other in boxes[:place])


def test_axes_of_a_column_are_equally_wide_and_their_labels_aligned():
    page = panels(2, 2)
    page.canvas.draw()
    boxes = [axes.get_position() for axes in page.axes]
    assert {round(box.width, 9) for box in boxes} == {round(boxes[0].width, 9)}
    assert {round(box.height, 9) for box in boxes} == {round(boxes[0].height, 9)}
    for one, other in [(0, 2), (1, 3)]:
        assert boxes[one].x0 == pytest.approx(boxes[other].x0)
        labels = [page.axes[k].yaxis.label.get_window_extent().x1 for k in (one, other)]
        assert labels[0] == pytest.approx(labels[1])


def test_rows_are_as_high_as_the_grid_says():
    page = panels(2, 1, height_ratios=(3, 2))
    page.canvas.draw()
    above, below = (axes.get_position().height for axes in page.axes)
    assert above / below == pytest.approx(1.5)


def test_axes_fill_the_page():
    (box,) = everything(panels())
    page = panels()
    assert box.x0 < 0.1 * page.dpi
    assert box.x1 > page.bbox.width - 0.1 * page.dpi


def test_a_text_beside_the_axes_has_room():
    page = panels()
    page.axes[0].text(1.01, 0.5, "a long objective", transform=page.axes[0].transAxes)
    (box,) = everything(page)
    text = page.axes[0].texts[0].get_window_extent()
    assert box.x1 == pytest.approx(text.x1)
    assert page.bbox.width - 0.1 * page.dpi < text.x1 <= page.bbox.width


def test_panels_with_one_label_for_all_keep_out_of_it():
    page = panels(2, 1)
    with style.look():
        style.label_panels(page, "time", "capacity", 0.3)
    boxes = everything(page)
    x, y = (text.get_window_extent() for text in page.texts[-2:])
    assert all(box.x0 >= y.x1 and box.y0 >= x.y1 for box in boxes)
    assert x.y0 >= 0.3 * page.dpi


def test_a_finer_picture_has_the_same_layout():
    page = panels(2, 2)
    page.canvas.draw()
    before = [axes.get_position().bounds for axes in page.axes]
    style.png(page, 2)
    after = [axes.get_position().bounds for axes in page.axes]
    assert [pytest.approx(one, abs=2e-3) for one in before] == after


def test_a_figure_can_be_saved_as_a_vector_and_cropped():
    page = panels()
    for form, crop in (("svg", None), ("pdf", None), ("png", "tight")):
        out = BytesIO()
        page.savefig(out, format=form, bbox_inches=crop)
        assert out.getvalue()


def test_a_page_may_be_too_small_for_its_labels():
    page = panels(3, 3)
    page.set_size_inches(1, 1)
    page.canvas.draw()
    assert all(axes.get_position().width > 0 for axes in page.axes)


def test_ticks_are_updated_and_texts_laid_out_few_times(monkeypatch):
    """Each tick label is measured once for its place, and once more where matplotlib draws it."""
    page = panels()
    labels, updates = [], []
    extent, update = Text.get_window_extent, Axis.get_major_ticks
    monkeypatch.setattr(
        Text, "get_window_extent", lambda self, *of: labels.append(self) or extent(self, *of)
    )
    monkeypatch.setattr(
        Axis, "get_major_ticks", lambda self, *of: updates.append(self) or update(self, *of)
    )
    style.png(page)
    ticks = [
        tick.label1 for axis in (page.axes[0].xaxis, page.axes[0].yaxis) for tick in axis.majorTicks
    ]
    drawn = [label for label in ticks if label in labels]
    assert len(drawn) > 8
    assert max(labels.count(label) for label in drawn) == 2
    assert len(updates) <= 10
