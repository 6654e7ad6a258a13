"""Pictures of what goes in, what comes out and where it differs: which values have one, and what they say."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from labkit.core.errors import UsageError, VariantFailed
from labkit.core.registry import registry
from labkit.measure.bench import make_settings, measure, plan_requests
from labkit.measure.images import Mosaic, picture
from labkit.measure.pictured import IN_PASSING_S, of_best
from labkit.measure.pictures import look_at_inputs, make_pictures
from labkit.measure.request import Listener
from labkit.measure.result import Row, Samples, Status, Table

TOY = Path(__file__).parents[1] / "notebook" / "toy_images.py"


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(5).integers(0, 255, shape).astype(dtype)


@pytest.fixture
def toy():
    registry.load(TOY)
    yield "toy_negative"
    registry.forget(TOY)


@pytest.mark.parametrize(
    "value",
    [
        3,
        None,
        "text",
        [],
        noise(100),
        noise(6, 3),
        noise(0, 20),
        noise(4, 4, 2),
        noise(9, 9, dtype=complex),
        b"no image",
        [1, 2],
    ],
    ids=repr,
)
def test_what_is_no_image_has_no_picture(value):
    assert picture(value, 64) is None


@pytest.mark.parametrize(
    "image",
    [noise(20, 30), noise(20, 30, 3), noise(20, 30, 4), noise(20, 30) > 99, noise(20, 30, dtype=np.float32)],
    ids=lambda i: str((i.dtype, i.shape)),
)
def test_an_image_of_any_kind_is_shown_in_three_channels_of_bytes(image):
    shown = picture((image, 3), 64)
    assert (shown.dtype, shown.shape) == (np.uint8, (20, 30, 3))


def test_other_numbers_are_shown_from_the_least_to_the_greatest_and_nan_as_black():
    ramp = np.linspace(-1, 1, 100, dtype=np.float32).reshape(10, 10)
    ramp[5, 5] = np.nan
    shown = picture(ramp, 64)
    assert (shown[0, 0, 0], shown[9, 9, 0], shown[5, 5, 0]) == (0, 255, 0)


def test_what_is_transparent_is_white():
    image = np.zeros((10, 10, 4), np.uint8)
    image[:5, :, 3] = 255
    shown = picture(image, 64)
    assert (shown[0, 0].tolist(), shown[9, 9].tolist()) == ([0, 0, 0], [255, 255, 255])


def test_bytes_and_paths_of_image_files_are_shown_as_the_image_in_them(tmp_path):
    image = noise(20, 30, 3)
    data = cv2.imencode(".png", image)[1].reshape(-1)
    (tmp_path / "a.png").write_bytes(data.tobytes())
    for value in (data, data.tobytes(), tmp_path / "a.png", str(tmp_path / "a.png")):
        assert np.array_equal(picture((value, 1), 64), image)


def test_many_images_stand_side_by_side_as_many_as_fit():
    sheet = picture([noise(100, 100, 3) for _ in range(500)], 300)
    assert max(sheet.shape) <= 300
    assert min(sheet.shape[:2]) > 200


def test_a_single_wrong_pixel_of_a_large_image_stays_visible():
    expected = noise(3000, 2000, 3)
    output = expected.copy()
    output[2999, 1234, 1] ^= 1
    mosaic = Mosaic(output, expected, 256)
    assert mosaic.output.shape[:2] == mosaic.reference.shape[:2] == mosaic.difference.shape
    assert np.argwhere(mosaic.difference == 255).tolist() == [[2999 // 12, 1234 // 12]]
    assert np.count_nonzero(mosaic.difference) == 1
    assert (mosaic.largest, mosaic.differing, mosaic.elements) == (1.0, 1, expected.size)


def test_the_greatest_difference_is_white_and_a_small_one_beside_it_is_not_black():
    expected = np.zeros((20, 20), np.uint8)
    output = expected.copy()
    output[3, 4], output[5, 6] = 200, 1
    drawn = Mosaic(output, expected, 64).difference
    assert (drawn[3, 4], 0 < drawn[5, 6] < 10, drawn[0, 0]) == (255, True, 0)


def test_of_many_images_those_that_differ_come_first():
    expected = [noise(90, 90, 3) for _ in range(200)]
    output = [image.copy() for image in expected]
    output[150][7, 8, 0] ^= 255
    mosaic = Mosaic(output, expected, 300)
    assert np.argwhere(mosaic.difference).tolist() == [[7, 8]]
    assert np.array_equal(mosaic.output[:90, :90], output[150])


def test_another_shape_is_marked_all_over_and_another_number_of_images_has_no_difference():
    expected = [noise(20, 20, 3), noise(30, 30, 3)]
    mosaic = Mosaic([expected[0], expected[1][:-1]], expected, 300)
    assert (mosaic.difference[:30, :30] == 255).all()
    assert not mosaic.difference[:, 34:].any()
    assert Mosaic(expected[:1], expected, 300).difference is None
    assert Mosaic(3, expected, 300).output is None


def test_nan_and_infinity_are_further_off_than_any_number():
    expected = np.zeros((10, 10))
    output = expected.copy()
    output[1, 1], output[2, 2], output[3, 3] = np.nan, np.inf, 1
    drawn = Mosaic(output, expected, 64).difference
    assert (drawn[1, 1], drawn[2, 2], drawn[3, 3] > 0) == (255, 255, True)


@pytest.mark.parametrize(
    "expected",
    [
        np.linspace(-1, 1, 7),
        np.arange(3000, dtype=np.float32),
        noise(6, 3, dtype=np.int64),
        noise(5, 4, 2, dtype=np.float32),
        noise(700, 3),
        np.array(2.5),
        noise(40) > 99,
    ],
    ids=lambda array: str((array.dtype, array.shape)),
)
def test_any_array_of_numbers_is_drawn_and_one_wrong_number_is_seen(expected):
    output = expected.copy()
    output.reshape(-1)[-1] = 0 if output.reshape(-1)[-1] else 1
    mosaic = Mosaic({"total": output}, {"total": expected}, 256)
    assert mosaic.output.shape == mosaic.reference.shape == (*mosaic.difference.shape, 3)
    assert max(mosaic.difference.shape) <= 256
    assert mosaic.difference[-1, -1] == 255
    assert mosaic.differing == 1
    assert not Mosaic(expected, expected, 256).difference.any()


def test_numbers_beside_an_image_are_drawn_where_they_differ():
    image, table = noise(30, 30, 3), noise(6, 3)
    assert Mosaic((image, table), (image, table), 300).difference.shape == (30, 30)
    assert Mosaic((image, table + 1), (image, table), 300).difference.any()
    assert Mosaic((image, table[:5]), (image, table), 300).difference.any()


def test_each_variant_is_pictured_apart_and_says_what_became_of_it(toy):
    found = {
        p.variant: p
        for p in make_pictures(toy, ["xor", "wrong_pixel", "leaves", "other_shape", "absent", "plain@threads"])
    }
    assert {name: str(p.status) for name, p in found.items()} == {
        "xor": "measured",
        "wrong_pixel": "differs",
        "leaves": "crashed",
        "other_shape": "differs",
        "absent": "unavailable",
        "plain@threads": "measured",
    }
    assert all(p.input.shape == (40, 40, 3) for p in found.values())
    assert (found["xor"].differing, found["xor"].difference.any()) == (0, False)
    assert np.array_equal(found["xor"].output, 255 - found["xor"].input)
    assert np.argwhere(found["wrong_pixel"].difference).tolist() == [[3, 5]]
    assert found["wrong_pixel"].fault.index == (3, 5, 0)
    assert (found["leaves"].output, found["leaves"].reason) == (None, "ended with exit status 3")
    assert found["absent"].reason == "no CUDA device"
    assert (found["other_shape"].difference == 255).all()


def test_what_does_not_exist_is_refused_and_a_broken_workload_said(toy):
    for arguments in (("nowhere", ["plain"]), (toy, ["nobody"]), (toy, ["plain"], "nothing")):
        with pytest.raises(UsageError):
            make_pictures(*arguments)
    with pytest.raises(UsageError, match="longest"):
        make_pictures(toy, ["plain"], longest=0)
    with pytest.raises(VariantFailed, match="ZeroDivisionError"):
        look_at_inputs(toy, "broken")


def test_inputs_are_described_and_pictured(toy):
    found = look_at_inputs(toy, "large", longest=100)
    assert (found.picture.shape, found.arguments, found.bytes) == (
        (100, 100, 3),
        (("image", "uint8 (900, 900, 3)"),),
        2430000,
    )


@pytest.fixture
def listed():
    """A listener that notes what it hears of pictures."""

    class Listed(Listener):
        def __init__(self):
            self.heard = []

        def table_ends(self, table):
            self.heard.append(f"{table.workload} ends")

        def pictures_begin(self, table):
            self.heard.append(f"pictures of {table.workload}")

    return Listed()


def test_a_run_that_keeps_pictures_makes_them_of_the_best_after_the_first_table_of_a_stage(toy, listed):
    requests = plan_requests([toy], ["plain", "xor"], ["small", "large"])
    found = measure(requests, make_settings(0.2, 2, 5, pictures=True), listed)
    (made,) = found.pictures
    assert listed.heard == ["small ends", "pictures of small", "large ends"]
    assert (made.stage, made.workload, made.variant) == (toy, "small", found.tables[0].best.best)
    assert (made.input.shape, made.differing) == ((40, 40, 3), 0)
    assert np.array_equal(made.output, 255 - made.input)


def test_of_a_variant_whose_call_takes_long_no_pictures_are_made_in_passing(fleet):
    row = Row("toy_sum", "big", "plain", "numpy", ratio=1.0, setup_s=0.1, first_call_s=IN_PASSING_S)
    made = of_best(fleet, Table("toy_sum", "big", "plain", [row], Samples(())), make_settings())
    assert (made.status, made.output) == (Status.TOO_SLOW, None)
    assert "takes too long" in made.reason
