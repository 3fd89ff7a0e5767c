"""What callers and commands get: results as DataFrames and pictures, of runs or of a folder.

Each way to results is a module of its own, so that none imports what only another one needs: `runs`
(run, compare, run_one), `sweeps`, `finding`, `sensitivity`, `exploring`, and `results` and
`single_run` for what they give. `pictures` and `pages` show them, `kept` holds what is on the disk
before they are whole.
"""
