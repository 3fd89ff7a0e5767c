"""The scenario that a command is about, and what it is warned of."""

from __future__ import annotations

import json

from shells import REFUSED, SWAP, VARIANTS


def test_foretold_refusal_is_a_warning_with_its_place_on_stderr(shell):
    code, out, err = shell("validate", "certain.yaml", "--set", SWAP)
    assert (code, err) == (0, f"warning: --set: {REFUSED}\n")
    assert out.endswith("  warnings: 1\n")


def test_warnings_of_a_variant_are_told_by_validate_and_compare_and_not_by_run(shell, tmp_path):
    file = tmp_path / "swaps.yaml"
    file.write_text(VARIANTS + "  swap: {operations.+: {at: 2h, swap: {}}}\n", encoding="utf-8")
    told = f"warning: swaps.yaml:19:39: {REFUSED}\n"
    assert shell("validate", "swaps.yaml")[2] == told
    assert shell("compare", "swaps.yaml", "--replications", "2")[2] == told
    assert shell("run", "swaps.yaml", "--replications", "2")[2] == ""


def test_same_warning_of_file_and_variants_is_told_once(shell, tmp_path):
    file = tmp_path / "swaps.yaml"
    text = VARIANTS.replace("  nothing: {operations: []}\n", "")
    file.write_text(text.replace("replications:", "  - {at: 2h, swap: {}}\nreplications:"), "utf-8")
    assert shell("validate", "swaps.yaml")[2].count("warning:") == 1


def test_quiet_says_nothing_on_stderr(shell):
    assert shell("validate", "certain.yaml", "--set", SWAP, "--quiet")[2] == ""


def test_seed_and_replications_are_those_of_the_shell(shell):
    _, out, _ = shell("run", "random.yaml", "--seed", "9", "--replications", "7", "--json")
    (variant,) = json.loads(out)["variants"]
    assert (variant["seed"], variant["replications"]) == (9, 7)


def test_seed_may_have_63_bits(shell):
    seed = 2**63 - 1
    _, out, _ = shell("run", "certain.yaml", "--seed", str(seed), "--json")
    assert json.loads(out)["variants"][0]["seed"] == seed


def test_seed_zero_is_a_seed(shell):
    _, out, _ = shell("run", "certain.yaml", "--set", "seed=5", "--seed", "0", "--json")
    assert json.loads(out)["variants"][0]["seed"] == 0


def test_place_of_results_is_refused_before_anything_is_read(shell, tmp_path):
    (tmp_path / "here").mkdir()
    code, _, err = shell("run", "no_such_file.yaml", "--out", "here")
    assert code == 2
    assert err.startswith("here: ")


def test_a_safeguard_that_sees_nothing_is_a_warning_and_with_strict_an_error(shell, tmp_path):
    text = """\
systems:
  shop:
    kind: cloud_service
    builds: {"2": {bad: 5%, fails_to_start: 50%}}
    roles: {Web: {instances: 10, restart: 4min}}
operations:
  - at: 1min
    upgrade_deployment: {mode: Manual, operator: {bake: 10min, stop_above: 10%}}
"""
    (tmp_path / "blind.yaml").write_text(text, encoding="utf-8")
    code, _, err = shell("validate", "blind.yaml")
    told = "blind.yaml:8:76: operations.0.upgrade_deployment.operator.stop_above: in the mean case "
    assert (code, err.startswith(f"warning: {told}")) == (0, True)
    code, _, err = shell("validate", "blind.yaml", "--strict")
    assert (code, err.startswith(told)) == (2, True)
