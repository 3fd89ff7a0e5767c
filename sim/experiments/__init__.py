"""Many runs at once, and what they say.

`statistics` knows numbers alone; `running` makes replications, wherever, and loses none; `studies`
are sweeps, searches and what guesses weigh. What stands beside them judges replications:
objectives, outcomes, summaries, comparisons, and whether all that is precise enough.
"""
