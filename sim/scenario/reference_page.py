"""The whole reference of the format as Markdown: every key of every kind of system, on one page.

What is told comes from the JSON Schema, as in the reference on a screen, and from the records of
the systems: their operations with the answers of the service, their metrics and their series.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from inspect import getdoc
from typing import TYPE_CHECKING, Any

from sim.formats.markdown import code, escape, link, table
from sim.formats.schema import Place
from sim.scenario.file import OperationEntry, json_schema
from sim.scenario.record_tables import answers, metrics, series
from sim.scenario.reference import (
    PATTERNS,
    Found,
    by_kind,
    default_of,
    is_required,
    item_of,
    meaning_of,
    plain,
    type_of,
)
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sim.systems.base.records import Rejection
    from sim.systems.base.system_type import SystemType

VALUES, FILE, SHARED, INDEX = (
    "How values are written",
    "The file",
    "Pieces that stand at several places",
    "Index of keys",
)
"""Headings of chapters."""

TITLES = {"OneFamily": "Distribution"}
"""What a piece is called, where not by its title in the schema."""


@dataclass(frozen=True)
class Section:
    """The keys of one place of the format."""

    heading: str
    """Its path, or the name of a piece that stands at several places."""
    path: str
    place: Place
    """Whose keys these are."""

    @property
    def form(self) -> dict[str, Any]:
        """Its schema."""
        return self.place.forms[0]

    @property
    def identity(self) -> int:
        """The same for the same piece of the format, wherever it stands."""
        return id(self.form)


@dataclass
class Page:
    """The page as far as it is made."""

    examples: Mapping[str, str]
    """Heading -> YAML, a part of a scenario file."""
    guides: Mapping[str, str]
    """Kind of system -> Markdown, what is to be said of it beside its keys."""
    lines: list[str] = field(default_factory=list)
    where: dict[int, str] = field(default_factory=dict)
    """Piece of the format -> the heading under which its keys are told."""
    index: dict[str, list[str]] = field(default_factory=dict)
    """Key -> the headings under which it is told."""

    def heading(self, level: int, text: str) -> None:
        self.lines += [f"{'#' * level} {text}", ""]

    def text(self, said: str) -> None:
        if said:
            self.lines += [said, ""]

    def example(self, heading: str) -> None:
        """What the examples have under that heading."""
        for each in self.examples.get(heading, "").split("---\n"):
            self.lines += ["```yaml", *each.splitlines(), "```", ""] if each else []


def format_chapters(examples: Mapping[str, str], guides: Mapping[str, str]) -> Page:
    """All chapters on what a scenario file may say.

    Parameters
    ----------
    examples
        Heading -> a part of a scenario file in YAML.
    guides
        Kind of system -> what stands behind its keys, in Markdown.
    """
    page = Page(examples, guides)
    top = Place.top(json_schema())
    kinds = by_kind(Found(top.below("systems").below("NAME"), ""))
    operations = item_of(top.below("operations"))
    trees = [
        *sections("", top, ("systems", "operations")),
        *(each for kind in kinds for each in sections(kind.kind, kind.place)),
        *(each for key in _requests(operations) for each in sections(key, operations.below(key))),
    ]
    shared = _shared(trees)
    page.where |= shared | {
        tree.identity: tree.heading for tree in trees if tree.identity not in shared
    }
    _values(page)
    _file(page, top, operations, trees)
    _pieces(page, trees, shared)
    for kind in kinds:
        _kind(page, kind, trees)
    return page


# Which places there are ---------------------------------------------------------------------------


def sections(path: str, place: Place, left_out: Sequence[str] = ()) -> Iterator[Section]:
    """The place and all below it that have keys of their own, in the format's order."""
    inner = item_of(place)
    for form in inner.forms:
        if "properties" in form:
            yield from _of_form(path, Place(place.root, (form,)), left_out)
    if inner.takes_names:
        name = "PATH" if inner.keys else "NAME"  # beside keys of its own a sweep takes paths
        yield from sections(f"{path}.{name}", inner.below(name))


