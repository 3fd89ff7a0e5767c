"""What the pictures of runs and results show: which lines, bands, marks and thresholds."""

import math

import numpy as np
import pytest
from lanes import bars
from pictured import ALONE, FLEET, ONE_ROLE, POOL, SCENARIO, TWO, labels

import sim
from sim.core.errors import ScenarioError
from sim.core.formatting import format_compact
from sim.plots import (
    availability,
    capacity,
    estimates,
    gantt,
    overlay,
    queue,
    state_shares,
    up_to_date,
    variants,
)
from sim.plots.parts.style import Picture

CERTAIN = ONE_ROLE.replace("instances: 20", "instances: 20, restart: 2min")


@pytest.fixture(scope="module")
def ran():
    return sim.run(sim.loads(SCENARIO))


@pytest.fixture(scope="module")
def compared():
    return sim.compare(sim.loads(SCENARIO))


@pytest.fixture(scope="module")
def one():
    return sim.run_one(sim.loads(SCENARIO))


# One run ------------------------------------------------------------------------------------------


# Results ------------------------------------------------------------------------------------------


def test_capacity_of_results_is_that_of_the_first_run_with_the_band_of_all(ran, drawn):
    caught = drawn(capacity, "figure")
    ran.plot.capacity()
    line = ran.replay().timeline("shop", "capacity").crop(300.0, 7200.0)
    assert caught["first"].times.tolist() == line.times.tolist()
    assert caught["first"].values.tolist() == list(line.values)
    band = caught["band"]
    assert (band.times[0], band.times[-1]) == (300.0, 7200.0)
    assert (np.diff(band.times) > 0).all()
    assert band.p5.min() == pytest.approx(0.8)
    assert (band.p5 <= band.p50).all()
    assert (band.p50 <= band.p95).all()
    assert caught["threshold"] == 0.75
    assert caught["subtitle"] == "shop, 20 replications"
    assert caught["start"] == ran.replay().scenario.start
    assert labels(caught) == [(600.0, "upgrade_deployment"), (660.0, "again, refused")]


def test_without_chance_there_is_no_band(drawn):
    caught = drawn(capacity, "figure")
    sim.run(sim.loads(CERTAIN)).plot.capacity()
    assert caught["band"] is None
    assert caught["subtitle"] == "shop, deterministic, one run suffices"


def test_single_replay_has_no_band(ran, drawn):
    caught = drawn(capacity, "figure")
    alone = sim.run(ran.replay().scenario, replay=7)
    alone.plot.capacity()
    assert caught["band"] is None
    line = ran.replay(7).timeline("shop", "capacity").crop(300.0, 7200.0)
    assert caught["first"].values.tolist() == list(line.values)


def test_variant_s_pictures_are_its_own(compared, drawn):
    caught = drawn(capacity, "figure")
    compared.plot.capacity(variant="simultaneous")
    assert caught["first"].minimum() == 0.0
    assert caught["band"].p5.min() == 0.0
    assert (np.diff(caught["band"].times) > 0).all()
    assert caught["subtitle"] == "shop, simultaneous, 20 replications"
    assert len(labels(caught)) == 2
    compared.plot.capacity(variant="nothing")
    assert labels(caught) == []
    with pytest.raises(ScenarioError, match="must be a variant of these results"):
        compared.plot.capacity(variant="manual")


def test_availability_and_lanes_of_results_are_those_of_the_first_run(ran, drawn):
    rows, caught = drawn(availability, "figure"), drawn(gantt, "figure")
    ran.plot.availability()
    ran.plot.gantt()
    assert list(rows["first"]) == ["shop", "WebRole", "WorkerRole"]
    line = ran.replay().timeline("shop", "available", "WebRole").crop(300.0, 7200.0)
    assert rows["first"]["WebRole"].values.tolist() == list(line.values)
    lanes = bars(ran.replay().simulation.models["shop"], ran.replay().log)
    assert len(caught["first"]) == len(lanes)


def test_variants_stand_side_by_side(compared, drawn):
    caught = drawn(variants, "capacities")
    compared.plot.variants_capacity()
    assert list(caught["first"]) == ["auto", "simultaneous", "nothing"]
    assert set(caught["bands"]) == {"auto", "simultaneous"}
    assert caught["threshold"] == 0.75


