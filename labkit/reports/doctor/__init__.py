"""What the doctor says: in words, as grids, and as an object that shows itself."""
