"""Results and runs show themselves in a notebook."""

import re

from made_results import CHANCE, OBJECTIVE

import sim


def cells(page, name):
    """The cells of the row of that name, without markup."""
    (row,) = [each for each in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL) if f">{name}" in each]
    found = re.findall(r"<td[^>]*>(.*?)(?:<small>.*?</small>)?</td>", row, re.DOTALL)
    return [re.sub(r"<.*?>", "", cell) for cell in found]


def test_results_show_themselves(compared):
    page = compared._repr_html_()
    assert "<b>shop: 5 replications, window 0..6h</b>" in page
    assert "does it stay up?" in page
    by_clock = sim.run(sim.loads("start: 2026-11-20T14:00\n" + CHANCE))._repr_html_()
    assert "window Fri 20 Nov 14:00..20:00" in by_clock
    table = page.split("in each variant")[2]
    assert cells(table, "simultaneous")[0] == "0 %"
    assert cells(table, "nothing")[0] == "100 %"
    assert cells(table, "nothing")[-1] == "-"
    assert '<td data-of="verdict" class="missed">missed</td>' in page
    assert "restart (lognormal, median 4min)" in page


def test_the_verdict_stands_before_tables_and_the_main_picture_behind(ran):
    page = ran._repr_html_()
    places = [page.index(part) for part in ('class="verdict"', "<table", "<svg")]
    assert places == sorted(places)
    assert page.count("<svg") == 1
    assert "<script" not in page


def test_two_outputs_of_a_notebook_share_no_ids(ran, compared):
    ids = [re.findall(r' id="([^"]*)"', each._repr_html_()) for each in (ran, compared)]
    assert all(ids)
    assert not set(ids[0]) & set(ids[1])


def test_whole_systems_are_shown_not_their_groups():
    text = CHANCE.replace("{WebRole: {instances: 20}}", "{A: {instances: 4}, B: {instances: 1}}")
    results = sim.run(sim.loads(text))
    assert cells(results._repr_html_(), "lowest capacity")[0] == "60 %"


def test_what_never_came_is_said_to_have_not():
    text = CHANCE.replace("horizon: 6h", "horizon: 30min") + OBJECTIVE
    assert cells(sim.run(sim.loads(text))._repr_html_(), "done in") == ["never", *["-"] * 4]


def test_a_run_tells_what_happened_and_shows_it():
    page = sim.run_one(sim.loads(CHANCE))._repr_html_()
    assert "<b>shop, baseline, replication 0</b>" in page
    assert '<p class="inner">  update domain 0' in page
    assert page.count("<svg") == 1
