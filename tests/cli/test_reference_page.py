"""The page that is printed by `keys --markdown`, and shipped beside the scenarios."""

import re

import pytest
from examples_of_the_reference import EXAMPLES, loaded, shown

from sim.cli.reference_page import examples, page
from sim.formats.markdown import anchor, headings
from sim.formats.schema import Place
from sim.results.columns import TABLES
from sim.scenario.file import json_schema
from sim.scenario.reference_page import sections
from sim.systems import SYSTEM_TYPES

EVERYWHERE = ("system", "x_ms_version")
"""Keys that many operations have alike."""

PAGE = page()
TITLES = [text for _, text in headings(PAGE.splitlines(), 6)]


def below(heading):
    """What stands under a heading, up to the next one."""
    lines = PAGE.splitlines()
    start = next(n for n, line in enumerate(lines) if line.lstrip("#") == f" {heading}")
    rest = lines[start + 1 :]
    end = next((n for n, line in enumerate(rest) if re.match("#+ ", line)), len(rest))
    return "\n".join(rest[:end])


def test_shell_prints_the_page(shell):
    assert shell("keys", "--markdown") == (0, PAGE, "")


def test_the_page_is_printed_as_a_whole_only(shell):
    code, out, err = shell("keys", "cloud_service", "--markdown")
    assert (code, out) == (2, "")
    assert err == (
        "rollout-sim keys: --markdown prints the whole reference: leave out cloud_service\n"
    )


def test_every_link_leads_to_one_heading():
    anchors = [anchor(text) for text in TITLES]
    assert len(set(anchors)) == len(anchors)
    asked = set(re.findall(r"\]\(#([^)]*)\)", PAGE))
    assert asked - set(anchors) == set()


def test_contents_come_first_and_name_every_chapter_and_operation():
    contents = PAGE.partition("\n## ")[0]
    for level, text in headings(PAGE.splitlines(), 2):
        assert level == 1 or f"(#{anchor(text)})" in contents
    for record in SYSTEM_TYPES.values():
        assert all(f"(#{name})" in contents for name in record.operations)


def places():
    """Every place of the format that has keys."""
    return list(sections("", Place.top(json_schema())))


def test_every_key_of_the_format_stands_on_the_page_and_in_the_index():
    index = below("Index of keys")
    keys = {key for each in places() for key in each.place.keys}
    assert len(keys) > 150
    assert [key for key in sorted(keys) if f"| `{key}` |" not in index] == []


def test_a_key_is_told_with_values_default_and_meaning():
    told = below("cloud_service.roles.NAME")
    assert "| `instances` | whole number, 1 or more | **required** | Number of instances at" in told
    assert "| [`slow_start`](#cloud_servicerolesnameslow_start) | " in told
    assert "| [`restart`](#distribution) | duration or [a distribution](#distribution) | " in told


def test_every_operation_is_told_with_its_keys_an_example_and_its_codes():
    for kind, record in SYSTEM_TYPES.items():
        for name in record.operations:
            told = below(name)
            assert "```yaml" in told, name
            codes = {
                f"`{each.http_status} {each.code}`" for each in record.rejections.get(name, ())
            }
            assert all(code in told for code in codes)
        answers = below(f"Answers of {kind}")
        for rejection in {each for some in record.rejections.values() for each in some}:
            assert rejection.message.split("`")[0] in answers.replace("\\_", "_")


def test_every_metric_is_told_with_its_direction_and_meaning():
    for kind, record in SYSTEM_TYPES.items():
        told = below(f"Metrics of {kind}")
        for name, metric in record.metrics.items():
            assert metric.meaning.endswith(".")
            assert f"| `{name}` | {metric.title} | " in told
            (row,) = (line for line in told.splitlines() if line.startswith(f"| `{name}` "))
            assert f"| {metric.better or '-'} |" in row


def test_every_file_of_results_is_told_with_its_columns():
    for file, schema in TABLES.values():
        told = below(file)
        assert [f"| `{name}` | " in told for name in schema.names] == [True] * len(schema)


# Examples -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", EXAMPLES.values(), ids=EXAMPLES)
def test_example_is_valid(text, tmp_path):
    assert loaded(text, tmp_path).systems


def test_every_example_stands_on_the_page():
    assert [heading for heading in examples() if "```yaml" not in below(heading)] == []


def test_every_key_of_the_format_stands_in_an_example():
    missing = {
        f"{each.path}.{key}"
        for each in places()
        for key in each.place.keys
        if key not in EVERYWHERE and (each.identity, key) not in shown()
    }
    assert missing == set()
