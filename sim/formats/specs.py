"""The bases of whatever is a mapping in a scenario file."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, model_validator

from sim.formats.checking import joined
from sim.formats.docstrings import field_docstrings

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema


class Spec(BaseModel):
    """What a user writes under some key: frozen, no unknown keys, documented field by field."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe fields, show defaults as a user writes them, leave out titles: keys again."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        described = field_docstrings(cls)
        for name, field in cls.model_fields.items():
            shown = properties.get(field.alias or name, {})
            shown.pop("title", None)
            shown.pop("default", None)
            if name in described:
                shown["description"] = described[name]
            default = field.get_default(call_default_factory=True, validated_data={})
            if not field.is_required() and default is not None:
                shown["default"] = _dumped(default, field.rebuild_annotation())
        return schema


def _dumped(value: object, annotation: Any) -> Any:
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    return adapter.dump_python(value, mode="json", by_alias=True, exclude_none=True)


class OneOf(Spec):
    """A mapping with exactly one of several keys: those fields whose default is None."""

    @classmethod
    @cache  # asked for every entry of a file
    def choices(cls) -> dict[str, str]:
        """Map the fields of which one is to be given to their keys, as the user writes them."""
        fields = cls.model_fields.items()
        return {name: field.alias or name for name, field in fields if field.default is None}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Tell editors that one of the keys is required and excludes the others."""
        schema = super().__get_pydantic_json_schema__(core_schema, handler)
        one_of = [{"required": [key]} for key in cls.choices().values()]
        handler.resolve_ref_schema(schema)["oneOf"] = one_of
        return schema

    @property
    def chosen(self) -> tuple[str, Any]:
        """The key that was given, and its value."""
        given = ((key, getattr(self, name)) for name, key in type(self).choices().items())
        return next((key, value) for key, value in given if value is not None)

    @model_validator(mode="before")
    @classmethod
    def _exactly_one(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        choices = cls.choices()
        found = [key for name, key in choices.items() if name in given or key in given]
        known = {word for name, field in cls.model_fields.items() for word in (name, field.alias)}
        if len(found) == 1 or (not found and not known.issuperset(given)):
            return given  # a misspelt key is told as an unknown one
        got = joined(found, "and") if found else "none of them"
        raise ValueError(f"must have exactly one of {joined(list(choices.values()))}, got {got}")
