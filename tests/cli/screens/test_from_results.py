"""What an answer says of results beside their tables."""

from __future__ import annotations

from pathlib import Path

from shells import VARIANTS, python


def test_all_shows_every_metric_and_those_of_each_role(shell):
    few, every = shell("run", "random.yaml")[1], shell("run", "random.yaml", "--all")[1]
    assert "domains out" not in few
    assert "domains out" in every
    assert "\nWebRole:\n" in every
    assert max(map(len, every.splitlines())) <= 80


def test_size_that_differs_between_variants_is_not_told(shell):
    larger = "systems.shop.roles.WebRole.instances: 40"
    (Path("larger.yaml")).write_text(VARIANTS + f"  larger: {{{larger}}}\n", encoding="utf-8")
    first = shell("compare", "larger.yaml")[1].splitlines()[0]
    assert first == "shop-build-42: 5 update domains, 30 replications, window 0..6h"


def test_systems_of_a_variant_alone_are_shown_too(shell):
    other = "{kind: cloud_service, roles: {Web: {instances: 3, restart: 1min}}}"
    operation = "{at: 1h, upgrade_deployment: {system: desk}}"
    text = VARIANTS.replace("{build", "{system: shop, build")
    text = text.replace("metric:", "system: shop, metric:")
    text += f"  more: {{systems.desk: {other}, operations.+: {operation}}}\n"
    Path("more.yaml").write_text(text, encoding="utf-8")
    code, out, _ = shell("compare", "more.yaml", "--replications", "60")
    assert code == 0
    assert "\ndesk:\n" in out
    assert "\nshop:\n" in out


def test_answer_of_a_run_needs_no_pandas(folder):
    code = (
        "import sys; from sim.cli import main; "
        "print(main(['run', 'certain.yaml', '--quiet']), 'pandas' in sys.modules)"
    )
    assert python("-c", code, cwd=folder).stdout.splitlines()[-1] == "0 False"
