"""Small cases of Arc fleets from people who do this job, each with its right answer."""

from __future__ import annotations

import numpy as np
import pytest
from places import CASES

from sim import files
from sim.cli.commands import main
from sim.core.errors import ScenarioError
from sim.forecast.explanation import describe
from sim.results.runs import compare, run, run_one
from sim.scenario import Scenario
from sim.simulation import Simulation

AGENT = "AzureMonitorLinuxAgent"
HOUR, DAY = 3600.0, 86400.0


def case(name):
    return files.load(CASES / f"{name}.yaml")


def values(results, metric, variant="baseline"):
    """The values of a metric of the whole fleet, by replication."""
    table = results.replications
    chosen = (table["metric"] == metric) & (table["variant"] == variant) & (table["group"] == "")
    return table["value"][chosen].to_numpy()


def test_a_release_with_which_all_machines_failed_is_neither_finished_nor_in_time(tmp_path, capsys):
    results = run(case("arc-all-failed"))
    assert values(results, "updated_share") == [0]
    assert values(results, "finished") == [0]
    assert np.isnan(values(results, "rollout_duration")).all()
    assert list(results.objectives["verdict"]) == ["missed", "missed"]
    assert main(["run", str(CASES / "arc-all-failed.yaml"), "--out", str(tmp_path / "out")]) == 1
    assert "the rest: 10 failed (the first since 1h08; only a repair, " in " ".join(
        capsys.readouterr().out.split()
    )


def test_times_count_from_the_publication_also_of_what_is_pushed():
    results = compare(case("arc-pushed-by-hand"))
    early = 2 * DAY + 23 * HOUR
    for variant in ("not-enrolled-pushed", "enrolled-and-pushed"):
        times = values(results, "time_to_99", variant)
        assert (early < times).all()
        assert (times < early + 0.5 * HOUR).all()
        assert (values(results, "updated_share", variant) == 1).all()
    assert (values(results, "time_to_99", "only-pushed") < 0.5 * HOUR).all()
    verdicts = dict(zip(results.objectives["variant"], results.objectives["verdict"], strict=True))
    assert verdicts == {
        "by-itself": "missed",
        "not-enrolled-pushed": "met",
        "enrolled-and-pushed": "met",
        "only-pushed": "met",
    }


def test_a_put_and_a_push_replace_what_is_failed():
    one = run_one(case("arc-failed-then-put"))
    for version, day in (("1.29.0", 10), ("1.33.4", 15)):
        line = one.timeline("fleet", f"by_version:{version}", AGENT)
        assert line.at((day + 0.1) * DAY) == 3
        before = one.timeline("fleet", f"by_version:{version}", AGENT).at((day - 0.1) * DAY)
        assert before == 0
    assert one.timeline("fleet", "by_state:failed").at(9 * DAY) == 3
    assert one.timeline("fleet", "by_state:failed").at(11 * DAY) == 0


def test_variants_whose_machines_all_fail_or_are_tried_for_ever_are_not_finished():
    results = compare(case("arc-retry-cadence"))
    for variant in ("hour", "quarter", "seconds", "days", "once"):
        assert (values(results, "finished", variant) == 0).all()
        assert (values(results, "updated_share", variant) == 0).all()
    assert (values(results, "stuck_machines", "once") == 10).all()


def test_a_fix_reaches_those_first_that_its_failing_predecessor_put_in_line():
    """After 31 days 31/56 discovered the bad release: they take the fix at their next retry."""
    one = run_one(case("arc-never-installs-then-fix"))
    week = one.progress("fleet").query("group == '' and day == 7")["up_to_date"].item()
    assert week == pytest.approx(31 / 56 + 25 / 56 * 7 / 25, abs=0.12)


# Any percentage


