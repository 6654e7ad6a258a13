"""One image file: read with its faults told in words, and written whole or not at all."""

from __future__ import annotations

import errno
import io
import stat
import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from labkit.core.whole import write_whole
from labkit.imagefiles.beside import ORIENTATION, beside
from labkit.imagefiles.bound import at_most
from labkit.imagefiles.size import Size, image_size

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")  # what OpenCV reads and writes in colour
JPEG_QUALITY = 95  # of 100
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
ANIMATION = (b"acTL", b"fcTL", b"fdAT")
MOST_BYTES_A_PIXEL, MOST_BYTES = 64, 1 << 26  # what decoding takes at most: four doubles, twice; and for the smallest
TRANSPARENT = "transparency was dropped: the colour beneath it shows, often black"
PROFILE = "the colour profile was dropped, its colours taken as sRGB: {}"

Note = Callable[[str], object]

cv2.utils.logging.setLogLevel(
    cv2.utils.logging.LOG_LEVEL_SILENT
)  # it writes what it finds wrong to standard error, between our lines


class BadFile(Exception):
    """A file that can't be read or written; its text is the reason, in words for people."""


def no_note(line: str) -> None:
    """For who does not ask."""


def read_image(path: Path, max_pixels: int, note: Note = no_note) -> np.ndarray:
    """The image in a file as uint8 (h, w, 3) BGR, turned upright as its EXIF orientation says.

    Gray and palette images become colour, 16 bits become 8 (divided by 257 or so), CMYK becomes BGR, of several pages
    or frames the first is taken, of an animated PNG the still image. Colour profiles are dropped (colours are taken as
    sRGB) and so is transparency (the colour beneath it shows; in a TIFF libtiff has mixed it with black): ``note`` is
    called with a line for either, if the profile is not sRGB and anything is transparent. Raises BadFile, before
    anything is decoded when the image has more than ``max_pixels`` pixels.
    """
    data = _content(path)
    size = _size(data)
    if size.pixels > max_pixels:
        raise BadFile(f"{size} is {size.pixels:,} pixels, above --max-pixels {max_pixels:,}")
    return decoded(data, note)


def decoded(data: bytes | np.ndarray, note: Note = no_note) -> np.ndarray:
    """The image in a file's content (bytes, or uint8 (n,)) as :func:`read_image` gives it.

    Raises BadFile, also for a file that holds more pixels than :func:`image_size` tells of it.
    """
    content = data if isinstance(data, bytes) else data.tobytes()
    size = _size(content)
    if content[:8] == PNG_SIGNATURE:
        content = _still(content)
    if content[:2] == b"BM":
        content = _with_alpha_mask(content)
    told = beside(content)
    with at_most(MOST_BYTES + MOST_BYTES_A_PIXEL * size.pixels) as bounded:
        try:
            image = _without_alpha(content, note) if told.transparency else _decode(content, cv2.IMREAD_COLOR)
        except MemoryError:
            if bounded:
                raise BadFile(f"damaged: decoding it takes far more memory than {size} pixels do") from None
            raise
    if image.shape[0] * image.shape[1] > size.pixels:
        raise BadFile(f"damaged: it holds {image.shape[1]}×{image.shape[0]} pixels, and its header says {size}")
    if told.profile is not None:
        note(PROFILE.format(told.profile))
    return image if told.orientation == 1 else _turned(image, told.orientation)


def _size(content: bytes) -> Size:
    size = image_size(io.BytesIO(content))
    if size is None:
        raise BadFile(
            "no JPEG, PNG, WebP, BMP or TIFF image, or its first bytes are damaged" if content else "empty file"
        )
    return size


def _decode(content: bytes, flags: int) -> np.ndarray:
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        if "Insufficient memory" in str(error):
            raise MemoryError("decoding it") from error
        raise BadFile(f"can't be decoded: {error.err}") from error
    if image is None:
        raise BadFile("truncated or damaged, or of a kind that OpenCV can't decode")
    return image


def _without_alpha(content: bytes, note: Note) -> np.ndarray:
    """The colours of an image that may have an alpha channel; a note where that says more than that all is opaque."""
    whole = _decode(content, cv2.IMREAD_UNCHANGED)
    alpha = whole[:, :, 3] if whole.ndim == 3 and whole.shape[2] == 4 else None  # else one colour is transparent
    if alpha is None or alpha.min() < (np.iinfo(whole.dtype).max if whole.dtype.kind == "u" else 1):
        note(TRANSPARENT)
    if alpha is not None and whole.dtype == np.uint8 and b"eXIf" not in content and b"EXIF" not in content:
        return cv2.cvtColor(whole, cv2.COLOR_BGRA2BGR)
    return _decode(content, cv2.IMREAD_COLOR)  # which scales 16 bits, and turns it


def _turned(image: np.ndarray, orientation: int) -> np.ndarray:
    picture = Image.fromarray(image)
    picture.getexif()[ORIENTATION] = orientation
    return np.ascontiguousarray(ImageOps.exif_transpose(picture))


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


def _with_alpha_mask(data: bytes) -> bytes:
    """A BMP whose header has 52 bytes with one of 56: OpenCV reads four masks there, of which that has but three."""
    if len(data) < 66 or struct.unpack_from("<I", data, 14) != (52,):
        return data
    (pixels,) = struct.unpack_from("<I", data, 10)
    return data[:10] + struct.pack("<II", min(pixels + 4, 2**32 - 1), 56) + data[18:66] + bytes(4) + data[66:]


def _still(data: bytes) -> bytes:
    """A PNG without its animation: OpenCV's reader of these can be made to crash. Checksums are libpng's to check.

    Raises BadFile unless every chunk is complete up to IEND: libpng would also write to standard error.
    """
    place, pieces = len(PNG_SIGNATURE), [PNG_SIGNATURE]
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind not in ANIMATION:
            pieces.append(data[place : place + 12 + length])
        place += 12 + length
        if kind == b"IEND" and place <= len(data):
            return b"".join(pieces)
    raise BadFile("truncated or damaged PNG")
