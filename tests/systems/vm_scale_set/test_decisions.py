"""Going through finished runs from decision to decision."""

from __future__ import annotations

from set_log import IMAGE, WALK, ScaleSet

from sim.systems.vm_scale_set import decisions
from sim.systems.vm_scale_set.decisions import ASK, BEGIN, END, OPEN, OVER, Replay
from sim.systems.vm_scale_set.history import History
from sim.systems.vm_scale_set.states import REIMAGING, WIDTH


class Told(Replay):
    """What comes to be decided: kind, times and places."""

    def __init__(self, history, kinds):
        self.found, self.kinds = [], kinds
        super().__init__(history)

    def decide(self, kind, some):
        times = self._stack.time[some.row].tolist()
        codes, takes = (each[some.place].tolist() for each in (self._codes, self._takes))
        if kind in self.kinds:
            self.found.append((kind, times, some.place.tolist(), codes, takes))


def told(*texts, requests=(IMAGE,), kinds=(OPEN, BEGIN, OVER, END)):
    hand_made = ScaleSet(*requests)
    return Told(History(hand_made.model.layout, hand_made.stack(*texts)), kinds).found


def test_each_decision_sees_the_instances_as_they_are_then_and_whom_it_takes():
    kinds, times, places, codes, takes = zip(*told(WALK), strict=True)
    assert kinds == (OPEN, BEGIN, OVER, BEGIN, OVER, END)
    assert [each for (each,) in times] == [100, 100, 240, 300, 440, 440]
    assert {each for (each,) in places} == {0}
    healthy = codes[2][0][0]
    assert codes[1] == [[1, 1]]
    assert codes[2:4] == ([[healthy, 1]], [[healthy, 1]])
    assert codes[4] == [[healthy, healthy]]
    nobody = [[0, 0]]
    code = WIDTH + REIMAGING
    assert takes == (nobody, [[code, 0]], nobody, [[0, code]], nobody, nobody)


def test_replications_are_gone_through_together_or_one_by_one(monkeypatch):
    together = told(WALK, "", WALK)
    assert [each[2] for each in together] == [[0, 2]] * 6
    monkeypatch.setattr(decisions, "MATRIX", 2)
    assert [each[2] for each in told(WALK, "", WALK)] == [[0]] * 12


def test_a_request_is_a_decision():
    protect = ("set_protection", {"instances": [0]})
    text = "50 set_protection-0 -> InProgress\n50 set_protection-0 -> Succeeded"
    assert [each[0] for each in told(text, requests=[protect], kinds=[ASK])] == [ASK]
    assert told(text, requests=[protect]) == []
