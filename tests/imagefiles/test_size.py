"""The size of an image is known from its first bytes, for every format that is read."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from labkit.imagefiles.size import Size, image_size
from tests.folders.conftest import encode, picture, png_claiming

IMAGE = picture(height=23, width=37)
RGB = Image.fromarray(IMAGE[:, :, ::-1])


def saved(form: str, **settings: object) -> bytes:
    file = io.BytesIO()
    RGB.save(file, form, **settings)
    return file.getvalue()


def top_down_bmp() -> bytes:
    data = bytearray(encode(".bmp", IMAGE))
    struct.pack_into("<i", data, 22, -23)
    return bytes(data)


def os2_bmp() -> bytes:
    return b"BM" + struct.pack("<IHHIIHHHH", 26 + 4, 0, 0, 26, 12, 37, 23, 1, 24) + bytes(8)


def inserted(data: bytes, place: int, rubbish: bytes) -> bytes:
    return data[:place] + rubbish + data[place:]


def tagged(*tags: tuple[int, int, int], order: str = "<", offset: int = 8) -> bytes:
    """The beginning of a TIFF with these (tag, type, value)."""
    entries = b"".join(struct.pack(order + "HHIHH", tag, kind, 1, value, 0) for tag, kind, value in tags)
    head = b"II*\0" if order == "<" else b"MM\0*"
    return head + struct.pack(order + "IH", offset, len(tags)) + entries + bytes(4)


@pytest.mark.parametrize(
    "make",
    [
        lambda: encode(".jpg", IMAGE),
        lambda: saved("jpeg", progressive=True, exif=b"Exif\0\0" + bytes(30_000), comment=b"\xff" * 99),
        lambda: encode(".png", IMAGE),
        lambda: encode(".webp", IMAGE),
        lambda: saved("webp", lossless=True),
        lambda: saved("webp", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"),
        lambda: encode(".bmp", IMAGE),
        top_down_bmp,
        os2_bmp,
        lambda: encode(".tif", IMAGE),
        lambda: saved("tiff", compression="tiff_lzw"),
        lambda: saved("tiff", big_tiff=True),
        lambda: tagged((256, 8, 37), (257, 3, 23), order=">"),
        lambda: inserted(encode(".jpg", IMAGE), 20, b"rubbish \xff\0 \xff\xff\xff"),
        lambda: inserted(encode(".jpg", IMAGE), 20, bytes(200_000)),
    ],
)
def test_the_size_is_read_from_every_format(make: Callable[[], bytes]) -> None:
    assert image_size(io.BytesIO(make())) == Size(37, 23)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tif"])
def test_no_beginning_of_a_file_raises_anything(suffix: str) -> None:
    data = encode(suffix, IMAGE)
    for length in range(min(len(data), 400)):
        assert image_size(io.BytesIO(data[:length])) in (None, Size(37, 23))


def test_no_damaged_header_raises_anything() -> None:
    seed = np.random.SeedSequence().entropy
    print(f"seed {seed}")
    random = np.random.default_rng(seed)
    for suffix in (".jpg", ".png", ".webp", ".bmp", ".tif"):
        data = np.frombuffer(encode(suffix, IMAGE), np.uint8)
        for _ in range(150):
            damaged = data.copy()
            damaged[random.integers(0, min(len(data), 64), 4)] = random.integers(0, 256, 4)
            image_size(io.BytesIO(damaged.tobytes()))


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a" + bytes(40), b"no image", b"\0" * 64, encode(".png", IMAGE).replace(b"IHDR", b"IEND")]
)
def test_what_is_no_such_image_has_no_size(data: bytes) -> None:
    assert image_size(io.BytesIO(data)) is None


def test_a_bomb_is_seen_by_its_header() -> None:
    found = image_size(io.BytesIO(png_claiming(20_000, 20_000)))
    assert found is not None
    assert found.pixels == 400_000_000


def test_of_a_tag_that_comes_twice_the_larger_counts() -> None:
    data = tagged((256, 3, 30_000), (256, 3, 37), (257, 3, 23), (257, 3, 30_000))
    assert image_size(io.BytesIO(data)) == Size(30_000, 30_000)


@pytest.mark.parametrize("offset", [2**31, 2**62, 2**63 - 1, 2**63, 2**64 - 1])
def test_an_offset_where_no_file_reaches_raises_nothing(tmp_path: Path, offset: int) -> None:
    data = b"II+\0" + struct.pack("<HHQ", 8, 0, offset) + bytes(40)
    assert image_size(io.BytesIO(data)) is None
    (tmp_path / "far.tif").write_bytes(data)
    with (tmp_path / "far.tif").open("rb") as file:
        assert image_size(file) is None


@pytest.mark.parametrize("rubbish", [b"\xff\0", b"\xff", b"\0", b"\xff\xe0\0\2"])
def test_megabytes_of_rubbish_hold_nobody_up(rubbish: bytes) -> None:
    file = io.BytesIO(b"\xff\xd8\xff\xe0\0\2" + 2**22 * rubbish)
    assert image_size(file) is None


FILES = {
    "jpeg": saved("jpeg", progressive=True, comment=b"of a few bytes"),
    "png": encode(".png", IMAGE),
    "webp": encode(".webp", IMAGE),
    "bmp": encode(".bmp", IMAGE),
    "tiff": encode(".tif", IMAGE),
    "lzw": saved("tiff", compression="tiff_lzw"),
    "big": saved("tiff", big_tiff=True),
}
TIFFS = ("tiff", "lzw", "big")  # in which a tag may come twice
MOST_PIXELS = 1_000_000


def test_a_comment_of_a_jpeg_may_have_a_length_that_does_not_hold_itself() -> None:
    content = bytearray(FILES["jpeg"])
    place = content.index(b"\xff\xfe")
    content[place + 2 : place + 4] = b"\0\0"
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    size = image_size(io.BytesIO(content))
    assert size is not None
    assert (size.height, size.width) == image.shape[:2]


@pytest.mark.parametrize("form", FILES)
@settings(deadline=None)
@given(data=st.data())
def test_whatever_opencv_decodes_has_the_size_that_was_told(form: str, data: st.DataObject) -> None:
    content = bytearray(FILES[form])
    tiff_tags = len(content) - 250 if form in TIFFS else 2
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(tiff_tags, min(tiff_tags + 300, len(content)) - 1))] = data.draw(
            st.integers(0, 255)
        )
    content[20:20] = data.draw(st.binary(max_size=4)) if form == "jpeg" else b""
    told = image_size(io.BytesIO(content))
    assume(told is None or told.pixels <= MOST_PIXELS)
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return
    if image is not None:
        assert told is not None
        assert told.width >= image.shape[1]
        assert told.height >= image.shape[0]
        assert form in TIFFS or told == image.shape[1::-1]
