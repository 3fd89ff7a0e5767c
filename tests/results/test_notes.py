"""What an answer tells beside its numbers."""

from __future__ import annotations

import json
import re

from ill_fated import NOBODY_UP, ROLLED_BACK, STUCK_WHEN_BAD, compared, ran
from places import CASES

import sim
from sim.cli import main
from sim.results.notes import Note, killing, notes, ranked, rare, together


def test_request_that_the_state_refuses_is_told_with_its_answer():
    sentences = notes(ran(ROLLED_BACK))["baseline"]
    refused = next(each for each in ran(ROLLED_BACK).about.outcomes if each.what == "refused")
    assert refused.sentence in sentences  # where the build is good the rollback comes too late
    assert refused.p50_s == 7200.0
    (one,) = notes(sim.run(sim.loads(ROLLED_BACK), replay=refused.first))["baseline"]
    assert one.startswith("1 request was refused: 409 ConflictError, ")
    assert "at 2h rollback-0: " in one


def test_service_that_recycles_is_told_stuck_and_rolled_back():
    assert together(ranked(compared("service-recycling"))) == [
        "default, stuck, single: upgrade_deployment-0 is stuck in domain 0 since 40min; "
        "a rollback or a fresh upgrade clears it",
        "rolled-back: rolled back after 1h54",
    ]


def test_the_worst_of_any_variant_comes_before_what_went_well_in_others():
    """A screen has room for the first ones alone."""
    told = {
        "a": [Note(9, "99 of 99 machines are up to date")],
        "b": [Note(5, "rolled back"), Note(9, "2 of 99 machines are up to date")],
        "c": [Note(0, "upgrade failed")],
    }
    assert together(told) == [
        "c: upgrade failed",
        "b: rolled back",
        "a: 99 of 99 machines are up to date",
        "b: 2 of 99 machines are up to date",
    ]


SET = """\
horizon: 2h
replications: REPLICATIONS
systems:
  web:
    kind: vm_scale_set
    instances: 4
    upgrade_policy: {max_batch_instance_percent: 50%}
    versions: {"2": {bad: CHANCE, unhealthy: 100%}}
operations:
  - {at: 1min, update_model: {image: "2"}}
"""
REASON = (
    "update_model-0: more of the upgraded instances are unhealthy than "
    "max_unhealthy_upgraded_instance_percent allows"
)


def test_it_is_told_why_an_upgrade_failed_in_one_replication_in_which_it_did():
    text = SET.replace("REPLICATIONS", "20").replace("CHANCE", "30%")
    results = ran(text)
    (outcome,) = results.about.outcomes
    assert outcome.first > 0
    told, given = notes(results)["baseline"]
    assert told == f"{outcome.sentence}; in replication {outcome.first} {REASON}"
    assert given.startswith("when version 2 is bad (20 % of runs): hours lost 1.98, else 0.156; ")


def test_how_far_a_bad_version_reaches_is_told_of_the_runs_in_which_it_is_bad():
    """A mean over all runs would be of neither the good ones nor the bad ones."""
    found = rare(ran(SET.replace("REPLICATIONS", "20").replace("CHANCE", "30%")))
    (reach,) = [each for key, each in found.items() if key[3] == "blast_radius"]
    assert reach[0] == 0.25  # a batch has one domain, of one instance
    assert 0 < reach[1] < 0.5


def test_it_is_told_why_the_only_upgrade_failed():
    text = SET.replace("REPLICATIONS", "1").replace("CHANCE", "100%")
    assert notes(ran(text))["baseline"] == [f"upgrade failed after 6min20s; {REASON}"]


MORE = """\
  - {at: 2min, cancel_rolling_upgrade: {}}
  - {at: 1h, update_model: {image: "3"}}
"""


def test_a_cancelled_upgrade_gives_no_reason_for_one_that_failed():
    text = SET.replace("REPLICATIONS", "1").replace("CHANCE", "100%").replace('"2":', '"3":')
    (failed, cancelled) = notes(ran(text + MORE))["baseline"]
    assert "; update_model-1: more of the upgraded" in failed
    assert cancelled.startswith("upgrade cancelled after ")


CANCELLED = """\
horizon: 8h
systems: {web: {kind: vm_scale_set, instances: 10}}
operations:
  - {at: 1h, update_model: {image: "2"}}
  - {at: 1h3min, cancel_rolling_upgrade: {}}
objectives: [{metric: min_capacity, at_least: 80%}]
"""
TOLD = "upgrade cancelled after 4min40s; 40 % updated at the end"