def test_thresholds_that_differ_are_not_drawn(drawn):
    caught = drawn(variants, "capacities")
    text = SCENARIO.replace("auto: {}", "auto: {objectives.0.at_least: 60%}")
    sim.compare(sim.loads(text)).plot.variants_capacity()
    assert caught["threshold"] is None


def test_metrics_of_variants_are_the_headlines(compared, drawn):
    caught = drawn(estimates, "figure")
    compared.plot.variants_metrics()
    lowest, *_, done = caught["first"]
    assert (lowest.label, lowest.unit, lowest.better) == ("lowest capacity", "share", "higher")
    assert [each.variant for each in lowest.estimates] == ["auto", "simultaneous", "nothing"]
    assert lowest.estimates[0].value == pytest.approx(0.8)
    assert done.label == "done in"
    assert [each.variant for each in done.estimates] == ["auto", "simultaneous"]
    assert caught["subtitle"] == "shop, 20 replications"


def test_dots_of_metrics_are_what_the_table_says(compared, drawn):
    caught = drawn(estimates, "figure")
    compared.plot.variants_metrics()
    whole = [row for row in compared.rows("summary") if not row["group"]]
    rows = {(row["variant"], row["metric"]): row for row in whole}
    done = next(panel for panel in caught["first"] if panel.label == "done in")
    lost = next(panel for panel in caught["first"] if panel.label == "hours lost")
    assert done.quantiles
    assert not lost.quantiles
    row = rows["auto", "rollout_duration"]
    assert (done.estimates[0].value, done.estimates[0].high) == (row["p50"], row["p95"])
    row = rows["auto", "capacity_hours_lost"]
    one = lost.estimates[0]
    assert (one.value, one.low, one.high) == (row["mean"], row["ci95_low"], row["ci95_high"])


def test_objectives_are_bounds_where_all_variants_have_the_same(compared, drawn):
    caught = drawn(estimates, "figure")
    compared.plot.variants_metrics()
    assert {panel.label: panel.bound for panel in caught["first"] if panel.bound} == {
        "lowest capacity": 0.75
    }
    text = SCENARIO.replace("auto: {}", "auto: {objectives.0.at_least: 60%}")
    sim.compare(sim.loads(text)).plot.variants_metrics()
    assert not any(panel.bound for panel in caught["first"])


def test_what_is_asked_of_means_is_a_line_where_means_are_shown(drawn):
    caught = drawn(estimates, "figure")
    scenario = sim.loads(SCENARIO).override({f"objectives.{k}.of": "mean" for k in (0, 1)})
    lost = {"metric": "capacity_hours_lost", "at_most": 30, "of": "mean"}
    sim.compare(scenario.override({"objectives.+": lost})).plot.variants_metrics()
    assert [panel.bound for panel in caught["first"] if panel.bound] == [30]


def test_time_that_is_missing_lies_beyond_the_horizon(drawn):
    caught = drawn(estimates, "figure")
    text = SCENARIO.replace("horizon: 2h", "horizon: 52min").partition("objectives")[0]
    text += "variants:\n  auto: {}\n  none: {operations.0.upgrade_deployment.mode: Manual}\n"
    results = sim.compare(sim.loads(text))
    results.plot.variants_metrics()
    auto, none = next(p for p in caught["first"] if p.label == "done in").estimates
    missing = results.summary[results.summary.metric == "rollout_duration"].missing.tolist()
    assert 1 < missing[0] < 10
    assert missing[1] == 20
    assert math.isfinite(auto.value)
    assert math.isinf(auto.high)
    assert auto.text.endswith(" / > 52min")
    assert math.isinf(none.value)
    assert none.text == "never"


# Titles say what holds for all replications ------------------------------------------------------

RARE = """\
name: rare
horizon: 4h
replications: 40
systems:
  shop:
    kind: cloud_service
    builds: {"42": {bad: 10%, fails_to_start: 100%}}
    roles: {WebRole: {instances: 20, min_available: 9}}
operations:
  - {at: 10min, upgrade_deployment: {build: "42", mode: Simultaneous}}
objectives:
  - {metric: min_capacity, at_least: 50%}
"""


