from __future__ import annotations

from typing import Annotated, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from sim.core.errors import ScenarioError
from sim.formats.fields import Count, Duration, Name, OneOf, Spec, Text, dotted
from sim.formats.python_values import from_python
from sim.formats.tree import Node, Scalar, plain
from sim.formats.yaml_reading import read
from sim.scenario import paths
from sim.scenario.file import json_schema


class Range(Spec):
    low: Duration


class Restart(OneOf):
    uniform: Range | SkipJsonSchema[None] = None
    fixed: Duration | SkipJsonSchema[None] = None


class Role(Spec):
    instances: Count
    restart: Restart | SkipJsonSchema[None] = None


class Service(Spec):
    kind: Literal["cloud_service"]
    update_domains: Count = 5
    roles: dict[Name, Role]
    extensions: list[Range] = Field(default_factory=list)
    work: Range | list[Range] | SkipJsonSchema[None] = None


class Pool(Spec):
    kind: Literal["batch_pool"]
    nodes: Count


class Upgrade(Spec):
    mode: Text = "Auto"
    configuration: dict[Name, Count] = Field(default_factory=dict)


class Operation(Spec):
    at: Duration
    name: Name = "x"
    upgrade: Upgrade | SkipJsonSchema[None] = None


class File(Spec):
    systems: dict[Name, Annotated[Service | Pool, Field(discriminator="kind")]]
    operations: list[Operation] = Field(default_factory=list)


SCHEMA = File.model_json_schema()
TEXT = """\
systems:
  shop:
    kind: cloud_service
    roles:
      Web: {instances: 3}
      Conference.Web.Admin: {instances: 1}
  pool: {kind: batch_pool, nodes: 4}
operations:
  - {at: 5s, name: first}
  - {at: 6s, upgrade: {mode: Manual}}
  - {at: 7s, name: "0"}
"""
TREE = read(TEXT, "x.yaml")


def override(path: str, value: object = "new", tree: Node = TREE):
    return plain(paths.override(tree, path, from_python(value, "--set"), lambda: SCHEMA))


def rejection(path: str, tree: Node = TREE) -> str:
    value = Node("new", "x.yaml:9:30", "x.yaml:9:9")
    with pytest.raises(ScenarioError) as caught:
        paths.override(tree, path, value, lambda: SCHEMA)
    (problem,) = caught.value.problems
    assert (problem.where, problem.path) == ("x.yaml:9:9", path)
    return problem.rule


# Parsing ------------------------------------------------------------------------------------------


def test_path_is_split_at_dots_outside_quotes():
    assert paths.parse('systems.shop.roles."Conference.Web.Admin".instances') == (
        "systems",
        "shop",
        "roles",
        "Conference.Web.Admin",
        "instances",
    )
    assert paths.parse("operations.+") == ("operations", "+")
    assert paths.parse('"a b"') == ("a b",)


@settings(derandomize=True)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_dotted_path_is_parsed_back(keys):
    assert paths.parse(dotted(keys)) == tuple(keys)


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", 'a."b', 'a"b"', '"a"b', '"a".'])
def test_path_with_an_empty_key_or_an_open_quote_is_refused(path):
    with pytest.raises(ScenarioError, match="must be keys joined by dots, like systems"):
        paths.parse(path)


def test_unknown_escape_in_a_quoted_key_is_refused():
    with pytest.raises(ScenarioError) as caught:
        paths.parse(r'a."\q"', "--set")
    assert str(caught.value) == r'--set: a."\q": must quote as JSON does, got "\q"'


# Setting ------------------------------------------------------------------------------------------


def test_value_is_replaced_and_all_else_kept():
    expected = plain(TREE)
    expected["systems"]["shop"]["roles"]["Conference.Web.Admin"]["instances"] = "new"
    assert override('systems.shop.roles."Conference.Web.Admin".instances') == expected


def test_tree_that_is_overridden_stays_as_it_was():
    before = plain(TREE)
    override("systems.shop.roles.Web.instances")
    override("operations.+")
    assert plain(TREE) == before


def test_new_value_keeps_its_own_place_and_others_theirs():
    value = Node(Scalar("9"), "x.yaml:20:9", "x.yaml:20:3")
    tree = paths.override(TREE, "systems.shop.update_domains", value, lambda: SCHEMA)
    shop = tree.value["systems"].value["shop"]
    assert shop.value["update_domains"].where == "x.yaml:20:9"
    assert shop.value["kind"].where == "x.yaml:3:11"
    assert (shop.where, shop.key_where) == ("x.yaml:3:5", "x.yaml:2:3")


def test_list_is_replaced_as_a_whole():
    assert override("operations", [])["operations"] == []


def test_item_is_named_by_number_or_by_name():
    assert override("operations.1.at")["operations"][1]["at"] == "new"
    assert override("operations.first.at")["operations"][0]["at"] == "new"
    assert override("operations.1")["operations"][1] == "new"


def test_number_goes_before_a_name_that_looks_like_one():
    assert override("operations.0.at")["operations"][0]["at"] == "new"
    tree = read("operations: [{at: 1s, name: '7'}]", "")
    assert override("operations.7.at", tree=tree)["operations"][0]["at"] == "new"


