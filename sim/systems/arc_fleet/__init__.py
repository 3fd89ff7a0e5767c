"""Arc-enabled servers: extensions that upgrade themselves."""