def test_title_of_capacity_is_of_all_replications(ran, drawn):
    caught = drawn(capacity, "figure")
    ran.plot.capacity()
    assert caught["title"] == "Lowest capacity: 80 % in every run; never below 75 %"
    sim.run(sim.loads(RARE)).plot.capacity()
    assert caught["title"] == "Lowest capacity: 0 % in every run; below 50 % in every run"


def test_title_of_one_replication_is_its_own(ran, drawn):
    caught = drawn(capacity, "figure")
    sim.run(ran.replay().scenario, replay=7).plot.capacity()
    assert caught["title"] == ""


def test_availability_tells_how_many_runs_go_down_and_whose_bars_these_are(drawn):
    caught = drawn(availability, "figure")
    text = RARE.replace("min_available: 9", "failures: {per_year: 60, recovery: 16min}")
    text = text.partition("operations")[0].replace(
        "instances: 20", "instances: 20, min_available: 20"
    )
    results = sim.run(sim.loads(text))
    results.plot.availability()
    rows = results.replications.query("metric == 'downtime' and group == ''")
    down = int((rows.value > 0).sum())
    assert 0 < down < 40
    assert caught["title"].startswith(f"shop goes down in {100 * down / 40:g} % of runs; downtime")
    assert caught["notes"]["shop"].startswith("down in ")
    assert caught["which"] == "replication 0"


def test_titles_of_variants_are_of_all_replications(compared, drawn):
    caught = drawn(variants, "capacities")
    compared.plot.variants_capacity()
    assert caught["title"] == "Lowest capacity: nothing 100 %, auto 80 %, simultaneous 0 %"
    full, told, cells = caught["answers"]
    assert full["auto"] == "Lowest capacity: 80 % in every run; never below 75 %"
    assert told["auto"] == "80 % in every run"
    assert cells["simultaneous"] == "0 %"


def test_saved_figures_of_several_systems_bear_their_names():
    names = [
        name for name, _ in sim.run(sim.loads(TWO)).plot.figures() if "distribution" not in name
    ]
    assert names == [
        "capacity-a",  # nothing happens to it
        *("capacity-b", "update_domains-b"),
    ]


def test_main_is_the_picture_of_each_system_that_says_most():
    main = sim.run(sim.loads(TWO)).plot.figures(main=True)
    assert [name for name, _ in main] == ["capacity-a", "capacity-b"]


def test_main_of_variants_is_what_sets_them_beside_each_other(compared):
    main = [name for name, _ in compared.plot.figures(main=True)]
    assert main == ["variants_capacity", "variants_metrics", "variants_differences"]
    assert "distribution_capacity_hours_lost" in [name for name, _ in compared.plot.figures()]


@pytest.mark.parametrize(("domains", "module"), [(60, gantt), (61, state_shares)])
def test_more_domains_than_can_be_told_apart_are_drawn_as_shares(domains, module, drawn):
    caught = drawn(module, "figure")
    many = TWO.replace("instances: 4", f"instances: {domains}, min_available: {domains}")
    kind = "b: {kind: cloud_service,"
    results = sim.run(sim.loads(many.replace(kind, f"{kind} update_domains: {domains},")))
    names = [name for name, _ in results.plot.figures() if "distribution" not in name]
    assert names == ["capacity-a", "capacity-b", "availability-b", "update_domains-b"]
    assert caught["what"] == "update domains"


def test_what_members_do_is_asked_once(monkeypatch):
    asked = []
    model = type(sim.run_one(sim.loads(ONE_ROLE)).simulation.models["shop"])
    known = model.activities
    monkeypatch.setattr(model, "activities", lambda *of: asked.append(of) or known(*of))
    names = [name for name, _ in sim.run(sim.loads(ONE_ROLE)).plot.figures()]
    assert "update_domains" in names
    assert len(asked) == 1


