"""What is kept on the disk while replications are made: what each came to, and its log."""
