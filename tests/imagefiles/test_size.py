"""The size of an image is known from its first bytes, for every format that is read."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
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


@pytest.mark.parametrize("data", [b"", b"GIF89a" + bytes(40), b"no image", b"\0" * 64])
def test_what_is_no_such_image_has_no_size(data: bytes) -> None:
    assert image_size(io.BytesIO(data)) is None


def test_a_bomb_is_seen_by_its_header() -> None:
    found = image_size(io.BytesIO(png_claiming(20_000, 20_000)))
    assert found is not None
    assert found.pixels == 400_000_000
