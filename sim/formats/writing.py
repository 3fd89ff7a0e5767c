"""Plain values to YAML text that `yaml_reading.read` takes back unchanged."""

from __future__ import annotations

import re

import yaml

from sim.formats.tree import Scalar

_TEXT_TAG = "tag:yaml.org,2002:str"
_NUMBER_LIKE = re.compile(  # of YAML 1.2; PyYAML itself knows those of 1.1
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|0o[0-7]+$|0x[0-9a-fA-F]+$"
)


class _Dumper(yaml.SafeDumper):
    """Writes block style; text that any YAML reader could take for something else is quoted."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    if isinstance(text, Scalar) and text.plain:
        tag = dumper.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
        return dumper.represent_scalar(tag, str(text))
    return dumper.represent_scalar(_TEXT_TAG, str(text), style=_quotes(text))


def _quotes(text: str) -> str | None:
    """Choose the quotes that a text must have; None leaves it to PyYAML."""
    if re.search("[\x85\u2028\u2029]", text):
        return '"'  # line breaks of YAML 1.1: only an escape keeps them
    return "'" if _NUMBER_LIKE.match(text) else None


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(Scalar, _represent_text)


def write(plain_value: object) -> str:
    """Write block-style YAML, at most 100 columns wide unless a word of 20 or more stands there.

    `read` takes it back unchanged: text that could be a number, a boolean or null is quoted.
    """
    # PyYAML breaks at the first space after `width`.
    return yaml.dump(plain_value, Dumper=_Dumper, sort_keys=False, width=80, allow_unicode=True)