def _of_form(path: str, place: Place, left_out: Sequence[str]) -> Iterator[Section]:
    yield Section(path, path, place)
    for key in place.keys:
        if key not in left_out:
            yield from sections(f"{path}.{key}".lstrip("."), place.below(key))


def _requests(operations: Place) -> list[str]:
    return [key for key in operations.keys if key not in OperationEntry.model_fields]


def _shared(trees: Sequence[Section]) -> dict[int, str]:
    """The pieces that stand at more than one place, each with its own name."""
    seen: dict[int, set[str]] = {}
    for each in trees:
        seen.setdefault(each.identity, set()).add(each.path)
    titles = {each.identity: each.form["title"] for each in trees}
    return {
        identity: TITLES.get(titles[identity], titles[identity])
        for identity, paths in seen.items()
        if len(paths) > 1
    }


# The keys of a place ------------------------------------------------------------------------------


def _keys(page: Page, section: Section, heading: str, keys: Sequence[str] = ()) -> None:
    """A table of the keys of a place: all, or those given."""
    place = section.place
    for form in place.forms:
        choices = [one["required"][0] for one in form.get("oneOf", ()) if list(one) == ["required"]]
        choices = [each for each in choices if each in (keys or choices)]
        if choices:
            page.text(f"Exactly one of {', '.join(map(code, choices))}.")
    rows = [_row(page, place, key, section.path) for key in keys or place.keys]
    page.lines += table(("key", "value", "default", "meaning"), rows)
    for key in keys or place.keys:
        page.index.setdefault(key, []).append(heading)
    page.example(heading)


def _row(page: Page, place: Place, key: str, path: str) -> tuple[str, ...]:
    below = place.below(key)
    own = [form["properties"][key] for form in place.forms if key in form.get("properties", {})]
    forms = [*below.forms, *own]
    default = default_of(forms, is_required(place, key)).removeprefix("default ")
    said = _shown(type_of(own[0], place.root))
    told = _told_below(page, below, f"{path}.{key}".lstrip("."))
    if told:
        said = said.replace("mapping", link("mapping", told), 1)
    said = said.replace("a distribution", link("a distribution", TITLES["OneFamily"]))
    default = f"**{default}**" if default == "required" else escape(default)
    return (link(code(key), told) if told else code(key), said, default, escape(meaning_of(forms)))


def _told_below(page: Page, place: Place, path: str) -> str:
    """The heading under which the keys of what stands there are told, or empty."""
    if path in _TOLD_HERE:
        return path
    # The last of several forms is the one of its own, beside a distribution.
    ways = [
        each
        for each in sections(path, place)
        if each.path == path or (each.path == f"{path}.NAME" and not item_of(place).keys)
    ]
    return page.where[ways[-1].identity] if ways else ""


_TOLD_HERE = ("systems", "operations", "prefer", "variants")
"""Keys of a file that have a section, and no keys of their own in the schema."""


_KINDS_OF_VALUE = {said: said.partition(",")[0] for said in PATTERNS.values()}
"""What is said of a value on a screen -> its name, told in the chapter on values."""


def _shown(said: str) -> str:
    """A type in words, of which the chapter on values tells what they mean."""
    found = escape(said)
    for long, short in _KINDS_OF_VALUE.items():
        found = found.replace(long, short)
    return found.replace("duration, such as 4min, or ", "duration or ")


# Chapters -----------------------------------------------------------------------------------------


_GUESSES = """\
A number, a share, a time or a distribution below `systems` or `operations` may be marked as a
guess: `{value: VALUE, assumed: true}`, or `assumed: true` beside the family of a distribution."""


