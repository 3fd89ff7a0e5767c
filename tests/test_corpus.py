"""The corpus: what is said of files and options that are wrong, and files that use every key."""

from __future__ import annotations

import re
import shlex
from typing import Any, get_args, get_type_hints

import pytest
from places import TESTS
from rewriting import REWRITES

from sim.cli import main
from sim.files import load
from sim.formats.fields import Spec, check
from sim.formats.yaml_reading import read
from sim.results.runs import run_one
from sim.scenario import Scenario
from sim.scenario.file import file_model

CORPUS = TESTS / "corpus"
BAD, GOOD = CORPUS / "bad", CORPUS / "good"
PROMPT = "$ rollout-sim"


def transcript():
    """Command -> the lines that it must print."""
    cases: dict[str, list[str]] = {}
    for line in (BAD / "expected.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"    {PROMPT}"):
            command = line.strip().removeprefix(PROMPT).strip()
            assert command not in cases, f"twice: {command}"
            cases[command] = []
        elif line.startswith("    "):
            cases[command].append(line[4:])
    return cases


CASES = transcript()
GOOD_FILES = sorted(GOOD.glob("*.yaml"))


def told(capsys, *words):
    """What a command that fails as it should says on stderr."""
    code = main(words)
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    return said.err.replace("\\", "/").splitlines()


# What is wrong -----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", CASES)
def test_wrong_input_is_told_in_exactly_these_words(command, monkeypatch, capsys):
    monkeypatch.chdir(BAD)
    lines = told(capsys, *shlex.split(command))
    if REWRITES:
        old, new = (
            "".join(f"    {line}\n" for line in (f"{PROMPT} {command}", *each))
            for each in (CASES[command], lines)
        )
        file = BAD / "expected.txt"
        file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    else:
        assert lines == CASES[command]


def test_every_bad_file_has_its_message():
    named = {word for command in CASES for word in command.split()}
    assert {path.name for path in BAD.glob("*.yaml")} <= named


def test_no_message_is_empty_or_speaks_of_our_libraries():
    for lines in CASES.values():
        assert lines
        for line in lines:
            assert not re.search(r"pydantic|yaml\.|Traceback|<class|another form|NoneType", line)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            b"seed: " + b"[" * 200_000,
            ":1:56: must be at most 50 levels deep",
            id="200,000 brackets",
        ),
        pytest.param(
            b"seed: " + b"{a: " * 100_000,
            ":1:203: must be at most 50 levels deep",
            id="100,000 braces",
        ),
        pytest.param(
            b"# " + b"x" * 2**20,
            ": must be at most 1 MiB, got more",
            id="over 1 MiB",
        ),
        pytest.param(
            bytes(range(256)),
            ":2: not valid UTF-8",
            id="binary",
        ),
        pytest.param(
            "systems: {}\n".encode("utf-16"),
            ":1: not valid UTF-8",
            id="UTF-16",
        ),
        pytest.param(
            b"seed: 1\nname: a\0b\n",
            ":2:8: must be text, got the control character U+0000",
            id="a control character",
        ),
    ],
)
def test_what_is_no_scenario_is_refused_before_it_is_read(content, message, tmp_path, capsys):
    file = tmp_path / "scenario.yaml"
    file.write_bytes(content)
    where = str(file).replace("\\", "/")
    # A newer libyaml looks ahead, to a limit of its own.
    lines = [line.replace(":1:1006: ", ":1:56: ") for line in told(capsys, "validate", str(file))]
    assert lines == [f"{where}{message}"]


def test_a_file_of_one_mebibyte_is_read(tmp_path, capsys):
    text = (GOOD / "minimal.yaml").read_bytes()
    file = tmp_path / "large.yaml"
    file.write_bytes(text + b"#" * (2**20 - len(text)))
    assert main(["validate", str(file)]) == 0
    assert "is valid" in capsys.readouterr().out


# What is right -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", GOOD_FILES, ids=lambda path: path.stem)
def test_a_good_file_runs_and_its_resolved_form_means_the_same(path):
    scenario = load(path)
    names = scenario.variant_names or ("",)
    for one in (scenario.variant(name) if name else scenario for name in names):
        again = Scenario.from_text(one.to_yaml(), path.name, one.written.contents)
        assert again == one
        assert run_one(one).log.horizon == one.horizon


def keys(model):
    """(class, key) of everything that may be written below a spec."""
    found: set[tuple[str, str]] = set()
    waiting, seen = [model], set()
    while waiting:
        spec = waiting.pop()
        if spec in seen:
            continue
        seen.add(spec)
        for name, field in spec.model_fields.items():
            found.add((spec.__name__, field.alias or name))
            waiting += specs_in(field.rebuild_annotation())
        if spec.model_config.get("extra") == "allow":  # entries that the user names
            waiting += specs_in(get_type_hints(spec)["__pydantic_extra__"])
    return found


def specs_in(annotation: Any):
    """The specs that a type speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return [annotation]
    if "root" in getattr(annotation, "model_fields", {}):
        return specs_in(annotation.model_fields["root"].annotation)
    return [spec for part in get_args(annotation) for spec in specs_in(part)]


def used(value: Any):
    """(class, key) of everything that was written."""
    if isinstance(value, dict):
        return {key for part in value.values() for key in used(part)}
    if isinstance(value, tuple):
        return {key for part in value for key in used(part)}
    if hasattr(value, "root"):
        return used(value.root)
    if not isinstance(value, Spec):
        return set()
    fields, entries = type(value).model_fields, value.__pydantic_extra__ or {}
    given = value.model_fields_set - entries.keys()
    own = {(type(value).__name__, fields[name].alias or name) for name in given}
    return own | used(entries) | {key for name in given for key in used(getattr(value, name))}


def test_the_good_files_use_every_key_of_the_format():
    written = set()
    for path in GOOD_FILES:
        written |= used(check(file_model(), read(path.read_bytes(), path.name), (), []))
    assert sorted(keys(file_model()) - written) == []
