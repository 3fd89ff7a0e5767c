"""Damaged scenario files: each is read, or refused in words with places, and nothing else happens.

The short form runs always; ``pytest -m thorough`` reads a million, which takes about an hour.
"""

from __future__ import annotations

import random
import re

import pytest
from places import SCENARIOS, TESTS

import sim

CHUNKS, IN_A_CHUNK = 100, 10_000
FILES = sorted([*SCENARIOS.glob("*.yaml"), *(TESTS / "corpus").glob("*/*.yaml")])
ODD = (
    "", " ", "\t", "\n", "\r", ":", ": ", "- ", "#", "&a ", "*a", "!!int ", "!x ", "|\n", ">\n", "? ", "{", "}", "[", "]", ",", "'", '"',
    "\\", "%", "@", "`", "\x00", "\x1b[2J", "\u202e", "\ufeff", "\ud7ff", "😀", "null", "~", "true", "no", "nan", ".inf", "-0", "0x1f",
    "1e999", "-1", "0", "0s", "1e-9s", "99999999999999999999", "1e15", "100%", "100.0001%", "-1%", "0.1%", "24:00", "23:59:60", "1ms", "9999y",
    "P1Y", "2026-02-30", "9999-12-31T23:59:59+14:00", "../x.csv", "/dev/zero", "a" * 300, "{a: 1}", "[[[[[[", "<<: *a", "---\n", "...\n",
)  # fmt: skip
WORD = re.compile(r"[\w.%:+-]+|[^\w\s]")


def mutant(chance: random.Random, texts: list[str]) -> str:
    """A file with one to four damages."""
    text = chance.choice(texts)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        text = chance.choice(DAMAGES)(chance, text, texts)
    return text


def characters(chance, text, _):
    """Some characters go, double, or give way to something odd."""
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(ODD) + text[at + chance.choice((0, 1, 1, 2, 5, 40)) :]


def word(chance, text, _):
    """A word becomes something odd, or another word of the file."""
    words = list(WORD.finditer(text))
    if not words:
        return chance.choice(ODD)
    one = chance.choice(words)
    other = chance.choice((chance.choice(ODD), chance.choice(words)[0]))
    return text[: one.start()] + other + text[one.end() :]


def line(chance, text, texts):
    """A line goes, doubles, moves in or out, or comes from another file."""
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    foreign = chance.choice(chance.choice(texts).split("\n"))
    lines[at : at + 1] = chance.choice(
        ([], [lines[at]] * 2, [f"  {lines[at]}"], [lines[at].removeprefix("  ")], [foreign])
    )
    return "\n".join(lines)


def cut(chance, text, _):
    """The rest of the file is missing."""
    return text[: chance.randrange(len(text) + 1)]


DAMAGES = (characters, characters, word, word, word, line, line, cut)


def check(chance: random.Random, texts: list[str]) -> bool:
    """Read a mutant; whether it is a scenario all the same."""
    problems = ()
    try:
        scenario = sim.loads(mutant(chance, texts))
    except sim.ScenarioError as error:
        problems = error.problems
    else:
        again = sim.loads(scenario.to_yaml())
        assert again.to_yaml() == scenario.to_yaml()
        return True
    told = [str(problem) for problem in problems]
    assert told
    assert all(each.isprintable() and len(each) < 2000 for each in told), told
    return False


def read(name: str, count: int, texts: list[str]) -> int:
    """Read so many mutants; how many of them are scenarios."""
    good = 0
    for number in range(count):
        seed = f"{name}/{number}"
        try:
            good += check(random.Random(seed), texts)
        except Exception as error:
            raise AssertionError(f"mutant {seed}:\n{mutant(random.Random(seed), texts)}") from error
    return good


@pytest.fixture(scope="module")
def texts():
    """Files of less than 20 kB; a whole one counts a dozen times."""
    small = [path for path in FILES if path.stat().st_size < 20_000]
    often = [path for path in small if path.parent.name != "bad"] * 12 + small
    return [path.read_text(encoding="utf-8", errors="replace") for path in often]


@pytest.mark.parametrize("chunk", range(4))
def test_a_damaged_file_is_read_or_refused_in_words(chunk, texts):
    assert 10 < read(f"{chunk}", 250, texts) < 225  # both happen often


@pytest.mark.thorough
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_million_damaged_files_are_read_or_refused_in_words(chunk, texts):
    assert read(f"thorough/{chunk}", IN_A_CHUNK, texts)
