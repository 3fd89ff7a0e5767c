"""`rollout-sim report` makes the page of a folder again."""

import json
import shutil

import sim


def test_the_page_is_made_again_from_the_folder_alone(shell, folder):
    shell("run", "random.yaml", "--out", "r", "--quiet", "--figures", "none")
    first = (folder / "r" / "report.html").read_text(encoding="utf-8")
    assert "<svg" not in first
    (folder / "random.yaml").unlink()
    shutil.move("r", "elsewhere")
    code, said, _ = shell("report", "elsewhere")
    assert (code, said) == (0, "report: elsewhere/report.html\n")
    again = (folder / "elsewhere" / "report.html").read_text(encoding="utf-8")
    assert "<svg" in again
    assert "rollout-sim run random.yaml --out r" in again


def test_a_folder_with_a_new_page_can_be_opened_and_overwritten(shell):
    shell("run", "certain.yaml", "--out", "r", "--quiet", "--figures", "none")
    assert (
        shell("report", "r", "--json")[1]
        == json.dumps({"report": "r/report.html", "problems": []}, indent=2) + "\n"
    )
    assert sim.open_results("r").about.name == "shop-build-42"
    assert shell("run", "certain.yaml", "--out", "r", "--overwrite", "--quiet")[0] == 0


def test_in_markdown_the_answer_stands_as_it_was_told(shell):
    told = shell("run", "certain.yaml", "--out", "r", "--quiet")[1]
    code, out, _ = shell("report", "r", "--format", "markdown")
    head, fence, answer = out.partition("```text\n")
    assert (code, head) == (0, "### r\n\nreport: r/report.html\n\n")
    assert fence
    assert answer.startswith(told.splitlines()[0])
    assert answer.endswith("\n```\n")
    sim.run(sim.load("certain.yaml")).save("p")
    assert shell("report", "p", "--format", "markdown")[1] == "### p\n\nreport: p/report.html\n"


def test_a_folder_without_results_is_refused(shell):
    code, said, err = shell("report", "nowhere")
    assert (code, said) == (2, "")
    assert "nowhere: must be a folder of results" in err
