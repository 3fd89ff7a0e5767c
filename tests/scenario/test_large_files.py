"""Large files are checked with work in proportion to their size: it is counted, not timed."""

from __future__ import annotations

import difflib
from importlib import import_module

import pytest

from sim import files
from sim.cli import main
from sim.core.errors import MOST_PROBLEMS, ScenarioError
from sim.formats import checking, tree, yaml_reading
from sim.scenario import inputs, variants
from sim.simulation import Simulation
from sim.systems.arc_fleet import layout
from sim.systems.base.spec import MOST_MEMBERS

references = import_module(
    "sim.systems.arc_fleet.references"
)  # its folder has a function of this name

SERVICE = "systems:\n  shop:\n    kind: cloud_service\n    roles:\n"
MORE = f"there are more problems, only the first {MOST_PROBLEMS} problems are shown"


def counted(monkeypatch, module, name, size=lambda *_: 1):
    """How much a function of a module is asked to do from now on; the sum is the only item."""
    done, function = [0], getattr(module, name)

    def counting(*arguments, **options):
        done[0] += size(*arguments)
        return function(*arguments, **options)

    monkeypatch.setattr(module, name, counting)
    return done


def refused(text):
    with pytest.raises(ScenarioError) as error:
        files.loads(text)
    told = [str(problem) for problem in error.value.problems]
    assert len(told) == MOST_PROBLEMS + 1
    assert told[-1] == MORE
    return told


def comparisons(monkeypatch):
    return counted(monkeypatch, difflib, "get_close_matches", lambda _, words, *__: len([*words]))


@pytest.mark.parametrize("names", [5, 300, 1000])
def test_misspelt_names_are_compared_with_a_few_hundred_each(monkeypatch, names):
    roles = "".join(f"      Role{k}: {{instances: 1}}\n" for k in range(names))
    asked = "".join(f"        Rolx{k}: 2\n" for k in range(8000))
    operation = "operations:\n  - at: 1s\n    change_configuration:\n      configuration:\n"
    compared = comparisons(monkeypatch)
    told = refused(SERVICE + roles + operation + asked)
    assert compared[0] <= 300 * (MOST_PROBLEMS + 1)
    known = {5: "did you mean Role0?", 300: "did you mean Role0?"}
    assert told[0].endswith(known.get(names, "Role28, Role29 and 970 more"))


def test_a_name_in_another_case_is_found_among_any_number():
    assert (
        checking.nearest("web-role", [f"Role{k}" for k in range(8000)] + ["WebRole"]) == "WebRole"
    )


@pytest.mark.parametrize("place", ["", "        "])
def test_unknown_keys_are_looked_up_as_often_as_they_are_told(monkeypatch, place):
    text = f"{SERVICE}      Web:\n        instances: 4\n"
    looked_up = counted(monkeypatch, checking, "hint")
    told = refused(text + "".join(f"{place}k{k}: 1\n" for k in range(20_000)))
    assert looked_up[0] == MOST_PROBLEMS + 1
    assert all("unknown key" in each for each in told[:-1])


@pytest.mark.parametrize(
    "line", ["k: 1\n", "a{}: *b\n"], ids=["a key that comes again", "aliases, which are forbidden"]
)
def test_no_more_mistakes_of_syntax_are_gathered_than_are_told(line):
    refused("".join(line.format(k) for k in range(20_000)))


def test_variants_with_paths_that_lead_nowhere_are_told_in_part(monkeypatch):
    compared = comparisons(monkeypatch)
    lines = "".join(f"  v{k}: {{systems.shop.rolls.Web.instances: 1}}\n" for k in range(1000))
    told = refused(f"{SERVICE}      Web: {{instances: 4}}\nvariants:\n{lines}")
    assert "did you mean roles?" in told[0]
    assert compared[0] < 100 * MOST_PROBLEMS


def test_the_places_of_variants_are_gathered_only_where_one_is_wrong(monkeypatch):
    walked = counted(monkeypatch, variants, "walk")
    lines = "".join(f"  v{k}: {{horizon: 2h}}\n" for k in range(200))
    scenario = files.loads(f"{SERVICE}      Web: {{instances: 4}}\nvariants:\n{lines}")
    assert scenario.variant("v150").horizon == 7200
    assert walked[0] == 1  # to count the values of the file


def test_versions_of_extensions_are_gathered_once_for_all_of_them(monkeypatch):
    named = counted(monkeypatch, layout, "identity")
    count = 250
    extensions = "".join(
        f"      - {{publisher: A.B, type: Ext{k}, version: 1.{k}}}\n" for k in range(count)
    )
    fleet = "systems:\n  plant:\n    kind: arc_fleet\n    machines: 1\n    extensions:\n"
    assert len(files.loads(fleet + extensions).systems["plant"].extensions) == count
    assert named[0] <= 3 * count


@pytest.mark.parametrize("number", ["0", "1234567", str(MOST_MEMBERS - 1)])
def test_an_instance_of_millions_is_known_by_its_number(number):
    """Every number of this many as text would take seconds and a GB."""
    operation = f"  - {{at: 1s, reboot_instance: {{instance: Web_IN_{number}}}}}\n"
    text = f"{SERVICE}      Web: {{instances: {MOST_MEMBERS}}}\noperations:\n{operation}"
    assert files.loads(text).operations[0].body.instance == f"Web_IN_{number}"


