"""A sweep: its grid, its words, its figures, and as an object that shows itself."""
