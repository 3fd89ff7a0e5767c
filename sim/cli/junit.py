"""An answer as JUnit XML, as pipelines read it: each objective is a test case.

There is a failure or an error in it exactly where the exit code is not 0. Missed and undecided are
failures, as neither lets a pipeline go on: a test that is skipped would be passed over. In a
comparison that another variant decides well, what the others miss is skipped, with its sentence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from sim.cli.answer import MET
from sim.cli.options import PROGRAM
from sim.core.version import __version__
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sim.results import Results
    from sim.results.provenance import Variant

    Row = Mapping[str, Any]

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold."""


def junit(results: Results, code: int, said: Sequence[str]) -> str:
    """The answer of a command with its exit code; `said` is why results are not saved, if so."""
    about = results.about
    suites = [_suite(results, one, code) for one in about.variants]
    if said:
        case = _case(about.name, "results")
        _put(case, "error", said[0], "\n".join(said))
        suites.append(_suite_of(about.name, [case]))
    return _document(suites)


def refused(command: str, said: Sequence[str]) -> str:
    """The answer where there are no results: what is wrong is the error of the only test case."""
    case = _case(command, "scenario")
    _put(case, "error", said[0] if said else "wrong input", "\n".join(said))
    return _document([_suite_of(command, [case])])


def _suite(results: Results, one: Variant, code: int) -> ET.Element:
    """A variant: how many replications it is of, its objectives, the precision asked for."""
    about = results.about
    whose = f"{about.name}.{one.name}" if about.compared else about.name
    failed = about.failed(one.name)
    made = _case(whose, pluralize(one.replications + len(failed), "replication"))
    if failed:
        _put(made, "error", f"{len(failed):,} failed: {failed[0].message}")
    rows = [row for row in results.rows("objectives") if row["variant"] == one.name]
    cases = [_judged(whose, row, one, code) for row in rows if row["objective"]]
    precision = about.precision
    if precision:
        case = _case(whose, "precision")
        if precision.is_missed:
            _put(case, "failure", precision.sentence, kind="undecided")
        cases.append(case)
    suite = _suite_of(whose, [made, *cases])
    properties = ET.Element("properties")
    told = {"version": __version__, "seed": one.seed, "replications": one.replications}
    for name, value in told.items():
        ET.SubElement(properties, "property", name=name, value=str(value))
    suite.insert(0, properties)
    return suite


def _judged(whose: str, row: Row, one: Variant, code: int) -> ET.Element:
    case = _case(whose, row["objective"])
    verdict, sentence = row["verdict"], row["sentence"]
    if one.reference:
        _put(case, "skipped", f"reference, not ranked; {verdict}: {sentence}")
    elif verdict != "met" and code == MET:
        _put(case, "skipped", f"{verdict}: {sentence}; another variant meets every objective")
    elif verdict != "met":
        _put(case, "failure", f"{verdict}: {sentence}", kind=verdict)
    return case


def _case(whose: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=_text(whose), name=_text(name), time="0")


def _put(case: ET.Element, tag: str, message: str, text: str = "", kind: str = "") -> None:
    """What became of a test case."""
    told = ET.SubElement(case, tag, message=_text(message))
    if tag != "skipped":
        told.set("type", kind or "error")
    told.text = _text(text or message)


def _suite_of(name: str, cases: Iterable[ET.Element]) -> ET.Element:
    suite = ET.Element("testsuite", name=_text(name))
    suite.extend(cases)
    _count(suite, suite.findall("testcase"))
    return suite


def _document(suites: Sequence[ET.Element]) -> str:
    top = ET.Element("testsuites", name=PROGRAM)
    top.extend(suites)
    _count(top, top.findall("testsuite/testcase"))
    ET.indent(top)
    # Whatever a stream can show, it can show this.
    written: bytes = ET.tostring(top, encoding="us-ascii", xml_declaration=True)
    return written.decode("ascii") + "\n"


def _count(of: ET.Element, cases: Sequence[ET.Element]) -> None:
    of.set("tests", str(len(cases)))
    for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        of.set(name, str(sum(case.find(tag) is not None for case in cases)))
    of.set("time", "0")


def _text(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