def test_opened_results_show_the_same(compared, tmp_path, drawn):
    opened = sim.open_results(compared.save(tmp_path / "r", keep=["timelines"]))
    fresh = drawn(capacity, "figure")
    compared.plot.capacity(variant="simultaneous")
    again = drawn(capacity, "figure")
    opened.plot.capacity(variant="simultaneous")
    for caught in (fresh, again):
        caught["first"] = caught["first"].values.tolist()
        caught["band"] = [getattr(caught["band"], part).tolist() for part in ("times", "p5")]
    assert again == fresh
    assert isinstance(opened.plot.gantt(), Picture)


# Batch pools with work ----------------------------------------------------------------------------

SHOP = "  shop: {kind: cloud_service, roles: {WebRole: {instances: 2}}}\n"


def test_queue_of_results_is_that_of_the_first_run_of_the_variant(drawn):
    caught = drawn(queue, "figure")
    results = sim.compare(sim.loads(POOL))
    lines = {}
    for variant in ("", "drain"):
        results.plot.queue(variant=variant)
        line = results.replay(variant=variant).timeline("render", "queue").crop(3600.0, 21600.0)
        assert caught["first"].values.tolist() == line.values.tolist()
        lines[variant] = line.values.tolist()
    assert lines[""] != lines["drain"]
    assert caught["subtitle"] == "pool, drain, replication 0"


def test_queue_is_saved_of_a_pool_that_has_work_and_is_not_compared():
    pool = sim.loads(ALONE)
    with_queue = ["capacity", "queue", "nodes"]
    assert [
        name for name, _ in sim.run(pool).plot.figures() if "distribution" not in name
    ] == with_queue
    two = sim.loads(ALONE.replace("operations:", SHOP + "operations:"))
    names = [name for name, _ in sim.run(two).plot.figures() if "distribution" not in name]
    assert [name for name in names if "queue" in name] == ["queue-render"]
    compared = [
        name
        for name, _ in sim.compare(sim.loads(POOL)).plot.figures()
        if "distribution" not in name
    ]
    assert compared == ["variants_capacity", "variants_metrics", "variants_differences"]


def test_system_without_a_queue_says_what_it_has(one, ran):
    expected = "must be a series of shop, got queue; known: capacity, available"
    with pytest.raises(ScenarioError, match=expected):
        one.plot.queue()
    with pytest.raises(ScenarioError, match=expected):
        ran.plot.queue()
    without = sim.loads("horizon: 1h\nsystems: {a: {kind: batch_pool, nodes: 2}}")
    with pytest.raises(ScenarioError, match="must be a series of a, got queue"):
        sim.run_one(without).plot.queue()


# Arc fleets ---------------------------------------------------------------------------------------

NEEDED = FLEET.replace("version: 1.1.0,", "version: 1.1.0, min_available: 4,")


def figures_of(text):
    return [
        name
        for name, _ in sim.run(sim.loads(text.partition("variants")[0])).plot.figures()
        if "distribution" not in name
    ]


def test_pictures_of_a_fleet_begin_with_who_is_up_to_date():
    assert figures_of(FLEET) == ["up_to_date", "capacity"]


def test_availability_is_drawn_where_something_must_be_available():
    assert figures_of(NEEDED) == ["up_to_date", "capacity", "availability"]


def test_availability_of_what_cannot_be_down_is_an_error_of_one_run_and_of_all():
    told = "^shops cannot be down: nothing in it has a min_available$"
    with pytest.raises(ScenarioError, match=told):
        sim.run(sim.loads(FLEET.partition("variants")[0])).plot.availability()
    with pytest.raises(ScenarioError, match=told):
        sim.run_one(sim.loads(FLEET.partition("variants")[0])).plot.availability()


def test_the_title_sets_the_mean_beside_what_is_asked_of_the_mean(drawn):
    caught = drawn(up_to_date, "figure")
    asked = "objectives: [{metric: time_to_99, at_most: 1d, of: mean}]\n"
    results = sim.run(sim.loads(FLEET.partition("variants")[0] + asked))
    results.plot.up_to_date()
    mean = results.summary.query("metric == 'time_to_99' and group == ''")["mean"].iloc[0]
    assert "median " in caught["title"]
    assert caught["title"].endswith(f"; mean {format_compact(mean, 's')}, objective: at most 1d")


