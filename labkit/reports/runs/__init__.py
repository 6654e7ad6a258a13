"""The tables of a run: as a grid, and in the forms in which they are shown."""
