"""A scenario shows itself in a notebook."""

import sim

TEXT = """\
# Question: is <b>it</b> up?
name: shop
horizon: 6h
systems:
  shop: {kind: cloud_service, roles: {Web: {instances: 4}}}
operations:
  - {at: 10min, upgrade_deployment: {}}
  - {at: 1h, every: 1h, reboot_instance: {instance: Web_IN_0}}
objectives:
  - {metric: min_capacity, at_least: 80%, in_runs: 95%}
  - {metric: rollout_duration, at_most: 1h, of: mean}
variants:
  auto: {}
  manual: {operations.0.upgrade_deployment.mode: Manual}
"""


def test_it_tells_what_is_there_what_is_asked_and_what_it_is_judged_by():
    page = sim.loads(TEXT)._repr_html_()
    assert "<b>shop: window 0s to 6h</b>" in page
    assert "is &lt;b&gt;it&lt;/b&gt; up?" in page
    assert "<td>shop</td><td>cloud_service</td>" in page
    assert (
        "<td>upgrade_deployment-0</td><td>shop</td><td>10min</td><td>upgrade_deployment</td>"
        in page
    )
    assert "<td>1h, every 1h</td>" in page
    assert "<td>min_capacity</td><td>shop</td><td>&gt;= 80%</td><td>95% of runs</td>" in page
    assert "<td>rollout_duration</td><td>shop</td><td>&lt;= 1h</td><td>on average</td>" in page
    assert "variants: auto, manual" in page
    assert "assumed: restart (lognormal, median 4min)" in page


def test_a_variant_says_which_one_it_is():
    assert "<b>shop, manual: window" in sim.loads(TEXT).variant("manual")._repr_html_()


def test_of_very_many_systems_some_are_shown():
    many = "".join(
        f"  s{k}: {{kind: cloud_service, roles: {{W: {{instances: 1}}}}}}\n" for k in range(50)
    )
    page = sim.loads(f"systems:\n{many}")._repr_html_()
    assert "<td>10 more</td>" in page
    assert page.count("cloud_service") == 40