def test_up_to_date_has_the_line_of_one_replication_and_the_band_of_all(drawn):
    caught = drawn(up_to_date, "figure")
    results = sim.run(sim.loads(FLEET.partition("variants")[0]))
    results.plot.up_to_date()
    line = results.replay().timeline("shops", "up_to_date")
    assert caught["first"].values.tolist() == line.values.tolist()
    every = [results.replay(k).timeline("shops", "up_to_date") for k in range(5)]
    band = caught["band"]
    for at, low, mid, high in zip(band.times, band.p5, band.p50, band.p95, strict=True):
        shares = sorted(float(one.at(at)) for one in every)
        assert (low, mid, high) == (shares[0], shares[2], shares[4])
    assert [mark.label for mark in caught["marks"]] == ["publish_extension"]


def test_variants_of_a_fleet_are_compared_by_who_is_up_to_date(drawn):
    caught = drawn(variants, "shares_up_to_date")
    results = sim.compare(sim.loads(FLEET))
    assert [name for name, _ in results.plot.figures() if "distribution" not in name] == [
        "variants_up_to_date",
        "variants_metrics",
        "variants_differences",
    ]
    assert list(caught["first"]) == ["slow", "fast"]
    assert set(caught["bands"]) == {"slow", "fast"}


TYPES = FLEET.replace(
    "operations:",
    """      - {publisher: Microsoft.Azure.KeyVault, type: KeyVaultForLinux, version: 1.0.0,
         enable_automatic_upgrade: true}
operations:""",
)


def test_types_of_a_fleet_are_drawn_beside_the_whole_where_they_differ(drawn):
    caught, many = drawn(up_to_date, "figure"), drawn(variants, "shares_up_to_date")
    results = sim.run(sim.loads(TYPES.partition("variants")[0]))
    results.plot.up_to_date()
    # Nothing is published for the other one: it has what it is to have.
    assert list(caught["beside"]) == ["AzureMonitorLinuxAgent", "KeyVaultForLinux"]
    results.replay().plot.up_to_date()
    assert list(caught["beside"]) == ["AzureMonitorLinuxAgent", "KeyVaultForLinux"]
    sim.run(sim.loads(FLEET.partition("variants")[0])).plot.up_to_date()
    assert caught["beside"] == {}  # the only type is the whole
    sim.compare(sim.loads(TYPES)).plot.variants_up_to_date()
    assert list(many["beside"]["fast"]) == ["AzureMonitorLinuxAgent", "KeyVaultForLinux"]


def test_capacity_of_a_fleet_that_stays_near_100_percent_is_not_drawn():
    calm = FLEET.replace("machines: 4", "machines: 400")
    assert figures_of(calm) == ["up_to_date"]


def test_title_of_who_is_up_to_date_is_of_all_replications(drawn):
    caught = drawn(up_to_date, "figure")
    sim.run(sim.loads(FLEET.partition("variants")[0])).plot.up_to_date()
    assert caught["title"].startswith("99 % done in: median ")


# Which series is drawn of variants ---------------------------------------------------------------


def test_variants_of_a_pool_without_an_upgrade_are_told_apart_by_their_queues(drawn):
    caught = drawn(variants, "queues")
    text = ALONE.partition("operations")[0]
    text += "variants: {busy: {}, idle: {systems.render.work.load: 50%}}\n"
    results = sim.compare(sim.loads(text))
    names = [name for name, _ in results.plot.figures() if "distribution" not in name]
    assert names == ["variants_queue", "variants_metrics", "variants_differences"]
    assert list(caught["first"]) == ["busy", "idle"]
    assert caught["title"].startswith("Wait (p95), median / bad 5 %: idle ")
    assert caught["which"] == "replication 0"


