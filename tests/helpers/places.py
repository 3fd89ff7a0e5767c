"""Where what tests read stands."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
CASES = TESTS / "cases"
SCENARIOS = ROOT / "scenarios"
DATA = ROOT.parent / "shared" / "data"
"""Real inputs, which are not everywhere: tests that need them skip where they are absent."""
