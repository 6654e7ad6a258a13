"""One image file: read with its faults told in words, and written whole or not at all."""

from __future__ import annotations

import errno
import io
import stat
import struct
from pathlib import Path

import cv2
import numpy as np

from labkit.core.whole import write_whole
from labkit.imagefiles.size import image_size

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")  # what OpenCV reads and writes in colour
JPEG_QUALITY = 95  # of 100
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

cv2.utils.logging.setLogLevel(
    cv2.utils.logging.LOG_LEVEL_SILENT
)  # it writes what it finds wrong to standard error, between our lines


class BadFile(Exception):
    """A file that can't be read or written; its text is the reason, in words for people."""


def read_image(path: Path, max_pixels: int) -> np.ndarray:
    """The image in a file as uint8 (h, w, 3) BGR, turned upright as its EXIF orientation says.

    Gray and palette images become colour, 16 bits become 8 (divided by 257 or so), CMYK becomes BGR without a colour
    profile, transparency is dropped (the colour beneath it shows), of several pages or frames the first is taken.
    Raises BadFile, before anything is decoded when the image has more than ``max_pixels`` pixels.
    """
    data = _content(path)
    size = image_size(io.BytesIO(data))
    if size is None:
        raise BadFile(
            "empty file" if not data else "no JPEG, PNG, WebP, BMP or TIFF image, or its first bytes are damaged"
        )
    if size.pixels > max_pixels:
        raise BadFile(f"{size.width}×{size.height} is {size.pixels:,} pixels, above --max-pixels {max_pixels:,}")
    return decoded(data)


def decoded(data: bytes | np.ndarray) -> np.ndarray:
    """The image in a file's content (bytes, or uint8 (n,)) as :func:`read_image` gives it; raises BadFile."""
    content = memoryview(data) if isinstance(data, bytes) else data.data
    if content[:8] == PNG_SIGNATURE and not _png_is_whole(content):
        raise BadFile("truncated or damaged PNG")  # libpng would also write to standard error
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        if "Insufficient memory" in str(error):
            raise MemoryError("decoding it") from error
        raise BadFile(f"can't be decoded: {error.err}") from error
    if image is None:
        raise BadFile("truncated or damaged, or of a kind that OpenCV can't decode")
    return image


def encoded(image: np.ndarray, suffix: str) -> memoryview:
    """The bytes of a file of this suffix; JPEG with quality 95, the others as OpenCV does by default."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim not in (2, 3) or 0 in image.shape:
        came = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else f"a {type(image).__name__}"
        raise BadFile(f"the chain gave {came}; it must give uint8 (h, w) or (h, w, 3)")
    settings = (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY) if suffix.lower() in (".jpg", ".jpeg") else ()
    try:
        done, data = cv2.imencode(suffix.lower(), image, settings)
    except cv2.error as error:
        raise BadFile(f"can't be encoded as {suffix}: {error.err}") from error
    if not done:
        raise BadFile(f"{image.shape[1]}×{image.shape[0]} pixels can't be encoded as {suffix}")
    return data.data


def write_image(path: Path, data: bytes | memoryview) -> None:
    """Put a file there whole or not at all; raises BadFile."""
    try:
        write_whole(path, data)
    except OSError as error:
        raise BadFile(f"can't be written: {error.strerror or error}") from error


def _content(path: Path) -> bytes:
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise BadFile("a folder, not a file")
        if not stat.S_ISREG(kind):
            raise BadFile("no regular file, but a pipe, a socket or a device")  # opening a pipe would wait for ever
        return path.read_bytes()
    except FileNotFoundError as error:
        raise BadFile("a link to nothing" if path.is_symlink() else "no longer there") from error
    except PermissionError as error:
        raise BadFile("no permission to read it") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise BadFile("a link to itself") from error
        raise BadFile(f"can't be read: {error.strerror or error}") from error


def _png_is_whole(data: memoryview) -> bool:
    """Whether every chunk is complete up to IEND; checksums are libpng's to check."""
    place = len(PNG_SIGNATURE)
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        place += 12 + length
        if kind == b"IEND":
            return place <= len(data)
    return False
