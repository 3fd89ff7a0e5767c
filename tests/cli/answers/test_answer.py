"""What a user typed, as a shell takes it."""

from __future__ import annotations

from sim.cli.answers.answer import Answer, command_line


def test_words_with_spaces_are_quoted():
    assert command_line(["run", "my shop.yaml"]) == "rollout-sim run 'my shop.yaml'"


def test_an_answer_that_says_nothing_ends_well():
    assert Answer() == Answer("", 0, ())
