"""What the reference tells of the record of each system."""

import pytest

from sim.scenario import Scenario
from sim.scenario.record_tables import answers, metrics, series, series_of
from sim.simulation import Simulation
from sim.systems import SYSTEM_TYPES

every_kind = pytest.mark.parametrize("kind", SYSTEM_TYPES)


@every_kind
def test_every_series_of_a_run_is_told_with_its_unit(kind):
    record = SYSTEM_TYPES[kind]
    simulation = Simulation(Scenario.from_text(record.starter).override({"horizon": "3h"}))
    log = simulation.run(0)
    (model,) = simulation.models.values()
    told = series_of(record)
    assert all(meaning.endswith(".") for meaning in told.values())
    units = {}
    for line in series(record):
        if line.startswith("| `"):
            name, unit, _ = line.strip("| ").split(" | ", 2)
            units[name.strip("`").partition(":")[0]] = unit
    assert {name.partition(":")[0] for name in told} == units.keys()
    words = {"0/1": "0 or 1"}
    for name, group in model.series():
        unit = model.timeline(log, name, group).unit
        assert units[name.partition(":")[0]] == words.get(unit, unit), name


@every_kind
def test_each_metric_has_a_row_with_its_direction(kind):
    record = SYSTEM_TYPES[kind]
    lines = metrics(record)
    for metric in record.metrics.values():
        (row,) = [line for line in lines if line.startswith(f"| `{metric.name}` |")]
        assert f" | {metric.better or '-'} | " in row


@every_kind
def test_each_answer_of_the_service_stands_once(kind):
    lines = answers(SYSTEM_TYPES[kind])
    rows = [line for line in lines if line.startswith(("| 4", "| 5"))]
    assert rows
    assert len(rows) == len(set(rows))