def test_a_cancelled_upgrade_is_told_first_and_in_all_forms(tmp_path, capsys):
    file = tmp_path / "set.yaml"
    file.write_text(CANCELLED, encoding="utf-8")
    assert main(["run", str(file), "--no-files", "--quiet"]) == 0  # it has ended
    assert capsys.readouterr().out.splitlines()[1] == TOLD
    assert main(["run", str(file), "--no-files", "--quiet", "--json"]) == 0
    (outcome,) = json.loads(capsys.readouterr().out)["outcomes"]
    assert (outcome["what"], outcome["p50_s"]) == ("cancelled", 280.0)


def test_a_comparison_tells_which_variant_was_cancelled():
    through = (
        '\nvariants: {as-asked: {}, through: {operations: [{at: 1h, update_model: {image: "2"}}]}}'
    )
    assert together(ranked(sim.compare(sim.loads(CANCELLED + through)))) == [f"as-asked: {TOLD}"]


def test_a_cancelled_upgrade_is_told_of_the_runs_in_which_it_was(tmp_path):
    """One whose last batch is under way is completed; a cancel that comes later is refused."""
    times = "lognormal: {median: 80s, p95: 160s}"
    text = CANCELLED.replace("10}", f"10, reimage: {{{times}}}}}").replace("1h3min", "1h12min30s")
    results = ran(f"replications: 30\n{text}")
    cancelled = results.about.outcomes[0]
    values = results.replications.set_index("replication")
    left = values[values.metric == "safe_end"].value == 0
    assert 0 < cancelled.runs == left.sum() < 30
    assert results.given("cancelled").table.query("holds == 'yes'").n.iloc[0] == cancelled.runs
    share = values[values.metric == "updated_share"].value[cancelled.first]
    told = f"; in replication {cancelled.first} {share * 100:g} % updated at the end"
    assert notes(results)["baseline"][0] == f"{cancelled.sentence}{told}"
    again = sim.open_results(results.save(tmp_path / "results"))
    assert notes(again) == notes(results)


DOWN = "upgrade completed with unhealthy instances at 2h10"


def test_an_upgrade_completed_with_nobody_up_is_told_first_and_in_all_forms(tmp_path, capsys):
    file = tmp_path / "shop.yaml"
    file.write_text(NOBODY_UP, encoding="utf-8")
    out = tmp_path / "out"
    assert main(["run", str(file), "--out", str(out), "--quiet"]) == 0
    assert capsys.readouterr().out.splitlines()[2] == DOWN  # after what was run, two lines
    assert DOWN in (out / "report.html").read_text("utf-8")
    assert main(["run", str(file), "--no-files", "--quiet", "--json"]) == 0
    (outcome,) = json.loads(capsys.readouterr().out)["outcomes"]
    assert outcome["what"] == "completed with unhealthy members"
    good = "\nvariants: {bad: {}, good: {systems.shop.builds: {'2': {}}}}"
    assert together(ranked(sim.compare(sim.loads(NOBODY_UP + good)))) == [f"bad: {DOWN}"]


def test_nothing_is_told_of_what_went_as_it_was_asked_for():
    results = compared("pool-new-package")
    assert [each.variant for each in results.about.outcomes] == ["reimage-one"]
    assert together(ranked(results)) == [
        "reimage-one: 1 request was refused: 409 OperationNotValidOnNode, at 1h reimage_node-0: "
        "only nodes of a cloud_service pool can be reimaged"
    ]


def test_downtime_of_few_runs_is_told_where_it_is_there():
    text = STUCK_WHEN_BAD.replace("bad: 50%", "bad: 20%").replace("available: 3", "available: 4")
    found = rare(ran(text))
    values = ran(text).replications.query("metric == 'blast_radius' and group == ''").value
    (share,) = [each for key, each in found.items() if key[2:] == ("", "blast_radius")]
    assert share == (0.25, (values > 0).mean())
    assert not any(key[3] == "downtime" for key in found)  # in every run


def test_drawing_reaches_as_far_as_anything_happens(monkeypatch, tmp_path, capsys):
    """The last machine fails at 1h08; the share up to date falls to its end at 1h already."""
    monkeypatch.chdir(tmp_path)
    assert main(["run", str(CASES / "arc-all-failed.yaml")]) == 1
    lines = capsys.readouterr().out.splitlines()
    (axis,) = [place for place, each in enumerate(lines) if each.lstrip().startswith("0 % +")]
    assert lines[axis + 1].split() == ["1h", "1h2min", "1h4min", "1h6min", "1h8min"]


