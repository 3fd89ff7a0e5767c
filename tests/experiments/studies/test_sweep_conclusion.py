"""What a sweep says, in data and in words."""

from dataclasses import replace

import numpy as np
import swept
from ill_fated import FAILED_SET
from swept import DOMAINS, SHOP, run

import sim
from sim.core.metrics import Key
from sim.experiments.studies.sweep_conclusion import conclude, verdict
from sim.experiments.studies.sweeps import FLOATS

CAPACITY = Key("shop", "", "min_capacity")
DURATION = Key("shop", "", "rollout_duration")
PLAIN = SHOP.partition("variants:")[0]


def said(text, entry, **given):
    one = sim.loads(text).with_sweep(entry)
    names = one.variant_names
    return conclude(run(one, names, given.pop("wanted", ())), one.sweep, one.prefer, **given)


def by_hand(found, keys):
    """Point and variant of those that no other one beats, by their means."""
    means = np.column_stack([s * found.column(k, "mean") for k, s in keys])
    front = [
        place
        for place, row in enumerate(means)
        if not any((other <= row).all() and (other < row).any() for other in means)
    ]
    return [tuple(found.alternatives[p]) for p in sorted(front, key=lambda p: tuple(means[p]))]


def test_the_front_is_that_of_the_headlines_that_disagree_most():
    found = conclude(swept.swept(), swept.scenario().sweep)
    conclusion = found.conclusion
    assert conclusion.front_metrics == (CAPACITY, DURATION)
    assert conclusion.correlation < -0.5
    front = by_hand(swept.swept(), [(CAPACITY, -1), (DURATION, 1)])
    assert [tuple(each) for each in conclusion.front] == front
    assert found.standings.count("yes") == len(front)
    assert conclusion.sentences[1].startswith(
        "front of lowest capacity and done in, the headlines that disagree most (rank correlation -"
    )


def test_the_front_of_chosen_metrics():
    keys = [Key("shop", "", "mean_capacity"), CAPACITY]
    one = swept.scenario()
    found = conclude(run(one, one.variant_names, keys), one.sweep, front=keys).conclusion
    assert (found.chosen, found.correlation) == (True, None)
    assert [tuple(each) for each in found.front] == by_hand(
        swept.swept(), [(keys[0], -1), (keys[1], -1)]
    )
    assert found.sentences[1].startswith("front of mean capacity and lowest capacity, by means: ")


def test_verdicts_are_counted_and_the_front_of_those_that_keep_them_is_told():
    found = conclude(swept.swept(), swept.scenario().sweep)
    conclusion = found.conclusion
    assert (conclusion.met, conclusion.undecided, conclusion.missed) == (
        found.verdicts.count("met"),
        found.verdicts.count("undecided"),
        found.verdicts.count("missed"),
    )
    assert conclusion.met + conclusion.undecided + conclusion.missed == 12
    kept = {
        tuple(swept.swept().alternatives[k]) for k, v in enumerate(found.verdicts) if v == "met"
    }
    assert {tuple(each) for each in conclusion.front_of_keeping} <= kept
    assert conclusion.sentences[0] == (
        f"{conclusion.met} of 12 pairs of point and variant meet every objective, "
        f"{conclusion.missed} miss one"
    )


def test_the_knee_is_told_with_its_point_and_values():
    found = said(PLAIN, {DOMAINS: {"from": 2, "to": 12, "step": 1}}).conclusion
    assert found.knee == (4, "")
    (told,) = [each for each in found.sentences if "knee" in each]
    assert told.startswith("knee of the front: update_domains 6 (point 4), lowest capacity 83.3 %")


def test_where_headlines_do_not_differ_there_is_no_front():
    found = said(PLAIN, {"objectives.0.at_least": ["10%", "20%"]})
    assert found.conclusion.front_metrics == ()
    assert found.conclusion.sentences[1] == (
        "no two headlines differ between the points: there is no front"
    )
    assert set(found.standings) == {""}


def test_without_objectives_and_preferences_nothing_is_said_of_them():
    found = said(PLAIN.partition("objectives:")[0], {DOMAINS: [2, 6]}).conclusion
    assert (found.met, found.undecided, found.missed, found.best) == (0, 0, 0, [])
    assert found.front_of_keeping == []
    assert all(each.startswith(("front", "the front")) for each in found.sentences)


def test_what_is_preferred_decides_among_those_that_meet_the_objectives():
    found = said(f"{PLAIN}prefer: [rollout_duration]\n", {DOMAINS: [2, 4, 12]}).conclusion
    assert [tuple(each) for each in found.best] == [(1, "")]
    assert found.sentences[-1] == "best by rollout_duration: update_domains 4 (point 1)"


