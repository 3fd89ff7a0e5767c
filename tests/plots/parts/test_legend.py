import pytest
from every_figure import figures_of_all_kinds
from matplotlib.patches import Patch
from matplotlib.text import Text

from sim.plots.parts import legend, style


def drawn(labels):
    with style.look():
        page = style.picture("T", "", 2)
        page.subplots()
        legend.explain(page, [Patch(label=label) for label in labels])
    page.canvas.draw()
    return page


@pytest.mark.parametrize(
    "labels",
    [
        ["short"] * 4,
        ["being created or removed"] * 9,
        ["draining: takes no new tasks", "in service", "failing: cycling or unresponsive"] * 3,
        [f"a variant with a rather long name {k}" for k in range(7)],
    ],
)
def test_a_legend_stays_on_the_page_and_is_as_wide_as_it_can_be(labels):
    page = drawn(labels)
    box = page.legends[0].get_window_extent()
    assert page.bbox.x0 <= box.x0
    assert box.x1 <= page.bbox.x1
    rows = {round(text.get_window_extent().y0) for text in page.legends[0].get_texts()}
    many = legend.columns(labels)
    assert len(rows) == -(-len(labels) // many)
    if len(rows) > 1:  # with a row less they would have no room
        widths = [text.get_window_extent().width for text in page.legends[0].get_texts()]
        assert -(-len(labels) // (len(rows) - 1)) * max(widths) > 0.6 * page.bbox.width


def test_what_has_no_room_beside_another_stands_alone():
    assert legend.columns(["x" * 80, "y" * 80]) == 1
    assert legend.columns(["x", "y"]) == 2


def test_rows_are_about_equally_long():
    assert legend.columns([f"variant {k}" for k in range(8)]) == 4


def test_nothing_to_name_has_no_legend():
    assert drawn([]).legends == []


def test_the_page_grows_for_rows_so_that_axes_keep_their_height():
    one, three = drawn(["x"]), drawn(["being created or removed"] * 9)
    heights = [page.axes[0].get_window_extent().height for page in (one, three)]
    assert heights[1] == pytest.approx(heights[0], abs=8)


@pytest.mark.parametrize("kind", sorted(figures_of_all_kinds()))
def test_no_text_of_a_figure_is_cut_off_or_stands_in_its_legend(kind):
    page = figures_of_all_kinds()[kind]
    page.canvas.draw()
    hidden = {id(each) for each in labels_beyond_the_view(page)}
    texts = [each for each in page.findobj(Text) if each.get_visible() and each.get_text().strip()]
    shown = [each for each in texts if id(each) not in hidden]
    for box in [each.get_window_extent() for each in [*shown, *page.legends]]:
        assert box.x0 >= page.bbox.x0 - 1
        assert box.x1 <= page.bbox.x1 + 1
        assert box.y0 >= page.bbox.y0 - 1
        assert box.y1 <= page.bbox.y1 + 1
    for each in page.legends:
        for axes in page.axes:
            assert not axes.get_tightbbox().overlaps(each.get_window_extent())


def labels_beyond_the_view(page):
    """Ticks that are not drawn have labels too."""
    for axes in page.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in [*axis.majorTicks, *axis.minorTicks]:
                if not (axes.axison and low <= tick.get_loc() <= high):
                    yield from (tick.label1, tick.label2)
