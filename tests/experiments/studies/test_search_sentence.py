"""What a search found, in words: a bracket with its confidence, what is wrong with it first."""

from dataclasses import replace

import pytest
from searches import CAPACITY, DOMAINS

from sim.experiments.statistics.bisection import bisect
from sim.experiments.statistics.verdicts import Verdict
from sim.experiments.studies.candidates import candidates
from sim.experiments.studies.search import Found, Trial
from sim.experiments.studies.search_sentence import answers_of
from sim.files import loads

VALUES = candidates(DOMAINS, 2, 12)
ASKED = loads(CAPACITY).objectives


def answer(outcomes, **how):
    """Of values from 2 to 12, by value what is seen there: missed, met or undecided."""
    (one,) = answers_of([found(outcomes, **how)], VALUES, largest=how.get("largest", False))
    return one


def found(
    outcomes, *, largest=False, runs=100, random=True, objectives=ASKED, texts=("a",), asks=True
):
    trials = []

    def judge(place):
        at = VALUES.last - place if largest else place
        value = int(VALUES.text(at))
        seen = outcomes(value)
        verdicts = tuple(Verdict(0.5, 0.4, 0.6, each, "") for each in (seen,) * len(texts))
        trials.append(
            Trial(
                "a",
                at,
                str(value),
                value,
                seen,
                runs,
                random,
                asks,
                objectives,
                texts,
                verdicts,
                (),
            )
        )
        return seen

    bracket = bisect(VALUES.last, judge)
    return Found("a", bracket, tuple(trials), None, 60)


def steps(change, *open_ones):
    def seen(value):
        if value in open_ones:
            return "undecided"
        return "met" if value >= change else "missed"

    return seen


def test_bracket_with_its_confidence_and_what_it_cost():
    found = answer(steps(6))
    assert found.outcome == "found"
    assert (found.missed, found.met) == ("5", "6")
    assert found.level == pytest.approx(1 - 0.05 / 60)
    all_runs = "what all runs must meet counts as met where no run was seen to miss it; "
    assert found.sentence == (
        "smallest update_domains that meets: between 5 (missed) and 6 (met), 95 % confidence; "
        f"{all_runs}7 values, 700 replications"
    )


def test_without_chance_there_is_no_confidence_to_speak_of():
    found = answer(steps(6), runs=1, random=False)
    assert found.confidence == 1
    assert found.sentence == (
        "smallest update_domains that meets: between 5 (missed) and 6 (met), deterministic; "
        "7 values, 7 replications"
    )


def test_largest_is_told_from_low_to_high_too():
    found = answer(lambda value: "missed" if value > 6 else "met", largest=True)
    head = "largest update_domains that meets: between 6 (met) and 7 (missed), 95 % confidence"
    assert found.sentence.startswith(head)


def test_bracket_that_stays_wider_says_why():
    found = answer(steps(8, 6, 7))
    assert (found.outcome, found.undecided) == ("wide", ("6", "7"))
    assert "between 5 (missed) and 8 (met), 95 % confidence; wider than the tolerance, 1, as 6, 7 are undecided at 100 replications; " in found.sentence  # fmt: skip


def test_lowest_value_may_be_undecided():
    found = answer(steps(4, 2, 3))
    assert (found.outcome, found.missed, found.met) == ("wide", "", "4")
    assert "between 2 (undecided) and 4 (met), 95 % confidence; wider than the tolerance, 1, as 2, 3 are undecided at 100" in found.sentence  # fmt: skip


def test_first_value_may_meet_already():
    found = answer(steps(0))
    assert (found.outcome, found.met, found.missed) == ("at the end", "2", "")
    head = "smallest update_domains that meets: 2, the lowest value, is met already, 95 % conf"
    assert found.sentence.startswith(head)
    largest = answer(steps(0), largest=True)
    assert "largest update_domains that meets: 12, the highest value, is" in largest.sentence


def test_wrong_direction_is_told():
    found = answer(lambda value: "missed" if value > 6 else "met")
    told = "; 12 (missed), so rather the largest value that meets is to be found; "
    assert found.outcome == "at the end"
    assert told in found.sentence
    found = answer(steps(6), largest=True)
    assert (
        "; 2 (missed), so rather the smallest value that meets is to be found; " in found.sentence
    )


@pytest.mark.parametrize(("low", "known"), [("missed", "meets"), ("undecided", "is known to meet")])
def test_neither_end_meets(low, known):
    found = answer(lambda value: low if value == 2 else "missed")
    assert found.outcome == ("none" if low == "missed" else "undecided")
    open_one = "2 is undecided at 100 replications; " if low == "undecided" else ""
    told = f"none found, as neither end {known}: 2 ({low}) and 12 (missed), 95 % confidence; "
    told += f"{open_one}what lies between was not tried: a sweep tries it; "
    assert told in found.sentence


