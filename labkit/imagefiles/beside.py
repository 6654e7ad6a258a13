"""What an image file says beside its pixels, and OpenCV does not tell: read by Pillow, from its header."""

from __future__ import annotations

import io
import struct
import threading
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from PIL import ImageCms
from PIL.BmpImagePlugin import BmpImageFile
from PIL.Image import Exif
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

READERS: dict[bytes, type[ImageFile]] = {  # by a file's first bytes; Image.open would also judge the size
    b"\xff\xd8": JpegImageFile,
    b"\x89P": PngImageFile,
    b"BM": BmpImageFile,
    b"II": TiffImageFile,
    b"MM": TiffImageFile,
}
QUIET = threading.Lock()  # warnings are the whole process's: one thread at a time sets them aside
ORIENTATION = 0x112
PREFIX = b"Exif\0\0"  # belongs before the EXIF data of a JPEG; libwebp's tools and old Pillow put it into WebP too
ALPHA, ALPHA_LOSSLESS = 1 << 4, 1 << 28  # in the flags of VP8X, in the size of VP8L (RFC 9649, 2.7 and 3.4)


class Beside(NamedTuple):
    """``profile``: the name of a colour profile other than sRGB. ``orientation``: EXIF's, where OpenCV misses it, else 1."""

    transparency: bool = False
    profile: str | None = None
    orientation: int = 1


def beside(data: bytes) -> Beside:
    """What is told of a file; nothing where its header can't be read."""
    reader = READERS.get(data[:2])
    try:
        if data[8:12] == b"WEBP":
            return _webp(data)
        if reader is None or (reader is JpegImageFile and b"ICC_PROFILE\0" not in data):
            return Beside()
        with QUIET, warnings.catch_warnings(action="ignore"):
            file = reader(io.BytesIO(data))
            return Beside(file.has_transparency_data, _profile(file.info.get("icc_profile")))
    except Exception:  # of whatever kind: these readers raise many at damaged content
        return Beside()


def _webp(data: bytes) -> Beside:
    """By its chunks: Pillow's reader takes memory for the whole image at once."""
    transparency, profile, orientation = False, None, 1
    for kind, content in _chunks(data):
        if kind == b"VP8X":
            transparency = bool(content[0] & ALPHA)
        elif kind == b"VP8L":
            transparency = bool(struct.unpack_from("<I", content, 1)[0] & ALPHA_LOSSLESS)
        elif kind == b"ICCP":
            profile = _profile(content)
        elif kind == b"EXIF" and content.startswith(PREFIX):
            exif = Exif()
            exif.load(content)
            orientation = int(exif.get(ORIENTATION, 1))
    return Beside(transparency, profile, orientation)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        yield kind, data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2


def _profile(content: bytes | None) -> str | None:
    if not content:
        return None
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(content)))
    except (ImageCms.PyCMSError, OSError):
        return "unreadable"
    printable = "".join(filter(str.isprintable, " ".join(name.split())))
    return None if "srgb" in printable.lower() else printable or "unnamed"
