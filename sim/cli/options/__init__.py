"""The words of a command line: which there are, how they are read, what help tells of them."""