def _values(page: Page) -> None:
    page.heading(2, VALUES)
    samples: dict[str, dict[str, None]] = {}
    for said, short in _KINDS_OF_VALUE.items():
        words = (
            said.partition("such as ")[2].replace(", or ", " or ").replace(" or ", ", ").split(", ")
        )
        samples.setdefault(short, {}).update((code(word), None) for word in words if word)
    page.lines += table(("value", "such as"), [(key, ", ".join(samples[key])) for key in samples])
    page.text(_GUESSES)
    page.example(VALUES)


def _file(page: Page, top: Place, operations: Place, trees: Sequence[Section]) -> None:
    page.heading(2, FILE)
    page.text(escape(plain(top.forms[-1].get("description", ""))))
    _keys(page, Section(FILE, "", top), FILE)
    page.heading(3, "systems")
    rows = [
        (link(code(kind), kind), escape(plain(getdoc(record.spec) or "")))
        for kind, record in SYSTEM_TYPES.items()
    ]
    page.lines += table(("kind", "meaning"), rows)
    page.heading(3, "operations")
    page.text(escape(plain(getdoc(OperationEntry) or "")))
    _keys(
        page,
        Section("operations", "operations", operations),
        "operations",
        [*OperationEntry.model_fields],
    )
    for key in top.keys:
        if key in ("prefer", "variants"):
            page.heading(3, key)
            page.text(escape(meaning_of(top.below(key).forms)))
            page.example(key)
        for each in _below(trees, key):
            page.heading(3, each.path)
            page.text(escape(_meant(each.place)))
            _keys(page, each, each.path)


def _meant(place: Place) -> str:
    return plain(place.forms[0].get("description", ""))


def _pieces(page: Page, trees: Sequence[Section], shared: Mapping[int, str]) -> None:
    page.heading(2, SHARED)
    for identity, title in shared.items():
        section = next(each for each in trees if each.identity == identity)
        page.heading(3, title)
        page.text(escape(_meant(section.place)))
        _keys(page, section, title)


def _kind(page: Page, kind: Found, trees: Sequence[Section]) -> None:
    """The chapter on one kind of system."""
    record = SYSTEM_TYPES[kind.kind]
    page.heading(2, kind.kind)
    own = [each for each in trees if page.where[each.identity] == each.heading]
    for each in _below(own, kind.kind):
        if each.path != kind.kind:
            page.heading(3, each.path)
        page.text(escape(_meant(each.place)))
        _keys(page, each, each.path)
    page.heading(3, f"Operations of {kind.kind}")
    for name in record.operations:
        _operation(page, name, record, _below(own, name))
    page.lines += [*answers(record), *metrics(record)]
    page.example(f"Metrics of {record.kind}")
    page.lines += series(record)
    for name in record.metrics:
        page.index.setdefault(name, []).append(f"Metrics of {record.kind}")
    page.text(page.guides.get(kind.kind, ""))


def _below(trees: Sequence[Section], path: str) -> list[Section]:
    return [each for each in trees if each.path.split(".")[0] == path]


def _operation(page: Page, name: str, record: SystemType[Any], own: Sequence[Section]) -> None:
    page.index.setdefault(name, []).append(name)
    for each in own:
        page.heading(4, each.path)
        page.text(escape(_meant(each.place)))
        _keys(page, each, each.path)
        if each.path == name:
            _codes(page, record.rejections.get(name, ()))


def _codes(page: Page, rejections: Sequence[Rejection]) -> None:
    codes = sorted({f"{each.http_status} {each.code}" for each in rejections})
    if codes:
        page.text(f"Refused, or failed once accepted, with {', '.join(map(code, codes))}.")


def index_chapter(page: Page) -> list[str]:
    """Where each key, operation and metric is told."""
    rows = [
        (code(key), ", ".join(link(code(each), each) for each in dict.fromkeys(headings)))
        for key, headings in sorted(page.index.items())
    ]
    return [f"## {INDEX}", "", *table(("key", "told under"), rows)]
