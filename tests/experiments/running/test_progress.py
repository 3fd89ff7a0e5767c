"""One bar, or a line every ten seconds, or nothing."""

import io

import pytest

from sim.experiments.running import progress
from sim.experiments.running.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    return now


def said(monkeypatch, stream, *, shown=True):
    stderr = stream()
    monkeypatch.setattr("sys.stderr", stderr)
    return stderr, Progress(shown)


def test_terminal_has_a_bar_that_goes_away(monkeypatch):
    stderr, bar = said(monkeypatch, Terminal)
    bar.expect(200)
    bar.advance(50)
    bar.tell("min_capacity within 2 %")
    bar.close()
    shown = stderr.getvalue()
    assert "50/200" in shown
    assert "min_capacity within 2 %" in shown
    assert shown.endswith("\r")


def test_elsewhere_a_line_comes_every_ten_seconds(monkeypatch, clock):
    stderr, lines = said(monkeypatch, io.StringIO)
    lines.expect(1_000)
    lines.advance(100)
    clock[0] = 20.0
    lines.tell("min_capacity within 2 %")
    lines.advance(300)
    clock[0] = 21.0
    lines.advance(100)
    clock[0] = 40.0
    lines.advance(500)
    lines.close()
    assert stderr.getvalue().splitlines() == [
        "400 of 1,000 replications, 20 a second, about 30s left; min_capacity within 2 %",
        "1,000 of 1,000 replications, 25 a second; min_capacity within 2 %",
    ]


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_nothing_is_said_where_it_is_not_asked_for(monkeypatch, clock, stream):
    stderr, silent = said(monkeypatch, stream, shown=False)
    silent.expect(10)
    clock[0] = 100.0
    silent.advance(10)
    silent.close()
    assert stderr.getvalue() == ""
    assert silent.reached == "10 of 10 replications"


def test_how_far_it_came_where_nobody_knows_how_far_it_goes():
    one = Progress()
    one.advance(1_200)
    assert one.reached == "1,200 replications"
    assert one.left == 0


@pytest.mark.parametrize(
    ("made", "rate"), [(1, "0.05"), (150, "7.5"), (200, "10"), (27_680, "1,384")]
)
def test_rate_is_a_number_that_people_read(monkeypatch, clock, made, rate):
    stderr, lines = said(monkeypatch, io.StringIO)
    clock[0] = 20.0
    lines.advance(made)
    assert f" replications, {rate} a second" in stderr.getvalue()
