"""Line profiles and their differences: as grids and words, in the terminal, and as HTML."""
