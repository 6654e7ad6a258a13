"""labkit in a notebook: the magics that ``%load_ext labkit`` brings."""
