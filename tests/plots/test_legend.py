import pytest
from matplotlib.patches import Patch

from sim.plots import legend, style


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
    if many < len(labels):
        wider = [text.get_window_extent().width for text in page.legends[0].get_texts()]
        assert (many + 1) * max(wider) > 0.6 * page.bbox.width


def test_what_has_no_room_beside_another_stands_alone():
    assert legend.columns(["x" * 80, "y" * 80]) == 1
    assert legend.columns(["x", "y"]) == 2


def test_nothing_to_name_has_no_legend():
    assert drawn([]).legends == []