def asks(metric, at_most="90d", **more):
    tree = {
        "horizon": "30d",
        "replications": 3,
        "systems": {
            "fleet": {
                "kind": "arc_fleet",
                "machines": 40,
                "extensions": [
                    {
                        "publisher": "Microsoft.Azure.Monitor",
                        "type": AGENT,
                        "version": "1.0",
                        "enable_automatic_upgrade": True,
                    }
                ],
                "discovery": {"uniform": {"low": "0s", "high": "20d"}},
            }
        },
        "operations": [{"at": "1h", "publish_extension": {"type": AGENT, "version": "1.1"}}],
        "objectives": [{"metric": metric, "at_most": at_most} | more],
    }
    return Scenario.from_dict(tree)


@pytest.mark.parametrize("group", ["", AGENT])
def test_the_time_to_any_percentage_may_be_asked_for(group):
    results = run(asks("time_to_75", **({"group": group} if group else {})))
    assert list(results.objectives["verdict"]) == ["met"]
    summary = results.summary
    assert list(summary["metric"][summary["group"] == ""])[-1] == "time_to_75"
    lower, found, upper = (values(results, f"time_to_{n}") for n in (50, 75, 90))
    assert (lower < found).all()
    assert (found < upper).all()
    assert not len(values(run(asks("time_to_50")), "time_to_75"))


def test_what_is_asked_for_is_shown_among_all_metrics(tmp_path, capsys):
    file = tmp_path / "asked.yaml"
    file.write_text(asks("time_to_7").to_yaml(), "utf-8")
    assert main(["run", str(file), "--all", "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert "7 % done in" in out
    assert "met: 7 % done in <= 90d in all runs" in " ".join(out.split())


@pytest.mark.parametrize("metric", ["time_to_0", "time_to_101", "time_to_5O"])
def test_a_percentage_that_there_is_not_is_an_error_with_those_that_there_are(metric):
    with pytest.raises(ScenarioError) as caught:
        asks(metric)
    (problem,) = caught.value.problems
    assert "N a whole number from 1 to 100, got " in problem.rule


def test_the_table_of_days_says_which_replication_it_is_of():
    results = run(asks("time_to_50"))
    assert set(results.progress["replication"]) == {0}
    assert set(results.replay(2).progress("fleet")["replication"]) == {2}


def test_a_fleet_that_failed_as_a_whole_fits_on_one_screen(capsys):
    assert main(["run", str(CASES / "arc-all-failed.yaml"), "--no-files", "--quiet"]) == 1
    assert len(capsys.readouterr().out.splitlines()) <= 28


def test_explain_counts_the_machines_that_there_are_where_chance_has_no_part():
    scenario = Scenario.from_text("""\
systems:
  plant:
    kind: arc_fleet
    machines: 5
    extensions: [{publisher: P, type: T, version: "1.0"}]
operations: [{at: 1h, upgrade_extensions: {targets: {P.T: "1.0"}}}]
""")
    told = " ".join(describe(Simulation(scenario)).split())
    assert "5 of 5 machines are up to date (100 %)" in told
    assert "installs nothing: 5 machines have T 1.0 already" in told


def test_any_percentage_may_decide_which_variant_is_best(tmp_path, capsys):
    slow = {"systems.fleet.discovery": {"uniform": {"low": "0s", "high": "25d"}}}
    scenario = asks("time_to_50").override({"prefer": ["time_to_37"]})
    results = compare(scenario.with_variants({"soon": {}, "late": slow}))
    assert results.conclusion.best == ("soon",)
    assert "time_to_37" in set(results.comparison["metric"])
    file = tmp_path / "asked.yaml"
    late = "{systems.fleet.discovery: {uniform: {low: 0s, high: 25d}}}"
    variants = f"variants: {{soon: {{}}, late: {late}}}\n"
    file.write_text(asks("time_to_50").to_yaml() + variants, "utf-8")
    assert main(["compare", str(file), "--set", "prefer=[time_to_37]", "--no-files"]) == 0
    assert "best: soon, which meets every objective; 37 % done in" in " ".join(
        capsys.readouterr().out.split()
    )