def test_points_that_are_not_told_apart_are_best_together():
    text = f"{PLAIN}prefer: [min_capacity]\n"
    found = said(text, {"operations.0.at": ["10min", "20min"], DOMAINS: [6, 12]}).conclusion
    assert {tuple(each) for each in found.best} == {(1, ""), (3, "")}
    assert found.sentences[-1].startswith("best by min_capacity: 2 that are not told apart, first ")


def test_nothing_is_best_where_no_point_meets_the_objectives():
    text = f"{PLAIN}prefer: [min_capacity]\n".replace("at_least: 75%", "at_least: 99%")
    found = said(text, {DOMAINS: [2, 4]}).conclusion
    assert found.best == []
    assert "nothing is best by min_capacity: no point meets every objective" in found.sentences


def test_a_rollout_that_never_ends_is_on_no_front_and_said_to_be_left_out():
    found = said(PLAIN, {"horizon": ["20min", "3h"], DOMAINS: [2, 12]})
    conclusion = found.conclusion
    assert all(each[0] >= 2 for each in conclusion.front)
    assert found.standings[:2] == ["", ""]
    assert any(
        each.startswith("left out of front and best: 2 points") for each in conclusion.sentences
    )


FAILS = FAILED_SET.replace("75%", "90%") + "prefer: [downtime]\n"


def test_points_that_meet_the_objectives_by_failed_upgrades_are_counted_apart():
    share = "systems.web.upgrade_policy.max_batch_instance_percent"
    found = said(FAILS, {share: ["5%", "10%", "50%"]}).conclusion
    assert (found.met, found.met_badly, found.missed) == (2, 2, 1)
    assert found.sentences[0] == (
        "2 of 3 points meet every objective (at 2 of them rollouts ended well in fewer than half "
        "of the runs), 1 misses one"
    )
    assert (
        "nothing is best by downtime: no point that meets every objective ended its rollouts well "
        "often enough"
    ) in found.sentences
    one = said(FAILS, {share: ["5%", "50%"]}).conclusion.sentences[0]
    assert "(its rollouts ended well in fewer than half of the runs)" in one


def test_a_mean_that_is_missing_at_a_point_keeps_it_off_the_front():
    whole = swept.swept()
    floats = whole.floats.copy()
    mine = (whole.rows[:, 0] == 0) & (whole.rows[:, 1] == whole.keys.index(DURATION))
    floats[mine, FLOATS.index("mean")] = np.nan
    found = conclude(replace(whole, floats=floats), swept.scenario().sweep)
    assert found.standings[0] == ""
    assert found.conclusion.without == 1


def test_where_no_point_has_the_means_that_are_asked_for_there_is_no_front_and_it_is_said():
    whole = swept.swept()
    floats = whole.floats.copy()
    floats[whole.rows[:, 1] == whole.keys.index(DURATION), FLOATS.index("mean")] = np.nan
    found = conclude(
        replace(whole, floats=floats), swept.scenario().sweep, front=[DURATION, CAPACITY]
    )
    assert (found.conclusion.front, found.conclusion.knee) == ([], None)
    assert "no point has a mean of done in and lowest capacity: there is no front" in (
        found.conclusion.sentences
    )


def test_without_the_values_of_replications_fewer_points_are_told_apart():
    medians = "systems.shop.roles.WebRole.restart.lognormal.median"
    one = sim.loads(PLAIN).with_sweep({DOMAINS: [2, 4, 6, 12], medians: ["3min", "4min", "5min"]})
    whole = run(one)
    paired = conclude(whole, one.sweep).standings
    alone = conclude(replace(whole, values={}), one.sweep).standings
    assert paired.count("yes") == alone.count("yes")
    assert alone.count("no") < paired.count("no")


def test_an_alternative_misses_if_it_misses_any_and_meets_only_if_it_meets_all():
    whole = swept.swept()
    (one,) = whole.judged[0]
    for others, told in (
        (("met", "undecided"), "undecided"),
        (("undecided", "missed", "met"), "missed"),
        (("met", "met"), "met"),
        ((), ""),
    ):
        judged = [[replace(one, verdict=each) for each in others]]
        assert verdict(replace(whole, judged=judged), 0) == told


def test_a_metric_that_most_points_lack_makes_no_front_by_itself():
    whole = swept.swept()
    floats = whole.floats.copy()
    mine = (whole.rows[:, 0] > 4) & (whole.rows[:, 1] == whole.keys.index(DURATION))
    floats[mine, FLOATS.index("mean")] = np.nan
    found = conclude(replace(whole, floats=floats), swept.scenario().sweep).conclusion
    assert DURATION not in found.front_metrics
    assert len(found.front_metrics) == 2
