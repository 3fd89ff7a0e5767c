"""Options that several commands share: the form of the answer."""

from __future__ import annotations

import pytest

from sim.cli.options.option_groups import asked_format


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--json", "--format", "markdown"], "--format: must not be given together with json"),
        (["--format", "junit", "--json"], "--json: must not be given together with junit"),
        (["--format", "xml"], "--format: must be text, json, markdown or junit, got xml"),
    ],
)
def test_form_of_the_answer_is_one_that_there_is(words, told, shell):
    code, _, err = shell("run", "certain.yaml", *words)
    assert code == 2
    assert err.startswith(f"rollout-sim run: argument {told}")


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("explain", "it judges nothing that could fail; validate does"),
        ("report", "it judges nothing; the command that wrote the folder does"),
    ],
)
def test_what_judges_nothing_has_no_test_cases_and_says_where_they_are(command, why, shell):
    code, _, err = shell(command, "certain.yaml", "--format", "junit")
    told = f"rollout-sim {command}: argument --format: must be text, json or markdown, got junit"
    assert (code, err) == (2, f"{told}: {why}\n")


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ("run x --json", "json"),
        ("run x --format=junit --sed", "junit"),
        ("run x --format markdown", "markdown"),
        ("run x --format xml", "text"),
        ("run x --format", "text"),
        ("run x", "text"),
    ],
)
def test_form_is_known_also_where_other_words_are_wrong(words, form):
    assert asked_format(words.split()) == form
