"""What a JSON Schema says about a place in a file: which keys are known there.

Only the words that pydantic writes are understood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.formats.tree import Node


@dataclass(frozen=True)
class Place:
    """All forms that a value may take at one place; none where the schema knows no such place."""

    root: dict[str, Any]
    forms: tuple[dict[str, Any], ...]

    @classmethod
    def top(cls, schema: dict[str, Any]) -> Place:
        """Stand at the root of a schema."""
        return cls(schema, tuple(_expand(schema, schema)))

    def like(self, node: Node) -> Place:
        """Keep the forms that agree with the constants that stand in a mapping (its `kind`)."""
        return Place(self.root, tuple(form for form in self.forms if _agrees(form, node)))

    def below(self, key: str | int) -> Place:
        """Go down to an entry of a mapping or, by a number, an item of a list."""
        children = (child for form in self.forms for child in _children(form, key))
        return Place(
            self.root, tuple(form for child in children for form in _expand(child, self.root))
        )

    @property
    def keys(self) -> list[str]:
        """The keys that the format itself names here."""
        return list(dict.fromkeys(key for form in self.forms for key in form.get("properties", {})))

    @property
    def takes_names(self) -> bool:
        """Whether the user may name entries here."""
        return any(True for form in self.forms for _ in _named_by_user(form))

    @property
    def takes_text(self) -> bool:
        """Whether any text may stand here, also one that looks like a number."""
        plain = [form for form in self.forms if form.get("type") == "string"]
        return any(not {"pattern", "enum"} & form.keys() for form in plain)

    @property
    def is_list(self) -> bool:
        """Whether items may stand here."""
        return any(form.get("type") == "array" for form in self.forms)

    @property
    def is_mapping(self) -> bool:
        """Whether keys may stand here."""
        return any(form.get("type") == "object" for form in self.forms)


def _expand(schema: dict[str, Any], root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give a schema with all that it refers to, and all its alternatives."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        yield from _expand(root["$defs"][name], root)
    for alternative in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _expand(alternative, root)
    yield schema


def _children(form: dict[str, Any], key: str | int) -> Iterator[dict[str, Any]]:
    if isinstance(key, int):
        if isinstance(form.get("items"), dict):
            yield form["items"]
    elif key in form.get("properties", {}):
        yield form["properties"][key]
    else:
        yield from _named_by_user(form)


def _named_by_user(form: dict[str, Any]) -> Iterator[dict[str, Any]]:
    more = form.get("additionalProperties")
    if more:
        yield more if isinstance(more, dict) else {}
    yield from form.get("patternProperties", {}).values()


def _agrees(form: dict[str, Any], node: Node) -> bool:
    if not isinstance(node.value, dict):
        return True
    constants = {
        key: schema["const"]
        for key, schema in form.get("properties", {}).items()
        if "const" in schema
    }
    return all(
        str(node.value[key].value) == str(constant)
        for key, constant in constants.items()
        if key in node.value
    )
