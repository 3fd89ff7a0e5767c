"""A figure as part of a page: inline SVG, in the page's colours, with readings to point at.

Text stays text, so that a page can be searched and read aloud; the title is the page's own.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG

from sim.plots.parts.layout import POINTS, PageLayout

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.plots.parts.readout import Reading
    from sim.plots.parts.style import Picture

MOST_READINGS = 1000
"""Places of a figure that tell their value: more are too narrow to point at."""
_NAMESPACE = re.compile(r"\{[^}]*\}")
_COLOUR = re.compile(r"#([0-9a-f]{6})\b")
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_NAMED = re.compile(r"[a-z]+")
"""What our own artists are called; matplotlib's names have numbers."""
_LEAST = 6.0
"""Points that can be pointed at."""


def svg(figure: Picture, name: str) -> str:
    """The figure below its heading; `name` makes its ids its own among those of a page.

    A colour ``#rrggbb`` is ``var(--crrggbb, #rrggbb)``: the page may have another one for it.
    """
    engine = figure.get_layout_engine()
    assert isinstance(engine, PageLayout)
    for text in figure.heading:
        text.set_visible(False)
    out = io.StringIO()
    canvas: Any = FigureCanvasSVG(figure)
    try:
        canvas.print_svg(out, metadata={"Date": None})
    finally:
        for text in figure.heading:
            text.set_visible(True)
    root = ET.fromstring(out.getvalue())  # noqa: S314  (our own)
    width, height = (float(side) * POINTS for side in figure.get_size_inches())
    above = engine.heading * POINTS
    content = _Content(name, {each.get("id", "") for each in root.iter() if _is_shared(each)})
    page = ET.Element(
        "svg",
        {
            "viewBox": f"0 {above:.1f} {width:.0f} {height - above:.1f}",
            "role": "img",
            "aria-label": figure.title,
        },
    )
    readings = figure.readout.readings if figure.readout else []
    page.extend(content.cleaned(child) for child in root if _tag(child) not in _UNUSED)
    page.extend(_spot(each, width, height) for each in readings[:MOST_READINGS])
    return ET.tostring(page, encoding="unicode")


_UNUSED = ("metadata", "style")
"""Who made a file, and a look of all that a page shows."""


def _tag(element: ET.Element) -> str:
    return _NAMESPACE.sub("", element.tag)


def _is_shared(element: ET.Element) -> bool:
    """Whether others may refer to it by its id."""
    return _tag(element) in ("path", "clipPath", "pattern")


class _Content:
    """What the backend drew, as it can stand among other content of a page."""

    def __init__(self, name: str, shared: set[str]) -> None:
        self._name, self._shared = name, shared

    def cleaned(self, element: ET.Element) -> ET.Element:
        """The same without namespaces, with ids of its own and the page's colours."""
        attributes: dict[str, str] = {}
        for full, text in element.attrib.items():
            key = _NAMESPACE.sub("", full)
            if key == "id":
                attributes |= self._identity(text)
            elif key == "href":  # of an image it is its content
                own = f"#{self._name}-{text[1:]}"
                attributes["href"] = own if text.startswith("#") else text
            elif key == "clip-path":
                attributes[key] = text.replace("url(#", f"url(#{self._name}-")
            elif key in ("style", "fill", "stroke"):  # a variable can only stand in a style
                style = text if key == "style" else f"{key}: {text}"
                attributes["style"] = "; ".join(
                    filter(None, [attributes.get("style"), self._style(style)])
                )
            else:
                attributes[key] = _NUMBER.sub(_rounded, text).replace("\n", "")
        made = ET.Element(_tag(element), attributes)
        made.text = element.text if _tag(element) == "text" else None
        made.extend(self.cleaned(child) for child in element if _tag(child) not in _UNUSED)
        return made

    def _identity(self, name: str) -> dict[str, str]:
        if name in self._shared:
            return {"id": f"{self._name}-{name}"}
        return {"class": name} if _NAMED.fullmatch(name) else {}

    def _style(self, text: str) -> str:
        text = text.replace("url(#", f"url(#{self._name}-")
        return _COLOUR.sub(r"var(--c\1,#\1)", text).replace("'DejaVu Sans'", "var(--font)")


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}"


def _spot(reading: Reading, width: float, height: float) -> ET.Element:
    """A place that shows nothing, and tells its value to who points at it."""
    axes = reading.axes
    box, to_axes = axes.get_position(), axes.transData - axes.transAxes
    bottom, top = axes.get_ylim()
    bottom = bottom if reading.bottom is None else reading.bottom
    top = top if reading.top is None else reading.top
    corners = to_axes.transform(np.array([(reading.left, bottom), (reading.right, top)]))
    (left, right), (top, bottom) = (
        _wide_enough(first + span * shares, first, first + span)
        for first, span, shares in (
            (width * box.x0, width * box.width, corners[:, 0]),
            (height * (1 - box.y1), height * box.height, 1 - corners[:, 1]),
        )
    )
    place = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    attributes = {key: f"{value:.1f}" for key, value in place.items()}
    data = {"data-value": reading.value} if reading.value else {}
    spot = ET.Element("rect", {"class": "spot", **attributes, **data})
    ET.SubElement(spot, "title").text = reading.text
    return spot


def _wide_enough(ends: NDArray[np.float64], least: float, most: float) -> tuple[float, float]:
    """Both ends in points within the axes, far enough apart to be pointed at."""
    first, last = float(ends.min()), float(ends.max())
    more = max(0.0, _LEAST - (last - first)) / 2
    return max(least, first - more), min(most, last + more)
