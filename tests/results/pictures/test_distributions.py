"""The distribution of a metric over the replications."""

import math

import numpy as np
import pytest
from made_results import CHANCE
from scipy import stats

import sim
from sim.core.errors import ScenarioError
from sim.plots.distribution import Curve
from sim.results.pictures.distributions import curve, too_few
from sim.results.spreads import Spread
from sim.systems import SYSTEM_TYPES

pytestmark = pytest.mark.usefixtures("quick_pictures")
METRIC = SYSTEM_TYPES["cloud_service"].metrics["rollout_duration"]


def spread(values):
    return Spread(METRIC, np.array(values, float), 3600.0)


def test_curve_and_its_quantiles_are_those_of_order_statistics():
    values = np.random.default_rng(3).exponential(600.0, 100).round()
    found = curve(spread(values), is_spread=True)
    own = stats.ecdf(values).cdf
    assert np.array_equal(found.values, own.quantiles)
    assert found.shares == pytest.approx(own.probabilities)
    assert found.half_width == pytest.approx(math.sqrt(math.log(40) / 200))
    for each in found.quantiles:
        assert each.value == np.quantile(values, each.share, method="inverted_cdf")
        for side, limit in (("less", each.high), ("greater", each.low)):
            own = stats.quantile_test(values, p=each.share, alternative=side)
            interval = own.confidence_interval(0.95)
            assert limit == (interval.high if side == "less" else interval.low)


def test_what_does_not_vary_has_no_band():
    found = curve(spread([5.0]), is_spread=False)
    assert (found.values.tolist(), found.shares.tolist()) == ([5.0], [1.0])
    assert (found.half_width, found.quantiles) == (0.0, ())
    assert isinstance(found, Curve)


def test_too_few_for_limits_is_said():
    few = {"a": spread(range(58)), "b": spread(range(100)), "c": spread([1.0])}
    assert too_few(few) == "limits on a p5 or p95: needs n >= 59, got 58"
    assert too_few({"b": spread(range(59))}) == ""
    assert too_few({"c": spread([1.0])}) == ""


def texts(page):
    return [text.get_text() for text in page.texts]


def test_picture_overlays_variants_of_a_metric(compared):
    page = compared.plot.distribution("min_capacity")
    told = texts(page)
    assert told[0].startswith("Lowest capacity, median / bad 5 %: auto 80 %")
    assert told[1] == "shop, 5 replications, limits on a p5 or p95: needs n >= 59, got 5"
    assert page.axes[0].get_xlabel() == "lowest capacity (%)"
    names = [text.get_text() for text in page.legends[0].get_texts()]
    assert names[:3] == ["auto", "simultaneous", "nothing"]
    assert names[-1] == "objective"
    one = compared.plot.distribution("rollout_duration", of=["auto"])
    assert texts(one)[0].startswith("Done in: median ")
    with pytest.raises(ScenarioError, match="applies to none of the variants"):
        compared.plot.distribution("rollout_duration", of=["nothing"])


def test_picture_of_a_group_and_of_the_first_headline():
    results = sim.run(sim.loads(CHANCE))
    assert results.plot.distribution(group="WebRole").axes[0].get_xlabel().startswith("WebRole ")
    with pytest.raises(ScenarioError, match=r"must be a metric of shop.*did you mean min_capacity"):
        results.plot.distribution("min_capacit")
