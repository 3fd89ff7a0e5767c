"""The page of a search: its answer first, then every value that was tried."""

from dataclasses import asdict

import pytest
from searches import CAPACITY, DOMAINS

import sim
from sim.report.content import Section
from sim.results.pages.find_page import find_page
from sim.results.verdict import ENDED_BADLY

NOTHING = Section("figures", "Figures", [])
MADE = {"command": "x", "versions": {}, "made_by": "rollout-sim", "made_at": "now"}
VARIANTS = "variants:\n  all: {}\n  half: {objectives.0.at_least: 50%}\n"


@pytest.fixture(scope="module")
def found():
    return sim.find(sim.loads(CAPACITY), DOMAINS, 2, 20)


def page(found, **changes):
    about = asdict(found.about) | changes
    return find_page(about, found.rows(), NOTHING, {"scenario.resolved.yaml": "a: 1"}, MADE)


def test_the_verdict_is_the_answer_and_what_was_asked_for(found):
    made = page(found)
    assert (made.verdict.tone, made.verdict.word) == ("met", "Found")
    assert found.sentence in made.verdict.sentence
    assert "objectives: lowest capacity >= 90 % in all runs" in made.verdict.sentence
    assert made.size == f"the smallest {DOMAINS} from 2 to 20, to within 1"


def test_every_value_that_was_tried_has_its_verdict(found):
    (table,) = page(found).sections[0].blocks
    assert [row[0].text for row in table.rows] == ["2", "6", "8", "9", "10", "11", "15", "20"]
    assert [row[1].text for row in table.rows] == ["missed"] * 4 + ["met"] * 4


@pytest.mark.parametrize(
    ("outcome", "tone"), [("none", "missed"), ("at the end", "met"), ("wide", "undecided")]
)
def test_nothing_sounds_better_than_it_is(found, outcome, tone):
    (answer,) = asdict(found.about)["answers"]
    assert page(found, answers=[answer | {"outcome": outcome}]).verdict.tone == tone


def test_a_value_that_is_met_by_failed_upgrades_is_no_good_answer(found):
    (answer,) = asdict(found.about)["answers"]
    made = page(found, answers=[answer | {"ended_badly": True}])
    assert (made.verdict.tone, made.verdict.word) == ("undecided", ENDED_BADLY)


def test_a_fault_of_the_program_comes_first(found):
    fault = {"variant": "baseline", "message": "boom", "rerun": "--replay 3"}
    made = page(found, failed_replications=[fault])
    assert made.verdict.tone == "failed"
    assert made.warnings[0].startswith("1 replication failed and are left out: boom")


def test_values_that_do_not_fit_are_told(found):
    (answer,) = asdict(found.about)["answers"]
    told = page(found, answers=[answer | {"breaks": ["15"], "undecided": ["9"]}]).warnings
    assert told == ["missed beyond the answer too: 15", "undecided in between: 9"]


def test_variants_are_told_apart():
    found = sim.find(sim.loads(CAPACITY + VARIANTS), DOMAINS, 2, 20)
    made = page(found)
    assert "half: " in made.verdict.sentence
    assert made.sections[0].blocks[0].headings[0] == "variant"


def test_a_variant_without_an_answer_comes_first_and_what_is_not_searched_next():
    about = asdict(sim.find(sim.loads(CAPACITY + VARIANTS), DOMAINS, 2, 20).about)
    _, half = about["answers"]
    changes = {
        "answers": [half],
        "passed_over": {"none": "names no item"},
        "asked": {**about["asked"], "none": []},
        "failed_replications": [{"variant": "all", "message": "boom", "rerun": "--replay 0"}],
    }
    made = find_page(about | changes, [], NOTHING, {}, MADE)
    told = made.verdict.sentence.partition("): ")[2]
    assert made.verdict.tone == "failed"
    assert told.startswith(
        "all: every replication failed at a value, so there is no answer; none: not searched, as "
        "the path names no item; half: smallest "
    )


def test_a_reference_decides_nothing(found):
    (answer,) = asdict(found.about)["answers"]
    missed = answer | {"outcome": "none", "variant": "auto"}
    reference = answer | {"outcome": "at the end", "reference": True}
    assert page(found, answers=[missed, reference]).verdict.tone == "missed"


def test_where_the_objective_itself_is_searched_its_values_are_one_table():
    found = sim.find(sim.loads(CAPACITY), "objectives.0.at_least", "50%", "100%", largest=True)
    made = page(found)
    (table,) = made.sections[0].blocks
    assert table.caption == "lowest capacity >= ... % in all runs"
    assert len(table.rows) == len(found.trials)
    assert "objectives: lowest capacity >= ... % in all runs" in made.verdict.sentence
