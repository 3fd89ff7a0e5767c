"""The page of assumptions: whether the answer rests on one, and what each weighs."""

import pytest
from failing import fail
from guessing import RESTART, is_doubled, rolled_back, two_ways, walk

import sim
from sim.report.content import Section
from sim.results import tables
from sim.results.pages.assumptions_page import assumptions_page
from sim.results.sensitivity import ASSUMPTIONS, FLIPS

NOTHING = Section("figures", "Figures", [])
MADE = {"command": "x", "versions": {}, "made_by": "rollout-sim", "made_at": "now"}


@pytest.fixture(scope="module")
def found():
    return sim.assumptions(walk())


def page(found, *, turned=True, **changes):
    rows = tables.to_rows(tables.from_rows(ASSUMPTIONS, found.rows()))
    flips = tables.to_rows(tables.from_rows(FLIPS, found.flip_rows() if turned else []))
    return assumptions_page(found.about() | changes, rows, flips, NOTHING, "a: 1", MADE)


def test_an_answer_that_turns_over_says_with_what(found):
    made = page(found)
    assert (made.verdict.tone, made.verdict.word) == (
        "undecided",
        "The answer depends on assumptions",
    )
    assert "conclusions change with " in made.verdict.sentence
    assert "2 of 3 guesses halved and doubled" in made.verdict.sentence
    assert ", doubled: " in made.warnings[0]
    assert made.warnings[0].endswith(": mean done in <= 20min: from met to missed")
    assert made.above_warnings == "Conclusions that change"


def test_without_a_turn_nothing_decides(found):
    verdict = page(found, turned=False).verdict
    assert (verdict.tone, verdict.word) == (
        "met",
        "No assumption that can be changed decides",
    )
    assert verdict.sentence.endswith("no conclusion changes.")


def test_what_is_wrong_with_nothing_changed_is_said_first_and_never_green(found):
    verdict = page(found, turned=False, as_it_is=["upgrade stuck in 100 % of runs"]).verdict
    assert verdict.tone == ""
    assert "): with nothing changed, upgrade stuck in 100 % of runs; no concl" in verdict.sentence
    turned = page(found, as_it_is=["upgrade stuck in 100 % of runs"]).verdict
    assert "): with nothing changed, upgrade stuck in 100 % of runs; concl" in turned.sentence


def failed(variant="baseline", change="", *, nothing_known=False):
    return {"variant": variant, "change": change, "nothing_known": nothing_known}


def test_failed_replications_come_first(found):
    verdict = page(found, failed_replications=[failed()]).verdict
    assert verdict.tone == "failed"
    assert "1 replication failed and is left out; " in verdict.sentence


def test_what_nothing_is_known_of_comes_before_that(found):
    gone = [failed("manual", nothing_known=True), failed("auto", "x halved", nothing_known=True)]
    verdict = page(found, failed_replications=[*gone, failed()], turned=False).verdict
    assert verdict.word == "Preliminary: replications failed"
    assert verdict.sentence.endswith(
        "nothing is known of manual, as every replication failed; nothing is known of 1 change, "
        "as every replication failed; 1 replication failed and is left out; of the others no "
        "conclusion changes."
    )


def test_a_guess_of_which_not_all_is_known_comes_before_the_weightiest(monkeypatch):
    fail(monkeypatch, range(100), RuntimeError("broken"), when=is_doubled)
    table = page(sim.assumptions(walk())).sections[0].blocks[0]
    assert [cell if isinstance(cell, str) else cell.text for cell in table.rows[0]] == [
        "roles.Web.restart (4min)",
        "unknown",
        "doubled to 8min: every replication failed",
        "-",
    ]


def test_a_variant_of_which_nothing_is_known_hides_no_weight_of_others(monkeypatch):
    fail(monkeypatch, range(100), RuntimeError("broken"), "manual")
    table = page(sim.assumptions(two_ways(), of=[RESTART])).sections[0].blocks[0]
    assert table.rows[0][1].text == "50 %"


def test_the_weightiest_stands_first_with_its_largest_change(found):
    table = page(found).sections[0].blocks[0]
    first, *rest = table.rows
    assert first[1].text == "50 %"
    assert float(first[1].value) == 0.5
    assert first[2] == "halved to 2min: hours lost -0.267"
    assert first[3] == "doubled: mean done in <= 20min"
    weights = [row[1].text for row in rest]
    assert weights == ["0 %", "-"]
    assert rest[-1][2] == "without failures there is no rate"


def test_where_most_runs_have_no_value_that_is_what_is_told():
    (weighed,) = page(sim.assumptions(rolled_back("70%"), of=[RESTART])).sections[0].blocks[0].rows
    assert "done in has no value in " in weighed[2]


def test_where_some_runs_have_no_value_the_change_is_that_of_the_median():
    found = sim.assumptions(rolled_back(), of=[RESTART])
    rows = tables.to_rows(tables.from_rows(ASSUMPTIONS, found.rows()))
    late = [row for row in rows if row["metric"] == "rollout_duration" and row["factor"] == 2.0]
    table = assumptions_page(found.about(), late, [], NOTHING, "a: 1", MADE).sections[0].blocks[0]
    n = late[0]["missing"]
    told = f"doubled to 8min: done in +16min (median; no value in {n} of 40 runs)"
    assert table.rows[0][2] == told


def test_where_nothing_could_be_changed_nothing_is_known(found):
    guesses = [each | {"moved": False} for each in found.about()["guesses"]]
    verdict = page(found, turned=False, guesses=guesses).verdict
    assert (verdict.tone, verdict.word) == ("undecided", "Nothing was changed")
    assert "0 of 3 guesses halved and doubled" in verdict.sentence
