"""One page from results: what stands on it, how it looks, and the file that it becomes."""
