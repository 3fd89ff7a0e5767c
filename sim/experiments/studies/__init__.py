"""Studies: many scenarios made of one, by a sweep, a search or changed guesses."""
