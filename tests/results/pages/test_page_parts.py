"""What pages share: what is too much for a page is named, not lost."""

from sim.report.content import Listing, Paragraphs
from sim.results.pages import page_parts

ABOUT = {
    "command": "rollout-sim run 'a b.yaml'",
    "versions": {"python": "3.11", "numpy": "2"},
    "made_by": "rollout-sim 1",
    "made_at": "2026-11-28T14:00:00+00:00",
}


def test_how_to_reproduce_has_command_facts_versions_and_digests():
    code, table = page_parts.reproduce(ABOUT, {"random seed": "7"}, {"a.yaml": "f00"}).blocks
    assert code.text == "rollout-sim run 'a b.yaml'"
    assert table.rows == [
        ["made by", "rollout-sim 1"],
        ["random seed", "7"],
        ["versions", "python 3.11, numpy 2"],
        ["SHA-256 of a.yaml", "f00"],
    ]
    assert page_parts.made_by(ABOUT) == "Made by rollout-sim 1, 2026-11-28T14:00:00+00:00"


def test_assumptions_are_listed_or_said_to_be_none():
    assert page_parts.assumptions(["no failures"]).blocks[-1] == Listing(["no failures"])
    assert page_parts.assumptions([]).blocks == [
        Paragraphs(["Nothing is assumed that Azure does not publish."])
    ]


def test_long_texts_are_cut_where_there_is_no_more_room():
    assert page_parts.shortened(["abc", "defgh", "i"], 5) == ["abc", "de ... (cut)"]
    assert page_parts.shortened(["abc"], 5) == ["abc"]


def test_what_is_left_out_is_counted():
    assert page_parts.left_out(200, "rows", "x.csv") == ""
    assert page_parts.left_out(1201, "rows", "x.csv") == "1,001 more rows are in x.csv"
    assert page_parts.left_out(201, "rows", "") == "1 more rows are left out"
