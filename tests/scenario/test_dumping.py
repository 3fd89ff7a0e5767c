"""Parts of a scenario as a file would say them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from shop_file import MINIMAL

from sim.scenario import Scenario
from sim.scenario.dumping import dump, dump_operation, dump_start

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("start", "saved"),
    [
        (dt.datetime(2026, 5, 1, 22), "2026-05-01T22:00:00"),  # noqa: DTZ001  (a file without a zone)
        (dt.datetime(2026, 5, 1, 22, tzinfo=BERLIN), "2026-05-01T22:00:00"),
        (dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN), "2026-10-25T02:30:00+01:00"),
        (dt.datetime(1880, 1, 1, tzinfo=BERLIN), "1880-01-01T00:00:00"),
        (dt.datetime(2026, 5, 1, 22, tzinfo=dt.UTC), "2026-05-01T22:00:00+00:00"),
    ],
)
def test_start_has_an_offset_only_where_the_zone_alone_does_not_tell_it(start, saved):
    assert dump_start(start) == saved


def test_operation_is_dumped_as_it_would_be_written():
    written = {
        "at": "10min",
        "every": "20min",
        "name": "often",
        "upgrade_deployment": {"build": "2"},
    }
    s = Scenario.from_dict(MINIMAL | {"horizon": "15min", "operations": [written]})
    (asked,) = s.operations
    found = dump_operation(asked)
    assert [*found] == ["at", "every", "name", "upgrade_deployment"]
    assert found["upgrade_deployment"]["build"] == "2"
    assert (found["at"], found["every"], found["name"]) == ("10min", "20min", "often")


def test_what_is_not_given_and_has_no_default_is_not_dumped():
    (spec,) = Scenario.from_dict(MINIMAL).systems.values()
    assert None not in dump(spec).values()
