"""A sweep in a notebook."""

import swept

from sim.results.sweep_page import sweep_page


def test_the_page_says_what_the_sweep_says_and_shows_the_front():
    results = swept.results()
    page = sweep_page(results)
    assert page == results._repr_html_()
    assert "<b>small-sweep: 6 points, 12 replications each</b>" in page
    assert "<th>update_domains</th><th>at</th><th>variant</th>" in page
    assert results.about.conclusion.sentences[1] in page
    assert page.count("<tr>") == 1 + min(20, len(results.about.conclusion.front))
