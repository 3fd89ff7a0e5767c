"""What an answer looks like as text on a screen of 80 columns."""
