"""How replications are made: in chunks, here or by workers, and put together in order."""
