"""How speed follows workers, chunk or size: which points are measured, how, and what they come to."""
