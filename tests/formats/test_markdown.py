"""Markdown: tables, anchors, contents."""

import pytest

from sim.formats.markdown import anchor, block, code, contents, escape, headings, link, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Auto | Manual", r"Auto \| Manual"),
        ("`a_b` and _IN_ in Web_IN_0", r"`a_b` and \_IN\_ in Web_IN_0"),
        ("2 * 3 <= 7 & [x]", r"2 \* 3 <= 7 & \[x]"),
        ("<b>&lt;", "&lt;b>&amp;lt;"),
        ("`a*b`", "`a*b`"),
    ],
)
def test_text_shows_as_it_is(text, shown):
    assert escape(text) == shown


@pytest.mark.parametrize(
    ("heading", "at"),
    [
        ("Cloud Services", "cloud-services"),
        ("cloud_service.roles.NAME", "cloud_servicerolesname"),
        ("summary.csv", "summarycsv"),
    ],
)
def test_heading_has_the_anchor_that_hosts_give_it(heading, at):
    assert anchor(heading) == at
    assert link("x", heading) == f"[x](#{at})"


def test_table_has_a_rule_and_empty_cells():
    assert table(("a", "b"), [(code("x"), ""), ("1", "2")]) == [
        "| a | b |",
        "|---|---|",
        "| `x` | |",
        "| 1 | 2 |",
        "",
    ]
    assert table(("a", "b"), []) == []


PAGE = [
    *("# Page", "## One", "### First", "### Second", "#### Part"),
    *("```yaml", "# no heading", "## nor this", "```", "## Two"),
]


def test_headings_are_not_looked_for_in_code():
    assert headings(PAGE, 2) == [(1, "Page"), (2, "One"), (2, "Two")]


def test_contents_name_chapters_and_sections_and_below_them_those_that_have_parts():
    assert contents(PAGE) == [
        "- **[One](#one)**: [First](#first)",
        "  - [Second](#second): [Part](#part)",
        "- **[Two](#two)**",
    ]


def test_a_block_is_fenced_by_more_backticks_than_are_in_it():
    assert block("a  b\n") == "```text\na  b\n```\n"
    assert block("a ```` b") == "`````text\na ```` b\n`````\n"
