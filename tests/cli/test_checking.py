"""What a scenario file would do, told without a run."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from screens import assert_screen
from shells import REFUSED, SWAP


def test_validate_says_what_it_looked_at(shell):
    code, out, err = shell("validate", "variants.yaml")
    assert (code, err) == (0, "")
    assert_screen("cli/validate", out)


def test_validate_in_json(shell):
    code, out, _ = shell("validate", "certain.yaml", "--set", SWAP, "--json")
    found = json.loads(out)
    assert (code, found["valid"], found["warnings"]) == (0, True, [f"--set: {REFUSED}"])
    assert found["checked"]["operations"] == ["upgrade_deployment-0", "swap-0"]


def test_validate_in_markdown_has_a_table_and_the_warnings(shell):
    words = ("validate", "certain.yaml", "--set", SWAP, "--format", "markdown")
    code, out, _ = shell(*words)
    assert code == 0
    assert out.startswith("### certain.yaml is valid\n\n| | checked |\n|---|---|\n")
    assert "\n| operations | upgrade_deployment-0, swap-0 |\n" in out
    assert out.endswith(f"\n\nwarning: --set: {REFUSED}\n")
    assert shell("validate", "certain.yaml", "--format", "markdown")[1].endswith("warnings: none\n")
    code, out, _ = shell(*words, "--strict")
    assert (code, out) == (2, f"### validate certain.yaml\n\n--set: {REFUSED}\n")


def test_validate_as_junit_passes_where_the_exit_code_is_0_and_fails_else(shell):
    def cases(*words):
        code, out, _ = shell("validate", "variants.yaml", *words, "--format", "junit")
        found = ET.fromstring(out).iter("testcase")
        return code, {case.get("name"): [each.tag for each in case] for case in found}

    variants = {f"variant {name}": [] for name in ("auto", "simultaneous", "nothing")}
    assert cases() == (0, {"scenario": []} | variants)
    code, found = cases("--set", SWAP)
    assert (code, found["warning 1"]) == (0, ["skipped"])
    assert cases("--set", SWAP, "--strict") == (2, {"scenario": ["error"]})
    assert cases("--set", "horizon=x") == (2, {"scenario": ["error"]})


def test_validate_looks_at_each_point_of_a_sweep(shell):
    swept = "sweep={systems.shop.update_domains: [2, 5], operations.0.at: [0s, 5min]}"
    code, out, _ = shell("validate", "certain.yaml", "--set", swept)
    assert code == 0
    assert "  sweep: 4 points of update_domains (2) x at (2)" in out.splitlines()
    code, _, err = shell("validate", "certain.yaml", "--set", swept.replace("0s", "9w"))
    assert code == 2
    assert "sweep: point 0 (update_domains 2, at 9w): operations.0.at: must not be after" in err


def test_explain_tells_what_will_happen_on_80_columns(shell):
    code, out, err = shell("explain", "variants.yaml")
    assert (code, err) == (0, "")
    assert "shop: 20 instances of 1 role in 5 update domains" in out
    assert "Variants (--variant NAME explains one): auto, simultaneous, nothing." in out
    assert max(map(len, out.splitlines())) <= 80


def test_explain_in_markdown_has_a_paragraph_a_sentence(shell):
    code, out, _ = shell("explain", "variants.yaml", "--format", "markdown")
    assert code == 0
    assert out.startswith("### What will happen\n\n")
    assert "\n\nshop: 20 instances of 1 role in 5 update domains" in out
    assert not any(line.startswith(" ") for line in out.splitlines())


def test_explain_of_a_variant(shell):
    assert "Simultaneous" in shell("explain", "variants.yaml", "--variant", "simultaneous")[1]
    assert "Simultaneous" not in shell("explain", "variants.yaml")[1]
