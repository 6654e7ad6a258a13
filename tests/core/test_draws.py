"""Random choices that depend on seed and index alone."""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from labkit.core import UsageError
from labkit.core.draws import generator, uniforms


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


def test_uniforms_are_philox_keyed_with_seed_and_index() -> None:
    key, counter = np.array((5, 7), np.uint64), np.array((0, 0, 0, zlib.crc32(b"turn")), np.uint64)
    expected = np.random.Generator(np.random.Philox(key=key, counter=counter)).random(9)
    assert uniforms(5, 7, "turn", 9) == expected.tolist()


def test_uniforms_do_not_depend_on_what_was_drawn_before() -> None:
    first = uniforms(1, 2, "turn", 3)
    uniforms(1, 3, "turn", 1)
    assert uniforms(1, 2, "turn", 3) == first


def test_seeds_indices_and_purposes_have_streams_of_their_own() -> None:
    drawn = [
        uniforms(s, i, purpose, 1)[0] for s in (0, 1, 2**64 - 1) for i in (0, 1, 2**63) for purpose in ("turn", "blur")
    ]
    assert len(set(drawn)) == len(drawn)


@pytest.mark.parametrize(("seed", "index"), [(-1, 0), (0, -1), (2**64, 0), (0, 2**64)])
def test_uniforms_refuse_what_is_no_word(seed: int, index: int) -> None:
    with pytest.raises(UsageError, match=r"give integers from 0 to 2\*\*64 - 1"):
        uniforms(seed, index, "turn", 1)


def test_threads_draw_without_disturbing_one_another() -> None:
    expected = [uniforms(0, index, "turn", 4) for index in range(2000)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda index: uniforms(0, index, "turn", 4), range(2000))) == expected
