"""What knows no system: units, random streams, the log, timelines, metrics, errors."""
