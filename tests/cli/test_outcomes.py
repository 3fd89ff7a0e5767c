"""What an answer tells beside its numbers."""

from __future__ import annotations

from ill_fated import ROLLED_BACK, STUCK_WHEN_BAD, compared, ran
from places import CASES

import sim
from sim.cli import main
from sim.cli.outcomes import rare, together, told


def test_request_that_the_state_refuses_is_told_with_its_answer():
    sentences = told(ran(ROLLED_BACK))["baseline"]
    refused = next(each for each in ran(ROLLED_BACK).about.outcomes if each.what == "refused")
    assert refused.sentence in sentences  # where the build is good the rollback comes too late
    assert refused.p50_s == 7200.0
    (one,) = told(sim.run(sim.loads(ROLLED_BACK), replay=refused.first))["baseline"]
    assert one.startswith("1 request was refused: 409 ConflictError, ")
    assert "at 2h rollback-0: " in one


def test_service_that_recycles_is_told_stuck_and_rolled_back():
    assert together(told(compared("service-recycling"))) == [
        "default, stuck, single: upgrade_deployment-0 is stuck in domain 0 since 40min; "
        "a rollback or a fresh upgrade clears it",
        "rolled-back: rolled back after 1h54",
    ]


def test_nothing_is_told_of_what_went_as_it_was_asked_for():
    results = compared("pool-new-package")
    assert [each.variant for each in results.about.outcomes] == ["reimage-one"]
    assert together(told(results)) == [
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
