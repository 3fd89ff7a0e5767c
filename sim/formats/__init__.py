"""Text to plain values and back: one module per format, and none of them touches the disk."""
