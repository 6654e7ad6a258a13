"""Stage augment: the draw, the contract's rules, and every variant against an oracle of its own in float64."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np
import pytest

from labkit.core import Within, registry
from labkit.core.errors import NotOffered
from labkit.stages.augment import TOLERANCE, augment, workloads
from labkit.stages.augment.draw import Choices, blur_size, draw, orientation, table, weights
from tests.conformance.oracles import augment as exact

STAGE = registry.stage("augment")
VARIANTS = registry.of("augment")
HERE = [name for name, found in VARIANTS.items() if found.unavailable() is None and found.function is not None]
EDGE_CASES = workloads.edge_cases()
SEEDS = range(6)
ALL_TURNS = [(turns, flip) for turns in range(4) for flip in range(4)]

each_variant = pytest.mark.parametrize("name", HERE)


def call(name: str, image: np.ndarray, choices: Choices) -> np.ndarray:
    function = VARIANTS[name].function
    assert function is not None
    return function(image, choices)


def noise(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(("turns", "flip"), ALL_TURNS)
@each_variant
def test_a_corner_goes_where_its_turn_and_flip_send_it(name: str, turns: int, flip: int) -> None:
    image = np.zeros((2, 3, 3), np.uint8)
    image[0, 0], image[0, 2] = 1, 2  # left top, right top
    corners = np.array([[1, 2], [0, 0]])
    expected = np.rot90(corners, turns)
    expected = expected[:, ::-1] if flip & 1 else expected
    expected = expected[::-1] if flip & 2 else expected
    found = call(name, image, Choices(turns, flip))
    assert np.array_equal(found[:: len(found) - 1, :: found.shape[1] - 1, 1], expected)


def test_the_sixteen_turns_and_flips_are_eight_symmetries_each_twice() -> None:
    counts = collections.Counter(orientation(Choices(*each)) for each in ALL_TURNS)
    assert len(counts) == 8
    assert set(counts.values()) == {2}


@pytest.mark.parametrize(
    ("alpha", "beta"), [(1.2, 51.0), (0.8, -51.0), (0.0, 128.0), (1.0, 300.0), (1.0, -300.0), (-1.0, 255.0)]
)
@each_variant
def test_every_value_is_clipped_and_truncated_in_float32(name: str, alpha: float, beta: float) -> None:
    image = np.arange(768, dtype=np.uint8).reshape(16, 16, 3)
    expected = np.clip(np.arange(256, dtype=np.float32) * np.float32(alpha) + np.float32(beta), 0, 255).astype(np.uint8)
    assert np.array_equal(call(name, image, Choices(alpha=alpha, beta=beta)), expected[image])


@pytest.mark.parametrize("seed", SEEDS)
@each_variant
def test_a_table_is_the_same_to_the_last_bit_for_any_drawn_numbers(name: str, seed: int) -> None:
    image = np.arange(768, dtype=np.uint8).reshape(16, 16, 3)
    for index in range(50):
        choices = draw(seed, index)._replace(turns=0, flip=0, size=1)
        expected = table(choices.alpha, choices.beta)[image]
        assert np.array_equal(call(name, image, choices), expected), f"seed {seed}, {choices}"


@pytest.mark.parametrize("value", [0, 1, 127, 128, 254, 255])
@each_variant
def test_a_blur_keeps_an_image_of_one_colour(name: str, value: int) -> None:
    image = np.full((33, 45, 3), value, np.uint8)
    for size in (3, 7, 21):
        assert (call(name, image, Choices(size=size, sigma=size / 7)) == value).all()


@each_variant
def test_a_blur_mirrors_the_border_without_repeating_it(name: str) -> None:
    image = np.zeros((1, 5, 3), np.uint8)
    image[0, 1] = 200  # one pixel from the border: seen once at its place and once beyond
    near, far = weights(3, 1.0)[[0, 1]]
    found = call(name, image, Choices(size=3, sigma=1.0))[0, :, 0]
    assert np.abs(found - 200 * np.array([2 * near, far, near, 0, 0])).max() <= 0.9


@each_variant
def test_channels_do_not_mix(name: str) -> None:
    for channel in range(3):
        image = np.zeros((19, 40, 3), np.uint8)
        image[..., channel] = noise(channel, 19, 40)[..., 0]
        found = call(name, image, Choices(1, 3, 0.9, 0.0, 9, 1.3))
        assert found[..., channel].any()
        assert not np.delete(found, channel, axis=2).any()


def test_less_than_a_level_off_before_rounding_is_within_one_after() -> None:
    """Why the tolerance is 1: the oracle and any value less than a level from it round to neighbours at most."""
    at = np.linspace(0, 255, 5001)
    for error in (-0.99, -0.5, 0.0, 0.5, 0.99):
        assert np.abs(np.rint(at + error) - np.rint(at)).max() <= TOLERANCE


def test_the_blur_of_albumentations_is_the_exact_one_rounded_once() -> None:
    """So that the reference leaves the others the whole level of tolerance."""
    worst = 0.0
    for image, choices in EDGE_CASES.values():
        worst = max(worst, float(np.abs(call("albumentations", image, choices) - exact(image, choices)).max()))
    assert worst <= 0.501


# The draw


def test_the_same_seed_and_index_give_the_same_choices() -> None:
    assert [draw(5, index) for index in range(50)] == [draw(5, index) for index in range(50)]


def test_two_indices_differ_and_two_seeds_differ() -> None:
    streams = {seed: [draw(seed, index) for index in range(200)] for seed in (0, 1)}
    assert streams[0] != streams[1]
    for choices in streams.values():
        plain = Choices(size=1)
        drawn = [each for each in choices if each.alpha != plain.alpha]
        assert len({(each.alpha, each.beta) for each in drawn}) == len(drawn)


def test_every_draw_keeps_the_contract() -> None:
    image = noise(0, 2, 2)
    for index in range(500):
        augment(image, draw(11, index))


def test_the_draws_have_the_chains_probabilities() -> None:
    """4,000 draws: the bounds are five standard deviations."""
    choices = [draw(17, index) for index in range(4000)]
    shares = {
        "turns": (np.mean([each.turns == 1 for each in choices]), 0.25),
        "flipped": (np.mean([each.flip > 0 for each in choices]), 0.5),
        "both ways": (np.mean([each.flip == 3 for each in choices]), 1 / 6),
        "brightness": (np.mean([each.alpha != 1 for each in choices]), 0.5),
        "blur": (np.mean([each.size > 1 for each in choices]), 0.3),
    }
    for name, (share, expected) in shares.items():
        assert abs(share - expected) < 5 * np.sqrt(expected * (1 - expected) / 4000), name
    assert {each.size for each in choices if each.size > 1} == set(range(3, 22, 2))


@pytest.mark.parametrize("sigma", [0.5, 0.57, 1.0, 1.75, 2.9, 3.0])
def test_the_weights_are_those_of_albumentations(sigma: float) -> None:
    functional = pytest.importorskip("albumentations.augmentations.blur.functional")
    theirs = functional.create_gaussian_kernel_1d(sigma)
    assert len(theirs) == blur_size(sigma)
    np.testing.assert_allclose(weights(blur_size(sigma), sigma), theirs, rtol=1e-12)


# The boundary

IMAGE = np.zeros((4, 6, 3), np.uint8)
WRONG: dict[str, tuple[tuple[Any, Any], type[Exception], str]] = {
    "turns": ((IMAGE, Choices(turns=4)), ValueError, "choices.turns is 4"),
    "flip": ((IMAGE, Choices(flip=-1)), ValueError, "choices.flip is -1"),
    "alpha": ((IMAGE, Choices(alpha=float("nan"))), ValueError, "choices.alpha is nan"),
    "beta": ((IMAGE, Choices(beta=float("inf"))), ValueError, "choices.beta is inf"),
    "even size": ((IMAGE, Choices(size=4, sigma=1.0)), ValueError, "choices.size is 4"),
    "huge size": ((IMAGE, Choices(size=65, sigma=9.0)), ValueError, "choices.size is 65"),
    "no sigma": ((IMAGE, Choices(size=3)), ValueError, "choices.sigma is 0.0"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_refused_in_one_line(case: str) -> None:
    inputs, error, text = WRONG[case]
    with pytest.raises(error, match=text) as caught:
        augment(*inputs)
    assert "\n" not in str(caught.value)


def test_the_floor_is_one_read_and_one_write() -> None:
    floor_bytes = registry.stage("augment").floor_bytes
    assert floor_bytes is not None
    assert floor_bytes(IMAGE, Choices()) == 2 * IMAGE.nbytes


def test_plain_python_declines_a_blur_that_would_take_minutes() -> None:
    image = np.zeros((1080, 1920, 3), np.uint8)
    with pytest.raises(NotOffered, match="take minutes"):
        call("python", image, Choices(size=21, sigma=3.0))


# Workloads and the graphics card


@pytest.mark.parametrize("name", STAGE.workloads)
def test_a_workload_is_a_photograph_and_the_same_each_time(name: str) -> None:
    image, choices = STAGE.workloads[name].build()
    again, _ = STAGE.workloads[name].build()
    augment(image, choices)
    assert np.array_equal(image, again)
    assert image is not again
    assert image.std() > 10


def test_two_photographs_differ() -> None:
    assert not np.array_equal(workloads.photograph(0, 256, 256), workloads.photograph(1, 256, 256))


def test_all_variants_agree_on_a_photograph() -> None:
    image, choices = STAGE.workloads["256"].build()
    expected = call("albumentations", image, choices)
    for name in HERE:
        assert Within(TOLERANCE).difference(call(name, image, choices), expected) is None, name
