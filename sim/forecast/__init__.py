"""What a run will do and why a run did it, in sentences."""