@pytest.mark.parametrize("number", ["10", "-1", "01", "", "x", "٣", "1_0", "9" * 5000])
def test_what_is_no_number_of_an_instance_is_refused(number):
    operation = f"  - {{at: 1s, reboot_instance: {{instance: Web_IN_{number[:50]}}}}}\n"
    text = f"{SERVICE}      Web: {{instances: 10}}\noperations:\n{operation}"
    with pytest.raises(ScenarioError, match="must be an instance of Web, Web_IN_0 to Web_IN_9"):
        files.loads(text)


def wrong(text):
    with pytest.raises(ScenarioError) as error:
        files.loads(text)
    return str(error.value)


@pytest.mark.parametrize(
    "text",
    ["[" + "1," * 300_000 + "]", "a: [" + "{}," * 200_000 + "]", "k: 1\n" * 10 + "[" * 5],
    ids=["a list", "mappings", "no more than it is"],
)
def test_values_are_counted_while_they_are_read(monkeypatch, text):
    made = counted(monkeypatch, yaml_reading, "Node")
    told = wrong(text)
    assert made[0] <= tree.MOST_VALUES + 10
    assert ("must hold at most 50,000 values" in told) == (len(text) > 1000)


@pytest.mark.parametrize(("roles", "most"), [(1, 1000), (1000, 99)])
def test_a_file_and_its_variants_have_bounds_together(monkeypatch, roles, most):
    text = SERVICE + "".join(f"      r{k}: {{instances: 1}}\n" for k in range(roles))
    lines = "".join(f"  v{k}: {{horizon: 2h}}\n" for k in range(most + 1))
    checked = counted(monkeypatch, variants, "check")
    told = wrong(f"{text}variants:\n{lines}")
    assert checked[0] == 1
    first = f":{text.count(chr(10)) + 2 + most}:3: variants: "
    assert told.endswith(
        f"{first}must be at most {most:,} in a file of this size, got {most + 1:,}"
    )


def test_of_thousands_of_wrong_operations_only_the_first_are_looked_at(monkeypatch):
    looked_at = counted(monkeypatch, checking, "_fault")
    told = refused(
        f"{SERVICE}      Web: {{instances: 4}}\noperations:\n"
        + "  - {at: x, upgrade_deployment: {mode: Foo}}\n" * 10_000
    )
    assert "operations.49.upgrade_deployment.mode" in told[99]
    assert looked_at[0] <= 1000


def test_names_of_extensions_are_looked_up_once_for_all_operations(monkeypatch):
    gathered = counted(monkeypatch, references, "_publishers")
    known = counted(monkeypatch, references, "unknown_name")
    put = "  - {at: 1s, put_extension: {publisher: A.B, type: E, version: 1.0}}\n"
    there = "    extensions: [{publisher: A.B, type: F, version: 1.0}]\n"
    fleet = f"systems:\n  plant:\n    kind: arc_fleet\n    machines: 1\n{there}operations:\n"
    files.loads(fleet + put * 1000)
    assert (gathered[0], known[0]) == (1, 0)


def test_extensions_of_too_many_groups_are_refused_before_they_are_looked_at(monkeypatch):
    looked_at = counted(monkeypatch, references, "groups_with")
    groups = "".join(f"      g{k}: {{count: 1}}\n" for k in range(201))
    extensions = "".join(
        f"      - {{publisher: A.B, type: E{k}, version: 1.0}}\n" for k in range(100)
    )
    head = "systems:\n  plant:\n    kind: arc_fleet\n    groups:\n"
    told = wrong(f"{head}{groups}    extensions:\n{extensions}")
    assert told.endswith(
        "must be at most 20,000, each counted once for each of its groups, got 20,100"
    )
    assert looked_at[0] == 0


def test_parts_that_cannot_name_files_are_not_searched_for_them(monkeypatch):
    filled = counted(monkeypatch, inputs.Reader, "fill")
    operations = "  - {at: 1s, upgrade_deployment: {}}\n" * 1000
    files.loads(f"{SERVICE}      Web: {{instances: 4}}\noperations:\n{operations}")
    assert filled[0] < 8 * 1000


def test_of_very_many_operations_none_is_walked_through_in_advance(monkeypatch, tmp_path, capsys):
    run = counted(monkeypatch, Simulation, "run_mean_case")
    file = tmp_path / "much.yaml"
    reboot = "  - {at: 1s, reboot_instance: {instance: Web_IN_0}}\n"
    head = f"{SERVICE}      Web: {{instances: 4}}\n"
    for count, runs in ((1001, 0), (300, 4)):
        variants = "".join(f"  v{k}: {{horizon: 2h}}\n" for k in range(6))
        text = f"{head}operations:\n{reboot * count}variants:\n{variants}"
        file.write_text(text, encoding="utf-8")
        run[0] = 0
        assert main(["validate", str(file)]) == 0
        assert run[0] == runs
        capsys.readouterr()


def test_a_file_has_at_most_a_thousand_systems():
    system = "{kind: cloud_service, roles: {W: {instances: 1}}}"
    text = "systems:\n" + "".join(f"  s{k}: {system}\n" for k in range(1001))
    assert wrong(text) == "scenario:2:3: systems: must hold at most 1000 items, got a mapping"
    assert len(files.loads(text.rpartition("  s1000")[0]).systems) == 1000
