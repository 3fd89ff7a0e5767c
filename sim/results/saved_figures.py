"""Which figures are saved with results: all, those that the answer refers to, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sim.systems.base.spec import look_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sim.plots.parts.style import Picture

FIGURES = ("all", "main", "none")

CHOICE = "figures"
"""Key of a provenance: which of them a folder has."""


class Pictures(Protocol):
    """What draws the figures of results."""

    def figures(self, *, main: bool = False) -> Iterator[tuple[str, Picture]]:
        """Names and figures, drawn as they are asked for; `main`: what the answer refers to."""


class HasPictures(Protocol):
    """Results, before a picture is asked for."""

    @property
    def plot(self) -> Pictures:
        """What draws them."""


def chosen(results: HasPictures, figures: str) -> Iterator[tuple[str, Picture]]:
    """The figures that are meant, drawn as they are asked for.

    Raises
    ------
    ScenarioError
        If there is no such choice.
    """
    look_up(dict.fromkeys(FIGURES), figures, "a choice of figures")
    return iter(()) if figures == "none" else results.plot.figures(main=figures == "main")


def as_files(drawn: Iterable[tuple[str, Picture]]) -> Iterator[tuple[str, bytes]]:
    """Names and contents in a folder."""
    for name, picture in drawn:
        yield f"figures/{name}.png", _png(picture)


def _png(picture: Picture) -> bytes:
    from sim.plots.parts.style import png  # noqa: PLC0415  (see `pictures`)

    return png(picture)


def of_report(provenance: Mapping[str, Any]) -> str:
    """Which ones a report made again of a folder shows: those there, the main ones at least."""
    return "all" if provenance.get(CHOICE) == "all" else "main"
