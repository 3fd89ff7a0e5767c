"""What if: a slider for each of some values, and the results at each setting of them."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib import import_module
from math import ceil
from typing import TYPE_CHECKING, Any

from sim.core.errors import ScenarioError
from sim.core.units import shorten_any
from sim.experiments.studies.candidates import candidates
from sim.formats.tree import Node, Scalar
from sim.results.given import given_scenario
from sim.results.runs import run

if TYPE_CHECKING:
    from os import PathLike

    from sim.experiments.studies.candidates import Candidates
    from sim.scenario import Scenario

WHERE = "explore"

REPLICATIONS = 100
"""Made at each place: few enough to answer while a slider is moved."""

MOST_PLACES = 200
"""Of a slider; between whole numbers further apart it leaves some out."""


def explore(
    scenario: Scenario | str | PathLike[str],
    ranges: Mapping[str, tuple[object, object]],
    *,
    replications: int = REPLICATIONS,
) -> Any:
    """Sliders in a notebook: each move runs the scenario again and shows what `run` would show.

    All places see the same random numbers.

    >>> sim.explore("shop.yaml", {"systems.shop.update_domains": (2, 10)})  # doctest: +SKIP

    Parameters
    ----------
    scenario
        A scenario, or the path of its file.
    ranges
        By path, as for `Scenario.override`, the two ends, written as in a file: whole numbers,
        other numbers, "10min", "80%".
    replications
        How many are made at each place.

    Returns
    -------
    ipywidgets.VBox
        The sliders, and below them the results.

    Raises
    ------
    ScenarioError
        If the file is wrong or has no such path, the ends are no such values, or ipywidgets is not
        installed. A value that the scenario does not take is told below the sliders.
    """
    widgets = _widgets()
    base = given_scenario(scenario, replications=replications)
    if not isinstance(ranges, Mapping) or not ranges:
        rule = "must hold LOW and HIGH by path, such as {'systems.shop.update_domains': (2, 10)}"
        raise ScenarioError.of(f"{rule}, got {shorten_any(ranges)}", where=WHERE)
    axes = [_places(path, ends) for path, ends in ranges.items()]
    page = widgets.HTML()
    sliders = [_slider(widgets, each) for each in axes]

    def show(_: object = None) -> None:
        texts = {each.path: slider.value for each, slider in zip(axes, sliders, strict=True)}
        page.value = _shown(base, texts)

    # Whatever is wrong with a path is wrong at each of its values.
    _at(base, {each.path: each.text(0) for each in axes})
    for slider in sliders:
        slider.observe(show, "value")
    show()
    return widgets.VBox([*sliders, page])


def _widgets() -> Any:
    try:
        return import_module("ipywidgets")
    except ModuleNotFoundError:
        rule = "needs ipywidgets: pip install 'rollout-sim[notebook]'"
        raise ScenarioError.of(rule, where=WHERE) from None


def _places(path: str, ends: object) -> Candidates:
    if not isinstance(ends, tuple | list) or len(ends) != 2:  # noqa: PLR2004  (two ends)
        rule = f"must be (LOW, HIGH), got {shorten_any(ends)}"
        raise ScenarioError.of(rule, where=WHERE, path=path)
    low, high = ends
    places = candidates(path, low, high)
    if places.last > MOST_PLACES:
        return candidates(path, low, high, ceil((places.high - places.low) / MOST_PLACES))
    return places


def _slider(widgets: Any, places: Candidates) -> Any:
    texts = [places.text(place) for place in range(places.last + 1)]
    return widgets.SelectionSlider(
        options=texts,
        description=places.path,
        continuous_update=False,
        style={"description_width": "initial"},
        layout={"width": "100%"},
    )


def _at(base: Scenario, texts: Mapping[str, str]) -> Scenario:
    """The scenario with values by path, as a file would say them."""
    return base.override({path: Node(Scalar(text), WHERE) for path, text in texts.items()})


def _shown(base: Scenario, texts: Mapping[str, str]) -> str:
    """The results as HTML; where the scenario does not take the values, what is wrong with them."""
    try:
        return run(_at(base, texts))._repr_html_()
    except ScenarioError as error:
        return f"<pre>{escape(str(error))}</pre>"
