"""The reports of results, and what a notebook shows: from results to the content of a page."""
