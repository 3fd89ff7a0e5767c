"""Where in a file something is wrong."""

from __future__ import annotations

from sim.core.clock_times import ClockTime
from sim.formats.yaml_reading import read
from sim.scenario.issues import as_problems, seconds_of, system_meant
from sim.systems.base.spec import Issue

TREE = read("a:\n  - {b: 1}\nc: 2\n", "x.yaml")


def test_findings_are_told_in_the_order_of_the_file():
    findings = [Issue(("c",), "second"), Issue(("a", 0, "b"), "first")]
    told = [str(problem) for problem in as_problems(TREE, findings)]
    assert told == ["x.yaml:2:9: a.0.b: first", "x.yaml:3:4: c: second"]


def test_a_key_may_be_meant_itself_and_a_missing_one_is_told_where_it_would_stand():
    findings = [Issue(("a", 0, "b"), "key", about_key=True), Issue(("a", 0, "d"), "missing")]
    told = [str(problem) for problem in as_problems(TREE, findings)]
    assert told == ["x.yaml:2:5: a.0.d: missing", "x.yaml:2:6: a.0.b: key"]


def test_a_clock_time_without_a_start_is_told_and_counts_as_0():
    findings = []
    assert seconds_of(60.0, None, ("at",), findings) == 60
    assert findings == []
    assert seconds_of(ClockTime.parse("22:00"), None, ("at",), findings) == 0
    assert findings == [
        Issue(("at",), "a clock time needs a `start` in the file, got 22:00"),
    ]


def test_the_only_system_that_is_able_is_meant():
    assert system_meant("operation swap", None, (), ["shop"], {}) == ("shop", [])
    assert system_meant("operation swap", None, ("x",), [], {}) == (
        "",
        [Issue(("x",), "no system of this file has the operation swap")],
    )
