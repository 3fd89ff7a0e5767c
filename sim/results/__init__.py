"""What a user holds: results in DataFrames and pictures, from runs or from a result folder.

Each way to results is a module of its own, so that none imports what only another one needs: `runs`
(run, compare, run_one), `sweep_results`, `finding`, `sensitivity`, `exploring`, and `results` and
`single_run` for what they give.
"""
