"""What an image file says beside its pixels, and OpenCV does not tell: read by Pillow, from its header."""

from __future__ import annotations

import io
import threading
import warnings
from typing import NamedTuple

from PIL import ImageCms
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

READERS: dict[bytes, type[ImageFile]] = {  # by a file's first bytes; Image.open would also judge the size
    b"\xff\xd8": JpegImageFile,
    b"\x89P": PngImageFile,
    b"RI": WebPImageFile,
    b"BM": BmpImageFile,
    b"II": TiffImageFile,
    b"MM": TiffImageFile,
}
QUIET = threading.Lock()  # warnings are the whole process's: one thread at a time sets them aside
ORIENTATION = 0x112
PREFIX = b"Exif\0\0"  # belongs before the EXIF data of a JPEG; libwebp's tools and old Pillow put it into WebP too


class Beside(NamedTuple):
    """``profile``: the name of a colour profile other than sRGB. ``orientation``: EXIF's, where OpenCV misses it, else 1."""

    transparency: bool = False
    profile: str | None = None
    orientation: int = 1


def beside(data: bytes) -> Beside:
    """What is told of a file; nothing where Pillow can't read its header."""
    reader = READERS.get(data[:2])
    if reader is None or (reader is JpegImageFile and b"ICC_PROFILE\0" not in data):
        return Beside()
    try:
        with QUIET, warnings.catch_warnings(action="ignore"):
            file = reader(io.BytesIO(data))
            return Beside(file.has_transparency_data, _profile(file), _orientation(file))
    except Exception:  # of whatever kind: these readers raise many at damaged content
        return Beside()


def _profile(file: ImageFile) -> str | None:
    content = file.info.get("icc_profile")
    if not content:
        return None
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(content)))
    except (ImageCms.PyCMSError, OSError):
        return "unreadable"
    printable = "".join(filter(str.isprintable, " ".join(name.split())))
    return None if "srgb" in printable.lower() else printable or "unnamed"


def _orientation(file: ImageFile) -> int:
    if isinstance(file, WebPImageFile) and file.info.get("exif", b"").startswith(PREFIX):
        return int(file.getexif().get(ORIENTATION, 1))
    return 1
