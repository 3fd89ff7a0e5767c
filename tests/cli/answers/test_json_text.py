"""JSON that any reader takes and that cannot harm a terminal."""

from __future__ import annotations

import json
import math

from sim.cli.answers.json_text import json_text


def test_what_is_no_number_is_null():
    found = json_text({"a": [math.nan, (1.5, -math.inf)], "b": {"c": math.inf}})
    assert json.loads(found) == {"a": [None, [1.5, None]], "b": {"c": None}}


def test_what_moves_a_cursor_is_escaped_and_a_word_in_any_script_is_not():
    found = json_text({"name": "caf\u00e9 \x9b2J\u202e"})
    assert "caf\u00e9 \\u009b2J\\u202e" in found
    assert json.loads(found) == {"name": "caf\u00e9 \x9b2J\u202e"}
