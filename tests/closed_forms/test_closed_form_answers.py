"""The answers of the four systems that are known in a closed form, one scenario each."""

import numpy as np
import pytest
from closed_form_answers import KNOWN
from known_answers import check

import sim


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_the_answer_is_the_one_that_is_known(known):
    results = sim.run(known.scenario(), workers=1)
    values = np.array(
        [
            row["value"]
            for row in results.rows("replications")
            if (row["metric"], row["group"]) == (known.metric, "")
        ]
    )
    assert len(values) == known.replications
    if known.replications > 1:
        check(values, known.answer, off=0.05)
    else:
        assert values == [known.answer]