def test_last_value_may_be_undecided():
    found = answer(steps(20, 12))
    assert (found.outcome, found.missed, found.met) == ("undecided", "2", "")
    assert "none found, as neither end is known to meet: 2 (missed) and 12 (und" in found.sentence
    assert "; 12 is undecided at 100 replications; what lies between" in found.sentence


def test_ends_that_miss_different_objectives_are_told_with_them():
    trials = [
        Trial("a", at, str(at + 2), at + 2.0, "missed", 100, True, True, ASKED * 2, ("x", "y"), verdicts, ())
        for at, verdicts in (
            (0, (Verdict(0, 0, 0, "missed", ""), Verdict(1, 1, 1, "met", ""))),
            (10, (Verdict(1, 1, 1, "met", ""), Verdict(0, 0, 0, "missed", ""))),
        )
    ]  # fmt: skip
    bracket = bisect(10, lambda _: "missed")
    (told,) = answers_of([Found("a", bracket, tuple(trials), None, 60)], VALUES, largest=False)
    assert (
        "; 2 misses x and 12 misses y; what lies between was not tried: a sweep tries it; "
        in told.sentence
    )


def test_value_beyond_the_answer_that_misses_again_is_told():
    found = answer(lambda value: "missed" if value < 6 or value == 9 else "met")
    assert found.breaks == ("9",)
    told = "; not met from there on: 9, which is larger, misses again, so there may be other such places; "
    assert told in found.sentence
    found = answer(lambda value: "missed" if value > 8 or value == 5 else "met", largest=True)
    assert "5, which is smaller, misses again" in found.sentence


def test_value_beyond_the_answer_that_is_undecided_is_told():
    found = answer(steps(6, 9))
    assert found.outcome == "found"
    assert "; whether it is met from there on is not sure: 9 (undecided); " in found.sentence
    found = answer(steps(0, 12))
    assert "; whether it is met from there on is not sure: 12 (undecided); " in found.sentence


def test_what_asks_for_no_rollout_is_a_reference_where_others_do():
    both = [found(steps(6)), found(steps(2), asks=False)]
    told = answers_of(both, VALUES, largest=False)
    assert [each.reference for each in told] == [False, True]
    assert told[1].sentence.endswith("; reference (no rollout); 3 values, 300 replications")
    (alone,) = answers_of(both[1:], VALUES, largest=False)
    assert not alone.reference


def test_an_end_at_which_rollouts_do_not_end_says_so():
    (told,) = answers_of([unended(found(steps(20)), 12)], VALUES, largest=False)
    assert (
        "; at 12 a rollout was refused, never began, took nobody or had not ended in 90 of 100 runs; "
        in (told.sentence)
    )
    # At an end that is met, or between, nobody asks.
    (told,) = answers_of([unended(found(steps(6)), 12)], VALUES, largest=False)
    assert "had not ended" not in told.sentence
    certain = unended(found(steps(6), runs=1, random=False), 5)
    (told,) = answers_of([certain], VALUES, largest=False)
    assert (
        "; at 5 a rollout was refused, never began, took nobody or had not ended; " in told.sentence
    )


def unended(search, value):
    trials = [replace(each, unended=90) if each.number == value else each for each in search.trials]
    return replace(search, trials=tuple(trials))


def test_an_answer_by_rollouts_that_end_badly_says_so_before_all_else():
    badly = with_ends(found(steps(6)), 6, 0.4)
    (told,) = answers_of([badly], VALUES, largest=False)
    assert told.ended_badly
    assert "confidence; but at 6 what was requested ended well in only 40 of 100 runs; " in (
        told.sentence
    )
    (told,) = answers_of([with_ends(found(steps(6)), 6, 0.5)], VALUES, largest=False)
    assert "ended well" not in told.sentence
    assert not told.ended_badly
    (told,) = answers_of([with_ends(found(steps(6)), 5, 0.0)], VALUES, largest=False)
    assert "ended well" not in told.sentence  # it is not the answer
    certain = with_ends(found(steps(6), runs=1, random=False), 6, 0.0)
    (told,) = answers_of([certain], VALUES, largest=False)
    assert "deterministic; but at 6 what was requested did not end well; " in told.sentence


def with_ends(search, value, share):
    trials = [
        replace(each, ended_well=share) if each.number == value else each for each in search.trials
    ]
    return replace(search, trials=tuple(trials))


def test_a_value_that_plays_no_part_is_told():
    same = found(steps(2))
    same = replace(same, trials=tuple(replace(each, digest="x") for each in same.trials))
    (told,) = answers_of([same], VALUES, largest=False)
    text = "; update_domains changes nothing here: all measurements are equal at each value; "
    assert text in told.sentence
    first, *others = same.trials
    (told,) = answers_of(
        [replace(same, trials=(replace(first, digest="y"), *others))], VALUES, largest=False
    )
    assert "changes nothing" not in told.sentence
    # What is asked changes with it.
    other = replace(first, texts=("b",))
    (told,) = answers_of([replace(same, trials=(other, *others))], VALUES, largest=False)
    assert "changes nothing" not in told.sentence