def test_pool_that_drains_shows_what_it_accepts_beside_what_is_in_service(drawn):
    one, many = drawn(capacity, "figure"), drawn(variants, "capacities")
    results = sim.compare(sim.loads(POOL))
    results.plot.variants_capacity()
    assert many["beside"]["requeue"] == {}
    (accepting,) = many["beside"]["drain"].values()
    run = results.replay(variant="drain")
    line = run.timeline("render", "accepting").crop(3600.0, 21600.0)
    assert accepting.values.tolist() == (line.values / 10).tolist()
    results.plot.capacity(variant="drain")
    assert list(one["beside"]) == ["accepting new tasks"]
    run.plot.capacity()
    assert list(one["beside"]) == ["accepting new tasks"]


@pytest.mark.parametrize("count", [2, 12, 13])
def test_a_page_of_panels_or_a_ranking_is_drawn_each_once(count, monkeypatch):
    drawn_once = []
    for module, name in ((variants, "capacities"), (estimates, "figure")):
        monkeypatch.setattr(module, name, lambda *_, of=name, **__: drawn_once.append(of))
    each = {f"{k}": {"systems.shop.roles.WebRole.instances": 18 + k} for k in range(count)}
    results = sim.compare(sim.loads(CERTAIN.partition("variants")[0]).with_variants(each))
    names = [name for name, _ in results.plot.figures() if "distribution" not in name]
    if count <= variants.MOST:
        assert names == ["variants_capacity", "variants_metrics"]
        assert drawn_once == ["capacities", "figure"]
    else:
        assert names == ["variants_metrics"]
        assert drawn_once == ["figure"]
        results.plot.variants_capacity()
        assert drawn_once == ["figure", "figure"]


# Overlays ----------------------------------------------------------------------------------------


def test_overlay_has_a_line_for_each_variant(compared, drawn):
    caught = drawn(overlay, "figure")
    compared.plot.overlay()
    assert list(caught["first"]) == ["auto", "simultaneous", "nothing"]
    assert caught["title"] == "Capacity in 3 variants, median of all runs"
    compared.plot.overlay("ready", group="WebRole", of=["auto"])
    assert caught["title"] == "WebRole ready, replication 0"
    compared.plot.overlay("ready", group="WebRole", of=["auto", "nothing"])
    assert list(caught["first"]) == ["auto", "nothing"]
    assert caught["title"] == "WebRole ready in 2 variants, replication 0"
    assert {line.unit for line in caught["first"].values()} == {"count"}
    line = compared.replay(variant="auto").timeline("shop", "ready", "WebRole")
    assert caught["first"]["auto"].values.tolist() == line.crop(300.0, 7200.0).values.tolist()


def test_series_of_results_have_the_units_of_those_of_runs(compared, drawn):
    caught = drawn(overlay, "figure")
    pool = sim.compare(sim.loads(POOL))
    for results, system in (
        (compared, "shop"),
        (pool, "render"),
        (sim.compare(sim.loads(FLEET)), "shops"),
    ):
        run = results.replay()
        for series, group in run.simulation.models[system].series():
            results.plot.overlay(series, group=group, of=[run.variant])
            lines = caught["first"].values()
            assert {line.unit for line in lines} == {run.timeline(system, series, group).unit}


def test_overlay_of_what_is_not_there_or_of_too_many_is_an_error(compared):
    with pytest.raises(ScenarioError, match="must be a series of shop, got capacty; did you mean"):
        compared.plot.overlay("capacty")
    with pytest.raises(ScenarioError, match="must be a group of shop, got WebRol; did you mean"):
        compared.plot.overlay("ready", group="WebRol")
    with pytest.raises(ScenarioError, match="must be a variant of these results, got never"):
        compared.plot.overlay(of=["never"])
    each = {f"{k}": {"systems.shop.roles.WebRole.instances": 18 + k} for k in range(9)}
    many = sim.compare(sim.loads(CERTAIN.partition("variants")[0]).with_variants(each))
    with pytest.raises(ScenarioError, match="at most 8 lines can be distinguished, got 9 variants"):
        many.plot.overlay()
    assert isinstance(many.plot.overlay(of=["0", "8"]), Picture)


def test_who_is_up_to_date_is_a_picture_of_other_systems_too(compared):
    assert isinstance(compared.plot.up_to_date(), Picture)
    assert isinstance(compared.plot.variants_up_to_date(), Picture)
