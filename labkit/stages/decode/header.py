"""What the first bytes of a PNG or JPEG file say, and whether the file is whole: the boundary check of ``decode``.

Decoders disagree on damaged files: some give what they could read, some give None, some raise. So the check is made
here, once, before any of them. Sources: PNG specification (W3C, third edition), chapters 5 and 11; ITU-T T.81 (JPEG),
annex B.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from labkit.core.errors import NotOffered, UsageError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_CHANNELS = {0: 1, 2: 3, 6: 4}
PNG_REFUSED = {3: "a palette", 4: "gray with alpha"}
LONGEST_SIDE, MOST_PIXELS = 1 << 20, 1 << 30  # OpenCV's own limits: a header of a few bytes must not claim terabytes
SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # every start of frame; the other three are tables
SOF_TAKEN = (0xC0, 0xC1, 0xC2)  # baseline, extended and progressive, Huffman-coded
SOS, EOI, TEM = 0xDA, 0xD9, 0x01
TRUNCATED = "data is truncated: the {} ends before its end marker; give the whole file"


class Header(NamedTuple):
    """``form`` is ``png`` or ``jpeg``; ``channels`` 1 (gray), 3 (BGR) or 4 (BGRA)."""

    form: str
    height: int
    width: int
    channels: int

    def shape(self, reduce: int = 1) -> tuple[int, ...]:
        """The decoded image's shape: sides divided by ``reduce`` and rounded up, as libjpeg does."""
        sides = (-(-self.height // reduce), -(-self.width // reduce))
        return sides if self.channels == 1 else (*sides, self.channels)


def header(data: np.ndarray) -> Header:
    """Read the header of uint8 (n,) file content; raises UsageError for anything that ``decode`` does not take."""
    view = data.data
    if view[:8].tobytes() == PNG_SIGNATURE:
        return _png_header(view)
    if view[:3].tobytes() == b"\xff\xd8\xff":
        return next(found for _, found in _jpeg_segments(view) if found)
    came = f"starts with {view[:8].hex(' ')}" if len(view) else "is empty"
    raise UsageError(f"data {came}; give the bytes of one PNG or JPEG file")


def check_whole(data: np.ndarray) -> Header:
    """The header, once the rest is seen to be there and undamaged as far as the format lets one see without decoding.

    PNG: every chunk complete with the right checksum, up to IEND. JPEG has no checksums: every segment complete up to
    the first scan, and an end marker after it. What follows the end is ignored, as every decoder ignores it.
    Raises UsageError.
    """
    found = header(data)
    if found.form == "png":
        _check_chunks(data.data)
    else:
        scan = next(place for place, frame in _jpeg_segments(data.data) if frame is None)
        if bytes((0xFF, EOI)) not in data[scan:].tobytes():
            raise UsageError(TRUNCATED.format("JPEG"))
    return found


def _sized(form: str, height: int, width: int, channels: int) -> Header:
    if not height or not width or max(height, width) > LONGEST_SIDE or height * width > MOST_PIXELS:
        raise UsageError(f"data is a {form} of {width}×{height} pixels; decode takes 1 to 2^20 a side, 2^30 in all")
    return Header(form.lower(), height, width, channels)


def _png_header(view: memoryview) -> Header:
    if len(view) < 33:
        raise UsageError(TRUNCATED.format("PNG"))
    length, kind, width, height, depth, color = struct.unpack_from(">I4sIIBB", view, 8)
    if length != 13 or kind != b"IHDR":
        raise UsageError("data is damaged: the PNG does not begin with its IHDR chunk")
    if color not in PNG_CHANNELS or depth != 8:
        what = PNG_REFUSED.get(color, f"{depth} bits a channel")
        raise UsageError(f"data is a PNG with {what}; decode takes 8-bit gray, RGB or RGBA: convert it")
    return _sized("PNG", height, width, PNG_CHANNELS[color])


def _check_chunks(view: memoryview) -> None:
    place, pixels = 8, False
    while True:
        if place + 12 > len(view):
            raise UsageError(TRUNCATED.format("PNG"))
        length, kind = struct.unpack_from(">I4s", view, place)
        after = place + 12 + length
        if after > len(view):
            raise UsageError(TRUNCATED.format("PNG"))
        if zlib.crc32(view[place + 4 : after - 4]) != struct.unpack_from(">I", view, after - 4)[0]:
            raise UsageError(f"data is damaged: wrong checksum of the PNG chunk at byte {place}")
        if kind in (b"tRNS", b"acTL"):
            what = "one transparent colour (tRNS)" if kind == b"tRNS" else "an animation"
            raise UsageError(f"data is a PNG with {what}; decode takes still gray, RGB or RGBA: convert it")
        pixels |= kind == b"IDAT"
        if kind == b"IEND":
            if not pixels:
                raise UsageError("data is damaged: the PNG holds no pixels (no IDAT chunk)")
            return
        place = after


def _jpeg_segments(view: memoryview) -> Iterator[tuple[int, Header | None]]:
    """First (place, frame header), then (place, None) of the first scan; raises where the file ends before."""
    place, framed = 2, False
    while place + 4 <= len(view):
        marker = view[place + 1]
        if view[place] != 0xFF:
            raise UsageError(f"data is damaged: no JPEG marker where one must be, at byte {place}")
        if marker == 0xFF or marker == TEM or 0xD0 <= marker <= 0xD7:  # a fill byte, or a marker without content
            place += 1 if marker == 0xFF else 2
            continue
        length = struct.unpack_from(">H", view, place + 2)[0]
        if marker in SOF:
            yield place, _frame(view, place, marker)
            framed = True
        elif marker == SOS and framed:
            yield place, None
            return
        elif marker in (SOS, EOI) or length < 2:
            raise UsageError(f"data is damaged: JPEG marker {marker:02x} out of place, at byte {place}")
        place += 2 + length
    raise UsageError(TRUNCATED.format("JPEG"))


def _frame(view: memoryview, place: int, marker: int) -> Header:
    if place + 10 > len(view):
        raise UsageError(TRUNCATED.format("JPEG"))
    depth, height, width, channels = struct.unpack_from(">BHHB", view, place + 4)
    if marker not in SOF_TAKEN or depth != 8:
        what = f"{depth} bits a channel" if marker in SOF_TAKEN else "lossless, hierarchical or arithmetic coding"
        raise UsageError(f"data is a JPEG with {what}; decode takes 8-bit baseline or progressive: convert it")
    if channels not in (1, 3):
        raise UsageError(f"data is a JPEG of {channels} channels (CMYK?); decode takes gray or colour: convert it")
    return _sized("JPEG", height, width, channels)


@contextmanager
def readable() -> Iterator[None]:
    """Whatever a library raises at content that it can't read becomes a UsageError of one line."""
    try:
        yield
    except (NotOffered, UsageError):
        raise
    except Exception as error:
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise UsageError(f"data can't be decoded: {reason}") from error