POOL = """\
replications: 2
horizon: 12h
systems:
  render:
    kind: batch_pool
    nodes: 10
    work: [{tasks: 40, service: 2h}]
    interruptions: {on_upgrade: terminate}
    reboot: 2min
operations:
  - {at: 1h, upgrade_os: {target_os_version: WA-GUEST-OS-5.31_201905-01}}
  - {at: 65min, reboot_node: {node: node-9, option: taskcompletion}}
"""


def test_tasks_that_terminate_kills_and_requests_that_fail_later_are_told():
    (failed, killed) = notes(ran(POOL))["baseline"]
    assert failed.startswith("1 request was accepted and failed: 409 NodeBeingReimaged, at 1h05 ")
    assert killed.startswith("10 running tasks killed by terminate, never to be completed (")
    assert "killed" not in str(notes(ran(POOL.replace("terminate", "requeue"))))


def test_when_a_request_failed_or_was_refused_is_told_by_the_clock_where_there_is_one():
    text = POOL.replace("horizon", "start: 2026-11-20T14:00\nhorizon").replace("node-9", "node-4")
    failed = notes(ran(text))["baseline"][0]
    assert failed.startswith(
        "1 request was accepted and failed: 409 NodeBeingReimaged, at Fri 20 Nov 15:05 "
    )
    refused = text.replace("2.reboot", "2.reboot") + "  - {at: 2h, reimage_node: {node: node-1}}\n"
    refused = refused.replace("nodes: 10", "nodes: 10\n    configuration: virtual_machine")
    refused = refused.replace(
        "upgrade_os: {target_os_version: WA-GUEST-OS-5.31_201905-01}", "upgrade_image: {}"
    )
    assert " at Fri 20 Nov 16:00 reimage_node-0: " in "".join(notes(ran(refused))["baseline"])


def test_best_variant_that_kills_tasks_is_said_to(tmp_path, capsys):
    file = tmp_path / "pool.yaml"
    file.write_text(POOL + "prefer: [rollout_duration]\nvariants: {as-asked: {}, nothing: {}}\n")
    assert main(["compare", str(file), "--no-files", "--quiet"]) == 0
    line = "as-asked, nothing: kills running tasks, as said above"
    assert line in capsys.readouterr().out.splitlines()
    told = {"a": [Note(9, "1 running task killed by terminate")], "b": [Note(1, "stuck")]}
    assert killing(told, ["b"]) == []
    assert killing(told, ["a"]) == ["a: kills running tasks, as said above"]


def test_upgrade_that_is_stuck_in_several_domains_names_their_range():
    text = STUCK_WHEN_BAD.replace("bad: 50%", "bad: 100%").replace("{build", "{mode: MODE, build")
    (stuck,) = notes(sim.run(sim.loads(text.replace("MODE", "Simultaneous"))))["baseline"]
    assert " is stuck in domains 0 to 3 since 40min; " in stuck
    by_clock = "start: 2026-11-20T14:00\n" + text.replace("MODE", "Simultaneous")
    (stuck,) = notes(sim.run(sim.loads(by_clock)))["baseline"]
    assert " is stuck in domains 0 to 3 since Fri 20 Nov 14:40; " in stuck


JUDGED = """
objectives: [{metric: wait_mean, at_most: 1d, in_runs: 20%}]
variants: {as-asked: {}, nothing: {operations: []}}
"""


def test_metric_of_an_objective_has_its_column_and_references_no_verdict(tmp_path, capsys):
    file = tmp_path / "pool.yaml"
    file.write_text(POOL.replace("replications: 2", "replications: 30") + JUDGED, encoding="utf-8")
    main(["compare", str(file), "--no-files", "--quiet"])
    out = capsys.readouterr().out
    assert re.search(r"^ +.*mean\b", out, re.MULTILINE)
    assert re.search(r"reference \(no rollout\): nothing", out)
    assert re.search(r"\b1 verdict, each at", out)


def test_metrics_that_are_zero_everywhere_have_no_panel():
    def drawn(text):
        figure = sim.compare(sim.loads(text + JUDGED)).plot.variants_metrics()
        return [axes.get_title(loc="left") for axes in figure.axes]

    assert "task-hours lost" in drawn(POOL)
    assert "task-hours lost" not in drawn(
        POOL.replace("on_upgrade: terminate", "on_upgrade: taskcompletion")
    )
