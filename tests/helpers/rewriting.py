"""Expected texts are written anew by one command; then read the difference::

    ROLLOUT_SIM_REWRITE=1 python -m pytest -n 0 tests/test_golden.py tests/test_readme.py \
        tests/test_corpus.py
"""

import os

REWRITES = bool(os.environ.get("ROLLOUT_SIM_REWRITE"))
"""Whether tests replace what they expect by what comes out, instead of comparing it."""
