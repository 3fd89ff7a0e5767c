"""What a page is made of says what it is."""

from sim.report.content import Code, Drawing, Folded, Listing, Paragraphs, Table


def test_every_block_names_its_kind():
    blocks = [
        Table("", [], []),
        Paragraphs([]),
        Listing([]),
        Code("", ""),
        Drawing("", "", "", None),
        Folded("", []),
    ]
    assert [each.kind for each in blocks] == [type(each).__name__.lower() for each in blocks]
