"""The answer as text, from rows of the result tables."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import numpy as np
import pytest
from screens import assert_screen
from summary_rows import METRICS, NAN, row, setting, system

from sim.cli.screens.console import Style
from sim.cli.screens.setting import First
from sim.cli.screens.summary import compare, footer, run
from sim.core.timelines import Timeline
from sim.results.notes import Rare
from sim.scenario import Objective

PLAIN, BLOCKS = Style(), Style(blocks=True)

KEEPS_CAPACITY = Objective(0, "min_capacity", "shop", "", 0.8, None, 0.95, 0.95, "runs")
IN_TIME = Objective(1, "rollout_duration", "shop", "", None, 5400.0, 1.0, 0.95, "runs")


def verdict(word, sentence="", variant="baseline"):
    return {"variant": variant, "objective": "asked", "verdict": word, "sentence": sentence}


STEADY = Timeline(np.array([0.0]), np.array([1.0]), 21600.0)
DIP = Timeline(np.array([0.0, 600.0, 1200.0]), np.array([1.0, 0.8, 1.0]), 21600.0)


def lines_of(summary, *, about=None, objectives=(), capacity=STEADY, style=PLAIN):
    about = about or setting()
    of = {each.name: First("capacity", capacity) for each in about.systems}
    return run(about, summary, objectives, of, style)


def text(lines):
    return "\n".join(lines)


# run ----------------------------------------------------------------------------------------------


def test_answer_of_run_is_one_screen_that_says_it_all():
    summary = [
        row("min_capacity", 0.8),
        row(
            "capacity_hours_lost",
            2.2412,
            of=(1.6, 2.21, 2.54, 3.734),
            ci95_low=2.18,
            ci95_high=2.304,
        ),
        row("downtime", 0.0),
        row(
            "rollout_duration",
            NAN,
            of=(7000.0, 9480.0, 10260.0, NAN),
            ci95_low=NAN,
            ci95_high=NAN,
            missing=4,
        ),
        row("blast_radius", 0.02, of=(0.0, 0.0, 0.0, 1.0), ci95_low=-0.008, ci95_high=0.048),
    ]
    about = setting(objectives={"baseline": (KEEPS_CAPACITY, IN_TIME)})
    judged = [
        verdict("met", "200 of 200 runs meet it: at least 98.5 % at 95 % confidence"),
        verdict("missed", "4 of 200 runs miss it, none may"),
    ]
    answer = lines_of(summary, about=about, objectives=judged, capacity=DIP, style=BLOCKS)
    assert_screen("cli/run", answer)


def test_every_line_of_the_drawing_is_ascii_where_blocks_cannot_be_shown():
    answer = lines_of([row("min_capacity", 0.8)], capacity=DIP)
    assert all(line.isascii() for line in answer)


def test_capacity_that_never_changes_is_told_and_not_drawn():
    assert lines_of([row("min_capacity", 1.0)])[-1] == (
        "capacity in replication 0 is 100 % all the time"
    )


def test_single_run_has_values_and_no_spread():
    about = setting(replications=1, is_random=False)
    answer = lines_of([row("min_capacity", 0.8), row("downtime", 90.0)], about=about)
    assert_screen("cli/run_deterministic", answer)


def test_replayed_replication_is_named():
    about = setting(replications=1, replayed=17)
    assert "replication 17, window" in lines_of([row("downtime", 0.0)], about=about)[0]


def test_variant_and_replication_of_the_drawing_are_named():
    answer = lines_of([row("downtime", 0.0)], about=setting(variant="manual"), capacity=DIP)
    assert answer[0].startswith("shop-build-42, manual: 30 instances")
    assert "capacity of manual in replication 0, the lowest in each column:" in answer


def test_capacity_that_does_not_come_back_is_told_above_the_drawing():
    lost = Timeline(np.array([0.0, 600.0]), np.array([1.0, 0.8]), 21_600.0)
    answer = " ".join(lines_of([row("downtime", 0.0)], capacity=lost))
    assert "capacity in replication 0, the lowest in each column, then 80 % until 6h:" in answer


def test_metric_that_never_came_says_never():
    answer = lines_of([row("rollout_duration", NAN, missing=200)])
    assert answer[2] == "done in  never"


def test_duration_of_several_rollouts_says_from_when_to_when():
    several = setting(systems=(replace(system(), rollouts=3),))
    told = "done in: from the start of the first upgrade to the end of the last (3 requested)"
    done, never = row("rollout_duration", 90.0), row("rollout_duration", NAN, missing=200)
    assert told in " ".join(" ".join(lines_of([done], about=several)).split())
    assert not any("3 requested" in line for line in lines_of([never], about=several))
    assert not any("requested" in line for line in lines_of([done]))


def test_groups_follow_the_whole_system_where_they_are_asked_for():
    about = setting(systems=(system(groups=("WebRole", "WorkerRole")),))
    summary = [row("downtime", 0.0), row("downtime", 5.0, group="WebRole")]
    answer = lines_of(summary, about=about)
    assert_screen("cli/run_with_groups", answer)


def test_several_systems_stand_under_their_names():
    about = setting(
        systems=(system("desk"), system("shop")), objectives={"baseline": (KEEPS_CAPACITY,)}
    )
    summary = [row("downtime", 0.0), row("downtime", 0.0) | {"system": "desk"}]
    answer = lines_of(summary, about=about, objectives=[verdict("met")])
    assert_screen("cli/run_of_two_systems", answer)


def test_system_whose_size_differs_among_variants_is_told_without_one():
    nameless = replace(system(), size="")
    assert lines_of([], about=setting(systems=(nameless,)))[0] == (
        "shop-build-42: 200 replications, window 0..6h"
    )
    both = (nameless, replace(system("desk"), size="4 instances"))
    assert lines_of([], about=setting(systems=both))[0] == (
        "shop-build-42: shop, desk (4 instances), 200 replications, window 0..6h"
    )


@pytest.mark.parametrize(
    ("changes", "window"),
    [
        ({}, "window 0..6h"),
        ({"warm_up": 1800.0}, "window 30min..6h"),
        (
            {"start": dt.datetime(2026, 11, 20, 14, tzinfo=dt.UTC)},
            "window Fri 20 Nov 14:00..20:00",
        ),
        (
            {"start": dt.datetime.fromisoformat("2026-11-20T22:00")},
            "window Fri 20 Nov 22:00..Sat 21 Nov 04:00",
        ),
    ],
)
def test_window_is_told_as_dates_where_the_scenario_has_a_start(changes, window):
    first = text(lines_of([row("downtime", 0.0)], about=setting(**changes)))
    assert window in first.replace("\n  ", " ")


@pytest.mark.parametrize(
    ("objective", "asks"),
    [
        (KEEPS_CAPACITY, "capacity >= 80 % in 95 % of runs"),
        (IN_TIME, "done in <= 1h30min in all runs"),
        (
            Objective(0, "min_capacity", "shop", "WebRole", None, 0.9996, 0.5, 0.95, "runs"),
            "WebRole lowest capacity <= 99.96 % in 50 % of runs",
        ),
        (
            Objective(0, "capacity_hours_lost", "shop", "", None, 2.5, 1.0, 0.95, "mean"),
            "hours lost <= 2.5 on average",
        ),
        (
            Objective(0, "outages", "shop", "", None, 0.0, 1.0, 0.95, "runs"),
            "outages <= 0 in all runs",
        ),
    ],
)
def test_objective_is_told_with_its_exact_bound(objective, asks):
    about = setting(objectives={"baseline": (objective,)})
    answer = lines_of([row("downtime", 0.0)], about=about, objectives=[verdict("met", "so it is")])
    assert answer[-1] == f"met: {asks}; so it is"


def test_only_verdict_and_title_are_coloured():
    about = setting(objectives={"baseline": (KEEPS_CAPACITY,)})
    style = Style(colour=True)
    answer = lines_of(
        [row("downtime", 0.0)], about=about, objectives=[verdict("missed")], style=style
    )
    assert answer[0].startswith("\x1b[1mshop-build-42")
    assert answer[-1].startswith("\x1b[31mmissed\x1b[0m: capacity")
    assert not any("\x1b" in line for line in answer[1:-1])


# compare ------------------------------------------------------------------------------------------

VARIANTS = ("auto", "manual", "at once")


def modes(**changes):
    """The summary of three modes: the figures of a comparison."""
    figures = {
        "auto": (0.8, 1.0, 0.0, (600.0, 840.0), 1.0),
        "manual": (0.8, 1.0, 0.0, (7800.0, 8040.0), 0.2),
        "at once": (0.0, 1.0, 540.0, (240.0, 540.0), 1.0),
    } | changes
    summary = []
    for variant, (lowest, lost, dark, (middle, high), reach) in figures.items():
        done = (60.0, middle, high, high)
        summary += [
            row("min_capacity", lowest, variant=variant),
            row("capacity_hours_lost", lost, variant=variant),
            row("downtime", dark, variant=variant),
            row("rollout_duration", middle, of=done, variant=variant),
            row("blast_radius", reach, variant=variant),
        ]
    return summary


def compared(summary=None, objectives=(), *, asked=(), references=(), conclusion="", **changes):
    summary = modes() if summary is None else summary
    variants = dict.fromkeys(each["variant"] for each in summary)
    about = setting(**({"objectives": dict.fromkeys(variants, tuple(asked))} | changes))
    return compare(about, summary, objectives, references, conclusion, PLAIN)


def verdicts(*words):
    return [verdict(word, "why", variant) for variant, word in zip(VARIANTS, words, strict=True)]


def test_answer_of_compare_has_the_form_of_the_house():
    answer = compared(
        objectives=verdicts("met", "met", "missed"),
        asked=[KEEPS_CAPACITY],
        conclusion="best: auto, which meets every objective; done in 10min",
    )
    assert_screen("cli/compare", answer)
    assert max(map(len, answer)) == 80


def test_bad_tail_of_a_capacity_is_its_low_one():
    spread = row("min_capacity", 0.7, of=(0.2, 0.75, 0.85, 0.9), variant="auto") | {"p5": 0.3}
    assert compared([spread])[4].split() == ["auto", "30", "%"]
    (line,) = [each for each in lines_of([spread]) if each.startswith("lowest")]
    assert re.split("  +", line)[3:] == ["75 %", "30 %", "20 % (run 17)"]


def test_what_is_rare_is_told_where_it_is_there():
    found = {("auto", "shop", "", "blast_radius"): Rare(0.6, 0.1)}
    answer = compared(rare=found)
    assert "60 % in 10 %" in answer[4]
    assert answer[3].endswith("(bad 5 %)")  # another variant's is not rare
    only = [each for each in modes() if each["variant"] == "auto"]
    assert compared(only, rare=found)[3].endswith("in % of runs")
    about = setting(rare={("baseline", *key[1:]): each for key, each in found.items()})
    told = lines_of([row("blast_radius", 0.06, of=(0.0, 0.0, 0.6, 0.6))], about=about)
    assert "bad build reaches 60 % (when bad, median; 10 % of runs)" in told


def test_headings_are_broken_where_the_table_would_be_too_wide():
    names = {f"the variant of the number {k}": (0.8, 1.0, 0.0, (600.0, 840.0), 1.0) for k in "ab"}
    summary = [each for each in modes(**names) if each["variant"] in names]
    answer = compared(summary)
    assert answer[2].split() == ["capacity", "lost", "bad", "5", "%", "p50", "/", "reaches"]
    assert all(any(line.startswith(name + "  80 %") for line in answer) for name in names)


def test_what_must_not_be_overlooked_stands_before_the_conclusion():
    answer = compare(
        setting(objectives={}), modes(), (), (), "best: none", PLAIN, ["auto: stuck since 40min"]
    )
    assert answer[-2:] == ["auto: stuck since 40min", "best: none"]


def test_more_than_fits_on_a_screen_is_counted():
    told = [f"variant {k}: stuck since 40min" for k in range(40)]
    answer = compare(setting(objectives={}), modes(), (), (), "best: none", PLAIN, told)
    assert answer[-2] == "and 21 more notes: see `run --variant NAME`"
    assert len(answer) <= 28
    answer = compare(setting(objectives={}), modes(), (), (), "best: none", PLAIN, told[:20])
    assert answer[-2] == "and 1 more note: see `run --variant NAME`"


def test_objectives_that_do_not_fit_are_listed_below():
    later = [verdict("met", "", each) for each in VARIANTS]
    first = verdicts("met", "undecided", "missed")
    rows = [each for pair in zip(first, later, strict=True) for each in pair]
    answer = compared(objectives=rows, asked=[KEEPS_CAPACITY, IN_TIME])
    assert answer[1].endswith("bad build")
    assert answer[7] == (
        "capacity >= 80 % in 95 % of runs; met: auto; undecided: manual; missed: at once"
    )
    assert answer[8] == "done in <= 1h30min in all runs; met: auto, manual, at once"
    assert max(map(len, answer)) <= 80


def test_reference_is_shown_and_not_judged():
    answer = compared(
        objectives=verdicts("met", "missed", "missed"),
        asked=[KEEPS_CAPACITY],
        references=["at once"],
    )
    assert answer[6].endswith("100 %      reference")
    assert [line.split(":")[0] for line in answer[7:]] == ["manual"]


def test_objective_of_one_variant_alone_leaves_the_others_blank():
    asked = {"auto": (), "manual": (KEEPS_CAPACITY,), "at once": ()}
    rows = [verdict("met", "", "manual")]
    answer = compare(setting(objectives=asked), modes(), rows, (), "", PLAIN)
    assert [line.split()[-1] for line in answer[4:7]] == ["-", "met", "-"]


def test_same_objective_at_another_place_in_a_variant_s_list_is_one_column():
    later = replace(KEEPS_CAPACITY, index=1)
    asked = {"auto": (KEEPS_CAPACITY,), "manual": (later,), "at once": (later,)}
    answer = compare(
        setting(objectives=asked), modes(), verdicts("met", "met", "missed"), (), "", PLAIN
    )
    assert [line.split()[-1] for line in answer[4:7]] == ["met", "met", "missed"]


def test_metric_that_does_not_apply_to_a_variant_is_a_dash():
    without = ("manual", "downtime")
    summary = [each for each in modes() if (each["variant"], each["metric"]) != without]
    assert compared(summary)[5].split()[3:5] == ["1.0", "-"]


def test_rollouts_that_never_end_show_never_and_above_the_horizon():
    summary = modes()
    ends = {each["variant"]: each for each in summary if each["metric"] == "rollout_duration"}
    ends["auto"].update(missing=200)
    ends["manual"].update(missing=20, p95=NAN)
    answer = compared(summary)
    assert "never" in answer[4]
    assert "2h10 / > 6h" in answer[5]


def test_nothing_random_has_no_quantiles_and_no_reasons():
    answer = compared(
        objectives=verdicts("met", "met", "missed"),
        asked=[KEEPS_CAPACITY],
        is_random=False,
        replications=1,
    )
    assert "p50" not in text(answer)
    assert "bad 5 %" not in text(answer)
    assert "2h10  " in text(answer)
    assert "why" not in text(answer)


def test_reasons_that_leave_the_screen_are_left_to_the_table():
    names = [f"variant {number}" for number in range(14)]
    summary = [row("downtime", 0.0, variant=name) for name in names]
    rows = [verdict("missed", "why " * 30, name) for name in names]
    answer = compared(summary, rows, asked=[KEEPS_CAPACITY])
    assert answer[-1] == "14 verdicts on objectives: explained in objectives.csv"
    assert len(answer) <= 24
    unsaved = compared(summary, rows, asked=[KEEPS_CAPACITY], is_saved=False)
    assert unsaved[-1] == "14 verdicts on objectives: explained under --json"


def test_long_names_of_variants_stay_whole():
    name = "as the platform does it by itself, one domain after the other"
    answer = compared(modes(**{name: (0.8, 1.0, 0.0, (600.0, 840.0), 1.0)}))
    assert name in answer
    assert max(map(len, answer)) <= 80


def test_all_metrics_stand_in_several_tables_of_80_columns():
    every = tuple(METRICS)
    summary = [row(name, 0.5, variant=variant) for variant in VARIANTS for name in every]
    answer = compared(summary, systems=(system(headlines=every),))
    assert max(map(len, answer)) <= 80
    assert sum(line.startswith("auto") for line in answer) > 1


def test_groups_of_each_variant_follow_where_they_are_asked_for():
    summary = [
        *modes(),
        *(row("downtime", 5.0, variant=each, group="WebRole") for each in VARIANTS),
    ]
    answer = compared(summary, systems=(system(groups=("WebRole", "WorkerRole")),))
    assert answer[7:10] == ["WebRole:", "         downtime", "         (bad 5 %)"]


# The footer ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    # 200 replications are enough up to a skewness of the root of 200 / 25
    ("skewness", "rough"),
    [(2.9, True), (2.8, False), (-2.9, True), (NAN, False)],
)
def test_mean_of_few_and_skewed_replications_says_so(skewness, rough):
    spread = {"of": (0.0, 1.0, 3.0, 9.0), "ci95_low": 2.0, "ci95_high": 2.5}
    shown = text(lines_of([row("capacity_hours_lost", 2.2, skewness=skewness, **spread)]))
    assert ("2.0..2.5*  " in shown) == rough
    legend = "* skewed: n is below 25 x skewness^2, the interval on the mean is rough"
    assert (legend in shown) == rough
    assert "2.0..2.5" in shown


def test_footer_says_first_how_much_stands_beside_each_other():
    assert footer(["no failures"], ["picture: x.png"], "3 intervals") == [
        "3 intervals",
        "assumed: no failures      picture: x.png",
    ]


def test_footer_is_one_line_where_it_fits():
    assert footer(["no failures"], ["picture: results/x.png"]) == [
        "assumed: no failures      picture: results/x.png"
    ]


def test_long_footer_keeps_a_path_in_one_piece():
    picture = f"picture: results/{'x' * 90}.png"
    assert footer(["restart (lognormal, median 4min)", "no failures"], [picture]) == [
        "assumed: restart (lognormal, median 4min), no failures",
        picture,
    ]


def test_footer_without_assumptions_is_the_place_alone():
    assert footer([], ["picture: x.png"]) == ["picture: x.png"]


def test_answer_of_a_rollout_that_takes_days_tells_how_far_it_came():
    days = [
        {"group": "", "day": k, "at_s": k * 86400.0, "up_to_date": k / 2, "held_by": ""}
        for k in range(3)
    ]
    told = ["Agent 1.1: 4 of 4 machines are up to date (100 %), the last on day 2"]
    first = First("up_to_date", STEADY, days)
    about = setting()
    lines = run(about, [], (), {each.name: first for each in about.systems}, PLAIN, told)
    assert_screen("cli/run_with_progress", lines)
