"""Statistics: from numbers of replications to intervals, verdicts and stops."""
