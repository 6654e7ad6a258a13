"""How large an image is, from the first bytes of its file: known before anything is decoded.

Read as OpenCV's decoders read it, in microseconds (milliseconds in files made to take long), and where a file says two
things the larger is told. Pillow would not do: it refuses files that OpenCV takes (TIFF of floats, BMP with odd masks),
takes memory for the whole image (WebP), goes through rubbish byte by byte (JPEG: seconds), and believes the last of
repeated tags where libtiff believes the first.

Sources: PNG specification (W3C), chapter 11; ITU-T T.81 (JPEG), annex B; RFC 9649 (WebP); TIFF 6.0, section 2, and
BigTIFF; Microsoft's BITMAPINFOHEADER and BITMAPCOREHEADER.
"""

from __future__ import annotations

import re
import struct
from typing import BinaryIO, NamedTuple

FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # JPEG's starts of frame
NO_CONTENT = frozenset({0x01, *range(0xD0, 0xD9)})  # JPEG's markers without a length
MARKER = re.compile(rb"\xff([^\0\xff])")
MOST_SEGMENTS, WINDOW = 10_000, 1 << 16  # so long a JPEG's header is looked for; bytes read at a time among rubbish
MOST_TAGS = 4096  # libtiff's own limit
WHOLE_NUMBERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 16: "Q", 17: "q"}  # TIFF's types, as struct has them


class Size(NamedTuple):
    """As the file stores it: an EXIF rotation by 90° swaps the sides later."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}×{self.height}"

    @property
    def pixels(self) -> int:
        return self.width * self.height


def image_size(file: BinaryIO) -> Size | None:
    """The size of the JPEG, PNG, WebP, BMP or TIFF in a binary file; None when it is none of these, or damaged there."""
    head = file.read(32)
    try:
        if head[:3] == b"\xff\xd8\xff":
            return _jpeg(file)
        if head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR":
            return Size(*struct.unpack_from(">II", head, 16))
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return _webp(head)
        if head[:2] == b"BM":
            core = struct.unpack_from("<I", head, 14)[0] == 12
            width, height = struct.unpack_from("<HH" if core else "<ii", head, 18)
            return Size(abs(width), abs(height))  # a negative height says that the first row is the top one
        if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            return _tiff(file, "<" if head[:1] == b"I" else ">", big=head[2:4] in (b"+\0", b"\0+"))
    except (struct.error, OverflowError, ValueError, OSError):
        pass  # the file ends within its header, or that points where no file reaches
    return None


def _jpeg(file: BinaryIO) -> Size | None:
    file.seek(2)
    for _ in range(MOST_SEGMENTS):
        marker = _next_marker(file)
        if marker in NO_CONTENT:
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if marker in FRAMES:
            _, height, width = struct.unpack(">BHH", file.read(5))
            return Size(width, height)
        file.seek(max(0, length - 2), 1)  # libjpeg passes over a length that does not even hold itself
    return None


def _next_marker(file: BinaryIO) -> int:
    """Whatever stands before it is passed over, as libjpeg does; raises struct.error at the end of the file."""
    piece = file.read(2)
    while len(piece) > 1:
        if found := MARKER.search(piece):
            file.seek(found.end() - len(piece), 1)
            return found[1][0]
        file.seek(-1, 1)  # it may be the first byte of a marker
        piece = file.read(WINDOW)
    raise struct.error


def _webp(head: bytes) -> Size | None:
    form = head[12:16]
    if form == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return Size(width & 0x3FFF, height & 0x3FFF)
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 21)
        return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if form == b"VP8X" and len(head) >= 30:
        return Size(int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1)
    return None


def _tiff(file: BinaryIO, order: str, big: bool) -> Size | None:
    """Tags 256 and 257 of the first page."""
    file.seek(8 if big else 4)
    (place,) = struct.unpack(order + ("Q" if big else "I"), file.read(8 if big else 4))
    file.seek(place)
    (count,) = struct.unpack(order + ("Q" if big else "H"), file.read(8 if big else 2))
    found: dict[int, int] = {}
    for _ in range(min(count, MOST_TAGS)):
        entry = file.read(20 if big else 12)
        tag, kind = struct.unpack_from(order + "HH", entry)
        if tag in (256, 257) and kind in WHOLE_NUMBERS:
            (number,) = struct.unpack_from(order + WHOLE_NUMBERS[kind], entry, 12 if big else 8)
            found[tag] = max(number, found.get(tag, 0))
    return Size(found[256], found[257]) if len(found) == 2 else None
