"""Every test picture of Pillow is read as Pillow reads it, or refused for a reason that is named here."""

import warnings
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from labkit.imagefiles.image import BadFile, read_image
from labkit.imagefiles.size import image_size
from tests.pillow import name_of, pictures

MOST_PIXELS = 50_000_000
REFUSED = {
    "TIFF with 2, 4 or 12 bits a sample": "tiff_gray_2_4_bpp/* hopper_gray_4bpp.tif 12bit.cropped.tif",
    "TIFF of 32 bits, floating or whole": "10ct_32bit_128.tiff 16_bit_binary_pgm.tiff",
    "TIFF compressed as OpenCV's libtiff can't": "hopper_lzma.tif hopper_webp.tif old-style-jpeg-compression*.tif",
    "TIFF of 16-bit CMYK": "tiff_strip_cmyk_16l_jpeg.tif",
    "BMP whose runs go beyond its rows": "bmp/b/badrle.bmp hopper_rle8_row_overflow.bmp",
}
"""What OpenCV can't decode and Pillow can; what neither can is refused rightly."""

OTHERWISE = {
    "an orientation that is in XMP or in a text, not in EXIF": "exif_imagemagick_orientation.png xmp_tags_orientation*.png",
    "CIE Lab, converted by another formula": "*ab.tif lab-*.tif",
    "signed 16 bits": "16bit.s.tif",
    "colours multiplied by alpha": "tiff_*16bit_RGBa.tiff tiff_wrong_bits_per_sample.tiff",
    "pixels that begin at a wrong place": "mmap_error.bmp",
}
"""What comes out otherwise than Pillow has it."""

FAR = 3.0  # mean difference of a channel: JPEG is decoded by other versions of the same library


def named(path: Path, names: dict[str, str]) -> bool:
    return any(Path(name_of(path)).match(pattern) for patterns in names.values() for pattern in patterns.split())


def as_pillow(path: Path) -> np.ndarray | None:
    """uint8 (h, w, 3) BGR; None where Pillow can't read the file, or knows no 8-bit colours for it."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
            if image.mode.startswith("I;16"):
                return cv2.cvtColor((np.asarray(image) / 257).round().astype(np.uint8), cv2.COLOR_GRAY2BGR)
            opaque = image.convert("RGBA" if image.has_transparency_data else "RGB")
            return np.asarray(opaque)[:, :, 2::-1]
    except Exception:
        return None


def test_every_picture_is_read_as_pillow_reads_it_or_refused_as_named() -> None:
    odd = []
    for path in pictures():
        pillow = as_pillow(path)
        try:
            image = read_image(path, MOST_PIXELS)
        except BadFile as refusal:
            if pillow is not None and not named(path, REFUSED):
                odd.append(f"{name_of(path)}: {refusal}")
            continue
        if pillow is None or named(path, OTHERWISE):
            continue
        if image.shape != pillow.shape or np.abs(image.astype(int) - pillow).mean((0, 1)).max() > FAR:
            odd.append(f"{name_of(path)}: {image.shape}, and Pillow has {pillow.shape} or other colours")
    assert odd == []


def test_the_size_that_is_told_of_every_picture_is_that_of_its_image() -> None:
    for path in pictures():
        with path.open("rb") as file:
            size = image_size(file)
        try:
            image = read_image(path, MOST_PIXELS)
        except BadFile:
            continue
        assert size is not None
        assert sorted(size) == sorted(image.shape[:2])
