"""What a system need not say, and the metrics that it knows without listing them."""

from dataclasses import replace

import numpy as np
import pytest
from kiosks import SYSTEM_TYPE, log_of, model, request

from sim.core.stack import Stack


@pytest.fixture(scope="module")
def kiosks():
    return model(request(0, 10, "2"))


@pytest.fixture(scope="module")
def stack(kiosks):
    return Stack([log_of(kiosks)])


def test_a_system_that_gives_six_fields_has_nothing_else_to_say(kiosks):
    spec, asked = kiosks.layout.spec, kiosks.operations
    assert list(SYSTEM_TYPE.references("lobby", spec, asked)) == []
    assert list(SYSTEM_TYPE.warnings("lobby", spec, asked, kiosks.layout.span)) == []
    assert SYSTEM_TYPE.resolve("lobby", spec) is spec
    bodies = [asked[0].body]
    assert SYSTEM_TYPE.resolve_bodies(spec, bodies) is bodies
    assert SYSTEM_TYPE.default_variants(asked, {}) == {}


def test_its_cost_is_a_rollout_of_each_member(kiosks):
    (part,) = SYSTEM_TYPE.parts(kiosks)
    assert (part.what, part.rows, part.events) == ("kiosks of lobby", 4.0, 2.0)


def test_metrics_are_those_of_the_model(kiosks, stack):
    values, kept = SYSTEM_TYPE.measure(kiosks, stack, 0.0, ())
    assert values["", "min_capacity"].tolist() == [0.5]
    assert kept.tolist() == [True]
    assert {name for _, name in values} <= SYSTEM_TYPE.metrics.keys()


class Known(dict):
    """Metrics of which one is known and not listed."""

    def __contains__(self, name):
        return name == "time_to_2" or super().__contains__(name)

    def keys(self):
        return super().keys()


def test_what_a_scenario_names_is_measured_too_where_the_system_knows_it(kiosks, stack):
    asked = []

    def more(_, __, name):
        asked.append(name)
        return {("", name): np.array([3.0])}

    knowing = replace(SYSTEM_TYPE, metrics=Known(SYSTEM_TYPE.metrics), measure_more=more)
    named = ["time_to_2", "of_another_system", "min_capacity"]
    values, _ = knowing.measure(kiosks, stack, 0.0, named)
    assert asked == ["time_to_2"]
    assert values["", "time_to_2"].tolist() == [3.0]