def test_plus_appends():
    assert override("operations.+", {"at": "9s"})["operations"][3] == {"at": "9s"}
    tree = read("systems: {shop: {kind: cloud_service}}", "")
    assert override("operations.+", tree=tree)["operations"] == ["new"]
    shop = override("systems.shop.extensions.+", tree=tree)["systems"]["shop"]
    assert shop["extensions"] == ["new"]


def test_parents_that_the_format_names_are_created():
    changed = override("systems.shop.roles.Web.restart.uniform.low")
    assert changed["systems"]["shop"]["roles"]["Web"]["restart"] == {"uniform": {"low": "new"}}
    assert override("operations.0.upgrade.mode")["operations"][0]["upgrade"] == {"mode": "new"}


def test_place_for_a_mapping_or_a_list_becomes_what_the_path_needs():
    assert override("systems.shop.work.low")["systems"]["shop"]["work"] == {"low": "new"}
    assert override("systems.shop.work.+")["systems"]["shop"]["work"] == ["new"]


def test_created_parent_stands_where_the_override_does():
    tree = paths.override(
        TREE, "operations.0.upgrade.mode", from_python("Auto", "--set"), lambda: SCHEMA
    )
    assert tree.value["operations"].value[0].value["upgrade"].where == "--set"


def test_last_key_may_be_an_entry_that_the_user_names():
    assert override("systems.shop.roles.New")["systems"]["shop"]["roles"]["New"] == "new"
    operation = override("operations.0.upgrade.configuration.Web")["operations"][0]
    assert operation["upgrade"] == {"configuration": {"Web": "new"}}


def test_key_that_only_another_mode_uses_is_legal():
    assert override("operations.1.upgrade.configuration")["operations"][1]["upgrade"] == {
        "mode": "Manual",
        "configuration": "new",
    }


# Refusing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("systms.shop", "names no key of the scenario, did you mean systems?"),
        ("systems.shp.roles", "names no key of systems, did you mean shop?"),
        (
            "systems.shop.updatedomains",
            "names no key of systems.shop, did you mean update_domains?",
        ),
        (
            "systems.shop.nodes",
            (
                "names no key of systems.shop, "
                "known here: kind, roles, update_domains, extensions, work"
            ),
        ),
        (
            "systems.shop.roles.New.instances",
            "names no key of systems.shop.roles, known here: Web, Conference.Web.Admin",
        ),
        (
            'systems.shop.roles."Conference.Web.Admn".instances',
            "names no key of systems.shop.roles, did you mean Conference.Web.Admin?",
        ),
        (
            "operations.0.upgrade.at",
            "names no key of operations.0.upgrade, at stands beside upgrade, not below it",
        ),
        ("systems.+", "systems is no list, so nothing can be appended"),
        ("systems.shop.kind.x", "systems.shop.kind is cloud_service and has no keys"),
        ("operations.3.at", "names no item of operations, whose items are 0 to 2"),
        ("operations.-1.at", "names no item of operations, whose items are 0 to 2"),
        ("operations.frist.at", "names no item of operations, did you mean first?"),
        ("operations.+.at", "+ must be the last key"),
        ("systems.shop.extensions.0", "names no item of systems.shop.extensions, which is empty"),
    ],
)
def test_path_that_names_nothing_is_refused_with_what_is_near(path, rule):
    assert rejection(path) == rule


def test_items_without_names_are_known_by_number_only():
    tree = read("operations: [just text]", "")
    assert (
        rejection("operations.first", tree) == "names no item of operations, whose only item is 0"
    )


def test_unreadable_path_is_refused_at_the_override():
    assert rejection("systems..shop").startswith("must be keys joined by dots")


def test_the_format_tells_what_belongs_at_a_path():
    text = "systems: {a: {kind: cloud_service, roles: {W: {instances: 2}}}}\nsteps: [{name: x, at: 1min}]"
    tree = read(text, "f")
    schema = json_schema(("cloud_service",))
    place = paths.place_of(
        read("systems: {a: {kind: cloud_service}}\noperations: [{name: x, at: 1min}]", "f"),
        "operations.x.upgrade_deployment.mode",
        schema,
    )
    assert [form["enum"] for form in place.forms if "enum" in form] == [
        ["Auto", "Manual", "Simultaneous"]
    ]
    assert paths.place_of(tree, "systems.a.roles.W.instances", schema).forms[0]["minimum"] == 1
    assert paths.place_of(tree, "nowhere.at.all", schema).forms == ()


def test_an_operation_by_the_name_that_answers_give_it_is_told_its_number():
    items = [{"at": "1min", "a": {}}, {"at": "2min", "b": {}}, {"at": "3min", "b": {}}]
    tree = from_python({"operations": items})
    for name, place in (("a-0", 0), ("b-0", 1), ("b-1", 2)):
        rule = f"names no item of operations: {name} is operations.{place}"
        with pytest.raises(ScenarioError, match=rule):
            paths.override(tree, f"operations.{name}.at", tree, dict)
    for name in ("b-2", "c-0", "b-x"):
        with pytest.raises(ScenarioError, match="whose items are 0 to 2"):
            paths.override(tree, f"operations.{name}.at", tree, dict)
