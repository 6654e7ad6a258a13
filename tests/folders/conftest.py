"""Folders of small images, good and bad, and chains that do what a test needs."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from labkit.folders.memory import MARGIN
from labkit.processes.tree import tree_share

Picture = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Doing:
    """A chain whose work is any function of (image, seed, index)."""

    work: Callable[[np.ndarray, int, int], np.ndarray]
    name: str = "test"

    @property
    def identity(self) -> str:
        return self.name

    def __call__(self, image: np.ndarray, seed: int, index: int) -> np.ndarray:
        return self.work(image, seed, index)


INVERT = Doing(lambda image, seed, index: 255 - image)


def picture(number: int = 0, height: int = 24, width: int = 36) -> np.ndarray:
    """A smooth colour picture, another for each number: uint8 (height, width, 3)."""
    noise = np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (5, 5), 2)


def limit_beside_the_tests(room: int) -> int:
    """A limit on the memory of all processes together that leaves so many bytes beside these tests, by now perhaps gigabytes."""
    held = tree_share(os.getpid())
    assert held is not None
    return int(held / MARGIN) + room


def encode(suffix: str, image: np.ndarray) -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


def png_claiming(width: int, height: int) -> bytes:
    """A whole PNG of a few bytes whose header claims this size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    body = b"".join(struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve good JPEGs in a folder ``in``."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number:02}.jpg").write_bytes(encode(".jpg", picture(number)))
    return folder
