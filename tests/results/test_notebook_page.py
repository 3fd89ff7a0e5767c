"""Results show themselves in a notebook."""

from made_results import CHANCE

import sim


def test_results_show_themselves(compared):
    page = compared._repr_html_()
    assert "<b>shop: 5 replications, window 0s to 6h</b>" in page
    assert "does it stay up?" in page
    by_clock = sim.run(sim.loads("start: 2026-11-20T14:00\n" + CHANCE))._repr_html_()
    assert "window Fri 20 Nov 14:00 to Fri 20 Nov 20:00" in by_clock
    assert "<td>simultaneous</td><td>0 %</td>" in page
    assert "<td>nothing</td><td>100 %</td>" in page
    assert "<td>missed</td>" in page
    assert "restart (lognormal, median 4min)" in page


def test_whole_systems_are_shown_not_their_groups():
    text = CHANCE.replace("{WebRole: {instances: 20}}", "{A: {instances: 4}, B: {instances: 1}}")
    results = sim.run(sim.loads(text))
    assert "<td>baseline</td><td>60 %</td>" in results._repr_html_()


def test_what_did_not_come_is_shown_as_beyond_the_horizon():
    text = CHANCE.replace("horizon: 6h", "horizon: 30min")
    assert "<td>&gt; 30min / &gt; 30min</td>" in sim.run(sim.loads(text))._repr_html_()


def test_metric_that_does_not_apply_is_a_dash(compared):
    row = compared._repr_html_().split("<td>nothing</td>")[1].split("</tr>")[0]
    assert row.endswith("<td>-</td>")
