"""Random choices that depend on seed and index alone."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.core import UsageError
from labkit.core.draws import generator


def test_the_same_seed_index_and_purpose_give_the_same_stream() -> None:
    assert np.array_equal(generator(7, 3, "noise").random(9), generator(7, 3, "noise").random(9))


def test_no_two_of_many_seeds_indices_and_purposes_share_a_stream() -> None:
    streams = [
        generator(seed, index, *purpose).integers(2**63)
        for seed in range(20)
        for index in range(200)
        for purpose in ((), ("noise",), ("flip",), ("noise", "flip"))
    ]
    assert len(set(streams)) == len(streams)


@pytest.mark.parametrize(("seed", "index"), [(-1, 0), (0, -1)])
def test_a_negative_seed_or_index_is_refused(seed: int, index: int) -> None:
    with pytest.raises(UsageError, match="at least 0"):
        generator(seed, index)
