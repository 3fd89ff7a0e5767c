"""Tables and paragraphs on 80 columns."""

from __future__ import annotations

from screens import assert_screen

from sim.cli.screens.console import (
    ASCII,
    BLOCKS,
    Column,
    Style,
    as_markdown,
    fits,
    paragraph,
    table,
)

PLAIN = Style()


def test_columns_are_as_wide_as_their_widest_text():
    columns = [Column("lowest\ncapacity", ("80 %", "0 %")), Column("dark", ("0s", "12min30s"))]
    assert_screen("cli/table", table(["auto", "simultaneous"], columns, PLAIN))


def test_columns_that_do_not_fit_stand_in_a_table_below():
    columns = [Column("x" * 30, ("1",)), Column("y" * 30, ("2",)), Column("z" * 30, ("3",))]
    lines = table(["auto"], columns, PLAIN)
    assert_screen("cli/table_in_two", lines)


def test_only_a_name_that_leaves_no_room_has_a_line_of_its_own():
    columns = [Column("x" * 60, ("1", "2"))]
    assert_screen("cli/table_with_a_long_name", table(["a" * 18, "b" * 19], columns, PLAIN))


def test_short_name_keeps_its_place_beside_many_columns():
    columns = [Column("x" * 20, ("1",)) for _ in range(4)]
    lines = table(["simultaneous"], columns, PLAIN)
    assert [line.split() for line in lines if line.startswith("simultaneous")] == [
        ["simultaneous", "1", "1", "1"],
        ["simultaneous", "1"],
    ]
    assert max(map(len, lines)) <= 80


def test_table_fits_at_exactly_80_columns():
    assert fits(["a" * 10], [Column("x" * 30, ("1",)), Column("y" * 36, ("1",))])
    assert not fits(["a" * 10], [Column("x" * 30, ("1",)), Column("y" * 37, ("1",))])


def test_table_without_headings_has_no_empty_line():
    assert table(["dark"], [Column("", ("0s",))], PLAIN) == ["dark  0s"]


def test_paragraph_hangs_and_breaks_no_word():
    text = f"assumed: {'one ' * 20}{'w' * 90} end"
    lines = paragraph(text)
    assert [line[:2] for line in lines[1:]] == ["  "] * (len(lines) - 1)
    assert f"  {'w' * 90}" in lines
    assert len(lines[0]) <= 80


def test_name_with_a_hyphen_stays_in_one_piece():
    assert paragraph(f"{'x' * 70} one-and-two") == ["x" * 70, "  one-and-two"]


def test_percent_sign_stays_with_its_number():
    assert paragraph(f"{'x' * 77} 80 % of") == ["x" * 77, "  80 % of"]


def test_colour_is_only_around_verdicts_and_titles():
    style = Style(colour=True)
    assert style.paint("met") == "\x1b[32mmet\x1b[0m"
    assert style.paint("missed  ") == "\x1b[31mmissed  \x1b[0m"
    assert style.paint("undecided") == "\x1b[33mundecided\x1b[0m"
    assert style.paint("80 %") == "80 %"
    assert style.title("shop") == "\x1b[1mshop\x1b[0m"


def test_plain_style_changes_nothing():
    assert (PLAIN.paint("met"), PLAIN.title("shop")) == ("met", "shop")


def test_colour_does_not_shift_the_columns():
    columns = [Column("verdict", ("met", "missed")), Column("dark", ("0s", "1s"))]
    coloured = table(["a", "b"], columns, Style(colour=True))
    plain = [line.replace("\x1b[0m", "").replace("\x1b[32m", "") for line in coloured]
    assert [line.replace("\x1b[31m", "") for line in plain] == table(["a", "b"], columns, PLAIN)


def test_stream_without_blocks_gets_ascii():
    assert Style(blocks=True).levels == BLOCKS
    assert Style(blocks=False).levels == ASCII
    assert ASCII.isascii()


# Markdown

MARKDOWN = Style(blocks=True, markdown=True)


def test_table_in_markdown_is_one_however_wide_and_its_verdicts_are_bold():
    columns = [Column(f"{'x' * 50}\ny", ("1 | 2", "<b>")), Column("z" * 50, ("missed", "-"))]
    assert table(["a", "b*"], columns, MARKDOWN) == [
        f"| | {'x' * 50} y | {'z' * 50} |",
        "|---|---|---|",
        "| a | 1 \\| 2 | **missed** |",
        "| b\\* | &lt;b> | - |",
        "",
    ]
    assert fits(["a"], columns, MARKDOWN)
    assert not fits(["a"], columns, PLAIN)


def test_answer_in_markdown_has_a_heading_and_whole_paragraphs():
    lines = [
        *paragraph(f"shop: {'w ' * 60}"),
        *("| a |", "|---|", "| b |", "", "| c |", "|---|"),
        *paragraph("met: all is <well>"),
        "metal: no verdict",
    ]
    assert as_markdown(lines).split("\n\n") == [
        f"### shop: {'w ' * 60}".rstrip(),
        "| a |\n|---|\n| b |",
        "| c |\n|---|",
        "**met**: all is &lt;well>",
        "metal: no verdict\n",
    ]
