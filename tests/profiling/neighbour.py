"""A module beside the toy variants: what they call in it is theirs too."""

from itertools import chain

import numpy as np


def total_of(values: np.ndarray) -> int:
    """A helper in another file."""
    total = 0
    for value in chain(values):
        total += int(value)
    return total
