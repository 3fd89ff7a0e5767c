"""Words of a command line that are wrong: one line says what, and what was meant."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize("words", [["run"], ["run", "x.yaml", "--sed", "1"], ["rnu"]])
def test_wrong_options_are_data_under_json(words, shell):
    code, out, _ = shell(*words, "--json")
    assert code == 2
    assert json.loads(out)["problems"][0]["rule"]


def test_problem_with_an_option_has_no_file(shell):
    out = shell("run", "certain.yaml", "--json", "--seeds", "1")[1]
    assert json.loads(out)["problems"][0]["file"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--quiet", "run", "certain.yaml"], "--quiet: options go after the command"),
        (["certain.yaml"], "; did you mean rollout-sim run certain.yaml?"),
    ],
)
def test_words_in_the_wrong_order_are_told_the_right_one(words, told, shell):
    code, _, err = shell(*words)
    assert (code, err.rstrip().endswith(told)) == (2, True)
