"""Results and pictures that several tests look at."""

import pytest
from made_results import CHANCE, OBJECTIVE, VARIANTS

import sim
from sim.plots.parts.style import Picture


@pytest.fixture
def drawn(monkeypatch):
    """What a function of `plots` is asked to draw, in place of drawing it."""

    def catch(module, name):
        caught = {}

        def keep(first, *_, **rest):
            caught.update(rest, first=first)
            return Picture()

        monkeypatch.setattr(module, name, keep)
        return caught

    return catch


@pytest.fixture
def quick_pictures(monkeypatch):
    """Folders are saved without rendering what they show, which takes most of the time."""
    monkeypatch.setattr("sim.plots.parts.style.png", lambda _: b"a picture")
    monkeypatch.setattr("sim.plots.parts.svg.svg", lambda *_: "")


@pytest.fixture(scope="module")
def ran():
    return sim.run(sim.loads(CHANCE + OBJECTIVE))


@pytest.fixture(scope="module")
def compared():
    return sim.compare(sim.loads(CHANCE + OBJECTIVE + VARIANTS))
