"""The pictures of results: what to draw is looked up here, `plots` draws it.

They are imported when the first picture is asked for: nobody waits for matplotlib who reads an
answer.
"""
