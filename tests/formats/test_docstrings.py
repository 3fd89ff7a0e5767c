"""Docstrings of fields: what stands below a field of a class, or of one that it derives from."""

from sim.formats.docstrings import field_docstrings


class Base:
    first: int
    """Of the
    base."""
    second: int = 1
    """Of the base too."""


class Derived(Base):
    second: int = 2
    """Said again."""
    third: int = 3
    fourth: str = "four"

    def method(self):
        """No field."""


def test_fields_are_described_by_the_text_below_them_the_nearest_class_first():
    assert field_docstrings(Derived) == {"first": "Of the\nbase.", "second": "Said again."}


def test_a_class_without_source_describes_nothing():
    made = type("Made", (), {"__module__": "no.such.module"})
    assert field_docstrings(made) == {}
