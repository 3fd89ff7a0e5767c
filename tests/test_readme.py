import re
import shlex
import shutil
from pathlib import Path

import pytest
from rewriting import REWRITES

from sim.cli import main
from sim.scenario import Scenario

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```console\n\$ rollout-sim (.*)\n((?:.*\n)*?)```", README)


def test_the_readme_shows_a_run_an_explanation_and_comparisons():
    commands = ["run", "explain", "compare", "compare", "run"]
    assert [command.split()[0] for command, _ in SHOWN] == commands


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_what_the_readme_shows_is_what_comes_out(command, shown, tmp_path, monkeypatch, capsys):
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    main(shlex.split(command))
    out = capsys.readouterr().out.rstrip("\n")
    if REWRITES:
        whole = (ROOT / "README.md").read_text(encoding="utf-8")
        (ROOT / "README.md").write_text(whole.replace(shown, f"{out}\n"), encoding="utf-8")
    else:
        assert out == shown.rstrip("\n")


def test_every_assumption_in_the_code_stands_in_the_readme():
    words = re.sub(r"\s+", " ", README).lower()
    found = [
        re.sub(r"\s+#? ?", " ", text).strip()
        for path in sorted((ROOT / "sim").rglob("*.py"))
        for text in re.findall(
            r"# Assumption: (.*(?:\n\s*# (?!Assumption).*)*)", path.read_text(encoding="utf-8")
        )
    ]
    assert found
    assert [text for text in found if text.lower() not in words] == []


def test_ci_and_the_readme_run_the_same_tests():
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (command,) = re.findall(r"^python3 .*pytest$", README, re.MULTILINE)
    assert command in ci.splitlines()


def test_the_picture_of_the_readme_is_there():
    (path,) = re.findall(r"!\[.*\]\((.*)\)", README)
    assert (ROOT / path).is_file()


def test_the_scenario_of_the_readme_is_valid():
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert Scenario.from_text(text, "readme.yaml").systems["shop"].roles["WebRole"].instances == 20
