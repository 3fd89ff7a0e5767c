"""An answer as JUnit XML, as pipelines read it: each objective is a test case.

There is a failure or an error in it exactly where the exit code is not 0. Missed and undecided are
failures, as neither lets a pipeline go on: a test that is skipped would be passed over. In a
comparison that another variant decides well, what the others miss is skipped, with its sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from xml.etree import ElementTree as ET

from sim.cli.answers.answer import MET
from sim.cli.options.arguments import PROGRAM
from sim.core.version import __version__
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sim.results.provenance import Variant
    from sim.results.results import Results

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold."""


@dataclass(frozen=True)
class Case:
    """A test case: it passes where nothing became of it."""

    name: str
    became: Literal["", "failure", "error", "skipped"] = ""
    message: str = ""
    kind: str = ""
    """Of a failure: missed or undecided."""


@dataclass(frozen=True)
class Suite:
    """The test cases of a variant."""

    name: str
    cases: Sequence[Case]
    properties: Mapping[str, object] = field(default_factory=dict)


def xml(suites: Sequence[Suite]) -> str:
    """The document."""
    top = ET.Element("testsuites", name=PROGRAM)
    top.extend(map(_suite, suites))
    _count(top, [case for suite in suites for case in suite.cases])
    ET.indent(top)
    # Whatever a stream can show, it can show this.
    written: bytes = ET.tostring(top, encoding="us-ascii", xml_declaration=True)
    return written.decode("ascii") + "\n"


def refused(command: str, said: Sequence[str]) -> list[Suite]:
    """Where there are no results: what is wrong is the error of the only test case."""
    return [Suite(command, [Case("scenario", "error", "\n".join(said) or "wrong input")])]


def unsaved(name: str, said: Sequence[str]) -> list[Suite]:
    """Where results could not be saved: why is an error; none where they are."""
    return [Suite(name, [Case("results", "error", "\n".join(said))])] if said else []


def judged(name: str, verdict: str, sentence: str, *, passes: bool, other: str = "variant") -> Case:
    """The case of an objective; `passes` says whether an`other` one has decided the answer well."""
    if verdict == "met":
        return Case(name)
    if passes:
        return Case(name, "skipped", f"{verdict}: {sentence}; another {other} keeps it")
    return Case(name, "failure", f"{verdict}: {sentence}", verdict)


def suites_of(results: Results, code: int) -> list[Suite]:
    """Of the answer of a command with its exit code: a suite for each variant."""
    about = results.about
    lost = [
        Suite(
            f"{about.name}.{each.variant}",
            [Case("replications", "error", f"all failed: {each.message}")],
        )
        for each in about.lost
    ]
    return lost + [
        Suite(
            f"{about.name}.{one.name}" if about.compared else about.name,
            [*_cases(results, one, code)],
            {"version": __version__, "seed": one.seed, "replications": one.replications},
        )
        for one in about.variants
    ]


def _cases(results: Results, one: Variant, code: int) -> Iterator[Case]:
    """How many replications it is of, its objectives, the precision asked for."""
    failed, precision = results.about.failed(one.name), results.about.precision
    made = pluralize(one.replications + len(failed), "replication")
    if failed:
        yield Case(made, "error", f"{len(failed):,} failed: {failed[0].message}")
    else:
        yield Case(made)
    for row in results.rows("objectives"):
        name, verdict, sentence = row["objective"], row["verdict"], row["sentence"]
        if row["variant"] != one.name or not name:  # nothing may be asked of a variant
            continue
        if one.reference:
            yield Case(name, "skipped", f"reference, not ranked; {verdict}: {sentence}")
        else:
            yield judged(name, verdict, sentence, passes=code == MET)
    if precision and precision.is_missed:
        yield Case("precision", "failure", precision.sentence, "undecided")
    elif precision:
        yield Case("precision")


def _suite(suite: Suite) -> ET.Element:
    element = ET.Element("testsuite", name=_text(suite.name))
    _count(element, suite.cases)
    if suite.properties:
        properties = ET.SubElement(element, "properties")
        for name, value in suite.properties.items():
            ET.SubElement(properties, "property", name=name, value=_text(str(value)))
    for case in suite.cases:
        made = ET.SubElement(
            element, "testcase", classname=_text(suite.name), name=_text(case.name), time="0"
        )
        if case.became:
            told = ET.SubElement(made, case.became, message=_text(case.message.split("\n")[0]))
            told.text = _text(case.message)
            if case.became != "skipped":
                told.set("type", case.kind or "error")
    return element


def _count(element: ET.Element, cases: Sequence[Case]) -> None:
    element.set("tests", str(len(cases)))
    for became, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        element.set(name, str(sum(case.became == became for case in cases)))
    element.set("time", "0")


def _text(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
