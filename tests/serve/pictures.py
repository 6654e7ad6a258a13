"""Small image files, each from its seed."""

import struct
import zlib

import cv2
import numpy as np


def image(seed: int = 0, height: int = 24, width: int = 32) -> np.ndarray:
    """Noise of low contrast, uint8 (height, width, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def file_of(pixels: np.ndarray, suffix: str = ".png") -> bytes:
    done, data = cv2.imencode(suffix, pixels)
    assert done
    return data.tobytes()


def pixels_of(data: bytes) -> np.ndarray:
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return found


PNG, JPEG = file_of(image()), file_of(image(), ".jpg")


def bomb(side: int = 20_000) -> bytes:
    """A few bytes that claim to be a PNG of side × side pixels."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
