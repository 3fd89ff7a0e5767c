"""HTML for notebooks: nothing that a scenario writes is taken for markup."""

from sim.formats.html import page, table


def test_text_is_escaped_everywhere():
    shown = page("<a>", ["<b>"], [table(["<c>"], [["<d>"]])])
    assert not any(f"<{name}>" in shown.replace("<b>&lt;a", "") for name in "acd")
    assert "<div>&lt;b&gt;</div>" in shown


def test_leading_spaces_are_kept():
    assert page("t", ["  under it"], []) == ("<div><b>t</b><div>&nbsp;&nbsp;under it</div></div>")


def test_a_heading_may_have_two_lines():
    assert table(["done in\np50"], [["1h"], ["2h"]]) == (
        "<table><thead><tr><th>done in<br>p50</th></tr></thead>"
        "<tbody><tr><td>1h</td></tr><tr><td>2h</td></tr></tbody></table>"
    )
