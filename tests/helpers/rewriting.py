"""Expected texts are files, written again by one command; then read the difference::

    python tests/helpers/rewriting.py

They are the answers in README.md, sim/results/README.md and guides, its picture, the messages in tests/corpus/bad/expected.txt, the
logs in tests/golden, the screens in tests/screens, scenarios/scenario.schema.json and the reference
scenarios/README.md.
"""

import os
import sys
from pathlib import Path

import pytest

REWRITES = bool(os.environ.get("ROLLOUT_SIM_REWRITE"))
"""Whether tests replace what they expect by what comes out, instead of comparing it."""

FILES = (
    "test_readme.py",
    "test_corpus.py",
    "test_golden.py",
    "test_scenarios.py::test_shipped_schema_is_the_one_that_the_command_prints",
)
"""The tests that own such files, beside those of screens. One process: they write to the same files."""


def main() -> int:
    """Run these tests so that they write; a test that fails says which text nothing rewrites."""
    os.environ["ROLLOUT_SIM_REWRITE"] = "1"
    tests = Path(__file__).parents[1]
    files = [tests / name for name in FILES]
    files += [
        path for path in tests.rglob("test_*.py") if "assert_screen(" in path.read_text("utf-8")
    ]
    return pytest.main(["-q", "-n", "0", "-k", "not written_by_accident", *map(str, files)])


if __name__ == "__main__":
    sys.exit(main())
