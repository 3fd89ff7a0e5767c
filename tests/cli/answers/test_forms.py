"""An answer in the form that was asked for, whatever the command."""

from __future__ import annotations

import argparse

import pytest

from sim.cli.answers.forms import Forms, in_form, told_before
from sim.cli.answers.junit import Case, Suite

FORMS = Forms(
    lines=lambda style: [f"head {style.markdown}"],
    end=["end"],
    end_with_places=["end", "results: here"],
    data=lambda: {"a": 1},
    suites=lambda: [Suite("s", [Case("c")])],
)


def options(form, *, quiet=False, no_files=True):
    words = ["run", "x y.yaml"]
    return argparse.Namespace(format=form, quiet=quiet, words=words, no_files=no_files)


def told(form, *, quiet=False):
    return in_form(options(form, quiet=quiet), 4, ["something went wrong"], FORMS)


@pytest.mark.parametrize("form", [None, "text"])
def test_text_ends_with_where_things_are(form):
    assert told(form).text == "head False\nend\nresults: here\n"


def test_markdown_ends_with_what_made_it():
    assert told("markdown").text == (
        "### head True\n\nend\n\nmade by rollout-sim 0.1.0: rollout-sim run 'x y.yaml'\n"
    )


def test_others_are_data():
    assert told("json").text.split() == ["{", '"a":', "1", "}"]
    assert '<testcase classname="s" name="c" time="0" />' in told("junit").text


@pytest.mark.parametrize("form", ["text", "json", "markdown", "junit"])
def test_code_and_what_went_wrong_are_told_in_every_form(form):
    assert (told(form).code, told(form).notes) == (4, ("something went wrong",))


def test_quiet_leaves_what_went_wrong_to_the_data():
    assert told("json", quiet=True).notes == ()
    assert told("text", quiet=True).notes == ("something went wrong",)


def test_text_is_told_before_results_are_saved_and_then_where_they_are(capsys):
    assert told_before(options("text", no_files=False), FORMS.lines) == ""
    assert capsys.readouterr().out == "head False\n"
    after = in_form(options("text", no_files=False), 0, [], FORMS)
    assert after.text == "end\nresults: here\n"


def test_what_a_program_reads_is_told_in_one_piece(capsys):
    assert told_before(options("json", no_files=False), FORMS.lines) == ""
    assert told_before(options("text"), FORMS.lines) == ""
    assert capsys.readouterr().out == ""
