"""Values that the user marked as guesses: they read as without the mark, and are told."""

from __future__ import annotations

import pytest
from places import SCENARIOS, TESTS

from sim.core.errors import ScenarioError
from sim.files import load
from sim.formats.tree import dotted
from sim.scenario import Scenario
from sim.scenario.guesses import Guess, short_names

FILE = """\
systems:
  shop:
    kind: cloud_service
    update_domains: {}
    roles: {{Web: {{instances: 4, restart: {}}}}}
operations:
  - at: {}
    upgrade_deployment: {{}}
"""
LAW = "{exponential: {mean: 3min}}"
MARKED_LAW = "{exponential: {mean: 3min}, assumed: true}"


def of(domains="5", restart=LAW, at="1min"):
    return Scenario.from_text(FILE.format(domains, restart, at), "shop.yaml")


def marked(scenario):
    return [each for each in scenario.guesses if each.origin == "marked"]


def refused(text):
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_text(text, "shop.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_a_marked_value_reads_as_without_its_mark_and_is_told():
    scenario = of("{value: 5, assumed: true}", MARKED_LAW, "{value: 1min, assumed: true}")
    assert scenario == of()
    assert [(each.text, [*map(dotted, each.paths)]) for each in marked(scenario)] == [
        ("update_domains (5)", ["systems.shop.update_domains"]),
        ("roles.Web.restart (exponential, mean 3min)", ["systems.shop.roles.Web.restart"]),
        ("operations.0.at (1min)", ["operations.0.at"]),
    ]
    assert scenario.assumptions[-1] == "guessed operations.0.at (1min)"
    assert marked(of()) == []


def test_a_value_that_is_marked_as_no_guess_is_none():
    assert marked(of("{value: 5, assumed: false}")) == []
    assert of("{value: 5, assumed: false}") == of()


def test_a_distribution_may_stand_under_value_too():
    assert marked(of(restart=f"{{value: {LAW}, assumed: true}}")) == marked(of(restart=MARKED_LAW))


def test_marks_are_written_with_the_resolved_scenario():
    scenario = of("{value: 5, assumed: true}", MARKED_LAW, "{value: 1min, assumed: true}")
    again = Scenario.from_text(scenario.to_yaml())
    assert again == scenario
    assert marked(again) == marked(scenario)


@pytest.mark.parametrize(
    ("system", "path"),
    [
        (
            {"kind": "batch_pool", "nodes": 2, "work": {"load": 0.5, "service": "1min"}},
            ("work", "load"),
        ),
        ({"kind": "arc_fleet", "machines": 3, "extensions": []}, ("machines",)),
    ],
)
def test_marks_follow_what_is_moved_when_defaults_are_filled_in(system, path):
    extension = {"publisher": "Contoso", "type": "Own", "version": "1.0"}
    system = system | ({"extensions": [extension]} if "extensions" in system else {})
    value = {"value": "50%" if "load" in path else 3, "assumed": True}
    *above, key = path
    holder = system
    for each in above:
        holder[each] = dict(holder[each])
        holder = holder[each]
    holder[key] = value
    scenario = Scenario.from_dict({"systems": {"s": system}})
    again = Scenario.from_text(scenario.to_yaml())
    assert again == scenario
    assert len(marked(again)) == len(marked(scenario)) == 1


def test_another_value_takes_the_mark_away_and_one_below_it_does_not():
    scenario = of("{value: 5, assumed: true}", MARKED_LAW)
    assert len(marked(scenario.override({"systems.shop.update_domains": 3}))) == 1
    longer = {"systems.shop.roles.Web.restart.exponential.mean": "9min"}
    assert marked(scenario.override(longer))[1].text == "roles.Web.restart (exponential, mean 9min)"


def test_each_variant_has_its_own_marks():
    text = FILE.format("{value: 5, assumed: true}", LAW, "1min")
    text += "variants:\n  a: {}\n  b: {systems.shop.update_domains: 2}\n"
    text += f"  c: {{systems.shop.roles.Web.restart: {MARKED_LAW}}}\n"
    scenario = Scenario.from_text(text)
    counts = {name: len(marked(scenario.variant(name))) for name in ("a", "b", "c")}
    assert counts == {"a": 1, "b": 0, "c": 2}


def test_a_mark_beside_no_number_is_refused_at_its_place():
    rule = "`assumed: true` must stand beside a number, a share, a time or a distribution: "
    rule += "{value: 3, assumed: true}"
    roles = FILE.format(5, LAW, "1min").replace("roles: {", "roles: {assumed: true, ")
    assert refused(roles) == [f"shop.yaml:5:12: systems.shop.roles: {rule}"]
    whose = "`assumed: true` must stand beside a value of a system or an operation"
    seed = FILE.format(5, LAW, "1min") + "seed: {value: 3, assumed: true}\n"
    assert refused(seed) == [f"shop.yaml:9:15: seed: {whose}"]
    wrong = FILE.format(5, LAW.replace("}}", "}, assumed: maybe}"), "1min")
    assert refused(wrong) == [
        "shop.yaml:5:70: systems.shop.roles.Web.restart.assumed: "
        "must be true or false, beside a value, got maybe"
    ]


def test_a_user_may_call_an_entry_as_the_mark():
    system = {"kind": "cloud_service", "roles": {"assumed": {"instances": 2}}}
    assert "assumed" in Scenario.from_dict({"systems": {"s": system}}).systems["s"].roles


FILES = [
    *sorted(SCENARIOS.glob("*.yaml")),
    *sorted((TESTS / "corpus" / "good").glob("*.yaml")),
]


def defaults(path):
    scenario = load(path)
    return [(scenario, each) for each in scenario.guesses if each.origin == "default"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_assumption_has_a_place_or_says_why_there_is_nothing_to_scale(path):
    for scenario, guess in defaults(path):
        assert bool(guess.paths) != bool(guess.no_number), guess
        written = {}
        for each in guess.paths:
            value = scenario.in_force()
            for key in scenario.place_in_force(each):
                value = value[key]
            written[dotted(each)] = value
        if written:
            again = scenario.override(written)
            assert again == scenario
            # What is written is no default any more; that nothing fails remains an assumption.
            assert guess not in again.guesses or set(written.values()) == {"0%"}


def names(*guesses):
    return short_names([Guess(text, (path,), origin) for text, path, origin in guesses])


RESTART = ("a.roles.Web.restart (4min)", ("systems", "a", "roles", "Web", "restart"), "marked")
OTHER = ("b.roles.Web.restart (5min)", ("systems", "b", "roles", "Web", "restart"), "marked")
DEFAULT = ("platform updates take 30min (30min)", ("systems", "a", "platform"), "default")


def test_a_short_name_is_the_end_of_a_path_or_the_text_without_its_value():
    assert names(RESTART, DEFAULT) == ["Web.restart", "platform updates take 30min"]


def test_names_stay_whole_where_short_ones_do_not_tell_them_apart():
    assert names(RESTART, OTHER) == [RESTART[0], OTHER[0]]
