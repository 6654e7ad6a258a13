"""Stage ``decode``: every library gives the same image, and every file that is not taken is refused in one line."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from PIL import Image

from labkit.core import registry
from labkit.core.errors import NotOffered
from labkit.inputs.files import encoded, same_length, source
from labkit.stages.decode.header import header
from tests.conformance.global_lock import others_run_during

DECODE = registry.stage("decode")
VARIANTS = {name: found.function for name, found in registry.of("decode").items() if not found.unavailable()}
RNG = np.random.default_rng(7)
NOISE = RNG.integers(0, 256, (23, 37, 4), np.uint8)
PNG = encoded(NOISE, ".png")
JPEG = encoded(NOISE[..., :3].copy(), ".jpg")
FILES = {"png": PNG, "jpeg": JPEG}

each_variant = pytest.mark.parametrize("name", VARIANTS)
each_file = pytest.mark.parametrize("form", FILES)


@pytest.fixture(autouse=True, scope="module")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABKIT_DATA", str(tmp_path_factory.mktemp("data")))
        yield


def array(content: bytes) -> np.ndarray:
    return np.frombuffer(content, np.uint8).copy()


reasons: list[str] = []


def decoded(name: str, *inputs: object) -> np.ndarray | None:
    """The variant's image; None where it says that it can't do this input."""
    try:
        return VARIANTS[name](*inputs)
    except NotOffered as reason:
        reasons.append(str(reason))
        return None


def assert_all_agree(*inputs: object) -> np.ndarray:
    """Every variant that offers these inputs gives the reference's image, which is returned."""
    DECODE.contract(*inputs)
    expected = VARIANTS["opencv"](*inputs)
    for name in VARIANTS:
        image = decoded(name, *inputs)
        if image is not None:
            assert DECODE.agreement.difference(image, expected) is None, name
    return expected


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def with_chunk(kind: bytes, content: bytes) -> bytes:
    """PNG with one more chunk behind its IHDR."""
    return PNG[:33] + chunk(kind, content) + PNG[33:]


def with_size(width: int, height: int) -> bytes:
    return PNG[:8] + chunk(b"IHDR", struct.pack(">II", width, height) + PNG[24:29]) + PNG[33:]


def with_frame_marker(marker: int) -> bytes:
    return JPEG.replace(b"\xff\xc0\x00\x11", bytes((0xFF, marker, 0x00, 0x11)), 1)


# Agreement


@pytest.mark.parametrize("name", DECODE.workloads)
def test_all_variants_agree_on_every_workload_and_on_its_other_content(name: str) -> None:
    workload = DECODE.workloads[name]
    for inputs in (workload.build(), workload.other()):
        assert assert_all_agree(*inputs).shape == header(inputs[0]).shape(*inputs[1:])


