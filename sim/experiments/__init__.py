"""Many runs at once: intervals, verdicts, replications, comparisons, sweeps and their workers."""
