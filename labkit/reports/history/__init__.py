"""A stage over stored runs: what is told of it, as grids, and as an object that shows itself."""