def test_reduced_images_agree_whatever_their_sides() -> None:
    for side in range(1, 20):
        data = array(encoded(NOISE[:side, : 2 * side - 1, :3].copy(), ".jpg"))
        for reduce in (1, 2, 4, 8):
            assert assert_all_agree(data, reduce).shape == (-(-side // reduce), -(-(2 * side - 1) // reduce), 3)


@pytest.mark.parametrize("mode", ["fastdct", "fastupsample"])
def test_fast_jpeg_modes_give_another_image_so_that_exact_agreement_is_worth_asking(mode: str) -> None:
    simplejpeg = pytest.importorskip("simplejpeg")
    data = array(encoded(source("photo.jpg")[500:700, 500:700].copy(), ".jpg"))
    exact = assert_all_agree(data)
    fast = simplejpeg.decode_jpeg(data, "BGR", **{mode: True})
    assert np.abs(fast.astype(int) - exact).max() > 1


def test_interlaced_png_agrees() -> None:
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = [row for y, x, dy, dx in passes for row in NOISE[y::dy, x::dx]]
    raw = b"".join(b"\0" + row[:, [2, 1, 0, 3]].tobytes() for row in rows if len(row))
    size = struct.pack(">IIBBBBB", NOISE.shape[1], NOISE.shape[0], 8, 6, 0, 0, 1)
    content = PNG[:8] + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    np.testing.assert_array_equal(assert_all_agree(array(content)), NOISE)


def test_png_gives_back_what_was_encoded_in_bgr_order() -> None:
    for image in (NOISE, NOISE[..., :3].copy(), NOISE[..., 0].copy()):
        np.testing.assert_array_equal(assert_all_agree(array(encoded(image, ".png"))), image)


def test_gamma_of_a_png_is_not_applied() -> None:
    content = with_chunk(b"gAMA", struct.pack(">I", 20000))
    np.testing.assert_array_equal(assert_all_agree(array(content)), NOISE)


@pytest.mark.parametrize("reduce", [1, 2, 8])
def test_exif_orientation_is_not_applied(reduce: int) -> None:
    image = Image.fromarray(NOISE[..., :3].copy())
    exif = image.getexif()
    exif[0x0112] = 6  # turn by 90°
    turned = assert_all_agree(array(saved(image, "JPEG", exif=exif)), reduce)
    assert turned.shape == (-(-23 // reduce), -(-37 // reduce), 3)


# What each library offers


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("opencv", {"png", "jpeg", "reduced"}),
        ("pillow", {"png", "jpeg", "reduced"}),
        ("simplejpeg", {"jpeg", "reduced"}),
        ("imagecodecs", {"png", "jpeg"}),
        ("spng", {"png"}),
        ("kornia", {"png", "jpeg"}),
    ],
)
def test_a_library_that_lacks_a_format_says_so_and_does_not_ask_another(name: str, offered: set[str]) -> None:
    if name not in VARIANTS:
        assert "No module named" in registry.variant("decode", name).unavailable()
        return
    inputs = {"png": (array(PNG),), "jpeg": (array(JPEG),), "reduced": (array(JPEG), 2)}
    reasons.clear()
    assert {kind for kind, given in inputs.items() if decoded(name, *given) is not None} == offered
    assert len(reasons) == len(inputs) - len(offered)
    assert all(reason and "\n" not in reason for reason in reasons)


def test_every_kind_without_a_variant_has_its_reason() -> None:
    kinds = {found.kind for found in registry.of("decode").values()}
    assert kinds == {"library"}
    assert set(DECODE.empty_cells) == {"python", "numpy", "numba", "cython", "native", "gpu", "multiprocess"}


@pytest.mark.parametrize("name", sorted(VARIANTS.keys() - {"kornia"}))
def test_decoding_lets_other_threads_run(name: str) -> None:
    large = np.tile(source("photo.png"), (2, 2, 1))
    jpeg = name == "simplejpeg"
    content = encoded(large[..., :3].copy(), ".jpg") if jpeg else encoded(large, ".png", cv2.IMWRITE_PNG_COMPRESSION, 1)
    data = array(content)
    assert others_run_during(lambda: VARIANTS[name](data), tries=50)


# Inputs that the gate refills


@pytest.mark.parametrize("name", DECODE.workloads)
def test_other_content_has_the_same_length_and_another_image(name: str) -> None:
    workload = DECODE.workloads[name]
    one, two = workload.build(), workload.other()
    assert one[0].shape == two[0].shape
    assert one[1:] == two[1:]
    first, second = VARIANTS["opencv"](*one), VARIANTS["opencv"](*two)
    assert first.shape == second.shape
    assert np.mean(first != second) > 0.5


def test_same_length_pads_the_shorter_content_with_zeros() -> None:
    short, long = same_length(b"ab", b"cdef")
    assert short.tobytes() == b"ab\0\0"
    assert long.tobytes() == b"cdef"


@each_variant
@each_file
@pytest.mark.parametrize("tail", [b"\0", b"\0" * 100_000, b"what a camera appends" * 50], ids=["zero", "zeros", "junk"])
def test_bytes_after_the_end_of_the_file_change_nothing(name: str, form: str, tail: bytes) -> None:
    DECODE.contract(array(FILES[form] + tail))
    plain = decoded(name, array(FILES[form]))
    if plain is not None:
        np.testing.assert_array_equal(VARIANTS[name](array(FILES[form] + tail)), plain)


@each_variant
def test_a_buffer_refilled_with_another_file_gives_the_other_image(name: str) -> None:
    for form in FILES:
        image = cv2.imdecode(array(FILES[form]), cv2.IMREAD_UNCHANGED)
        flipped = encoded(cv2.flip(image, 1), ".png" if form == "png" else ".jpg")
        one, two = same_length(FILES[form], flipped)
        buffer = one.copy()
        if decoded(name, buffer) is not None:
            buffer[:] = two
            np.testing.assert_array_equal(VARIANTS[name](buffer), VARIANTS["opencv"](two))


# Refusals

REFUSED: dict[str, tuple[Callable[[], tuple[object, ...]], type[Exception], str]] = {
    "nothing": (lambda: (array(b""),), ValueError, "data is empty; give the bytes of one PNG or JPEG"),
    "text": (lambda: (array(b"hello, world"),), ValueError, "data starts with 68 65 6c 6c"),
    "a GIF": (lambda: (array(saved(Image.new("L", (9, 9)), "GIF")),), ValueError, "one PNG or JPEG file"),
    "a reduced PNG": (lambda: (array(PNG), 2), ValueError, "a PNG, which holds no smaller image"),
    "16 bits": (lambda: (array(encoded(NOISE.astype(np.uint16), ".png")),), ValueError, "16 bits a channel"),
    "1 bit": (lambda: (array(saved(Image.new("1", (9, 9)), "PNG")),), ValueError, "1 bits a channel"),
    "a palette": (lambda: (array(saved(Image.new("P", (9, 9)), "PNG")),), ValueError, "palette"),
    "gray with alpha": (lambda: (array(saved(Image.new("LA", (9, 9)), "PNG")),), ValueError, "gray with alpha"),
    "a transparent colour": (lambda: (array(with_chunk(b"tRNS", bytes(6))),), ValueError, "transparent colour"),
    "an animation": (lambda: (array(with_chunk(b"acTL", bytes(8))),), ValueError, "animation"),
    "a PNG of no width": (lambda: (array(with_size(0, 5)),), ValueError, "0×5 pixels"),
    "a PNG of terabytes": (lambda: (array(with_size(1 << 20, 1 << 20)),), ValueError, "1048576×1048576 pixels"),
    "a PNG without pixels": (lambda: (array(PNG[:33] + PNG[-12:]),), ValueError, "no IDAT"),
    "a PNG without IHDR": (lambda: (array(PNG[:8] + PNG[33:]),), ValueError, "IHDR"),
    "CMYK": (lambda: (array(saved(Image.new("CMYK", (9, 9)), "JPEG")),), ValueError, "4 channels"),
    "arithmetic coding": (lambda: (array(with_frame_marker(0xC9)),), ValueError, "arithmetic coding"),
    "lossless JPEG": (lambda: (array(with_frame_marker(0xC3)),), ValueError, "lossless"),
    "a scan before the frame": (lambda: (array(b"\xff\xd8\xff\xda" + bytes(99)),), ValueError, "marker da out of"),
    "no marker": (lambda: (array(JPEG[:2] + b"\xff\xe0\x00\x02" + b"abcdef"),), ValueError, "no JPEG marker"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_taken_is_refused_in_one_line(case: str) -> None:
    inputs, kind, text = REFUSED[case]
    with pytest.raises(kind, match=text) as caught:
        DECODE.contract(*inputs())
    assert "\n" not in str(caught.value)


@each_file
def test_a_file_truncated_anywhere_is_refused(form: str) -> None:
    for size in range(len(FILES[form])):
        with pytest.raises(ValueError, match="data"):
            DECODE.contract(array(FILES[form][:size]))


def test_any_damaged_byte_of_a_png_is_noticed() -> None:
    for place in range(len(PNG)):
        data = array(PNG)
        data[place] ^= 0x5A
        with pytest.raises(ValueError, match="data"):
            DECODE.contract(data)


def test_pixels_damaged_under_a_right_checksum_are_an_error_of_every_variant() -> None:
    content = PNG[:33] + chunk(b"IDAT", bytes(50)) + chunk(b"IEND", b"")
    DECODE.contract(array(content))
    for name in VARIANTS.keys() - {"simplejpeg"}:
        with pytest.raises(ValueError, match="data can't be decoded") as caught:
            VARIANTS[name](array(content))
        assert "\n" not in str(caught.value)


@each_variant
@each_file
def test_behind_the_boundary_damage_gives_an_image_or_a_value_error_and_nothing_else(name: str, form: str) -> None:
    rng = np.random.default_rng(11)
    start = FILES[form].index(b"\xff\xda" if form == "jpeg" else b"IDAT")  # a damaged size may be huge
    for _ in range(100):
        data = array(FILES[form])
        data[rng.integers(start, len(data), 3)] ^= rng.integers(1, 256, 3, np.uint8)
        cut = data[: rng.integers(start, len(data) + 1)]
        try:
            image = decoded(name, cut)
        except ValueError:
            continue
        assert image is None or isinstance(image, np.ndarray)


def test_floor_is_the_file_read_and_the_image_written() -> None:
    assert DECODE.floor_bytes(array(PNG)) == len(PNG) + 23 * 37 * 4
    assert DECODE.floor_bytes(array(JPEG), 8) == len(JPEG) + 3 * 5 * 3
