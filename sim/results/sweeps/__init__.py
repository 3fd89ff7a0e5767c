"""What `sweep` returns, and what it is made of."""
