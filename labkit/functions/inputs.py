"""What functions are called with: values, pictures and what makes them, as named inputs."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from labkit.core.errors import UsageError
from labkit.core.workload import Workload
from labkit.imagefiles.image import SUFFIXES, BadFile, read_image

MOST_PICTURES = 8  # of a folder: each is a table with a budget of its own
MOST_PIXELS = 250_000_000  # the largest phone cameras have 200 million


def workloads_of(on: Any) -> list[Workload]:
    """Named inputs of whatever :func:`compare` takes as ``on``."""
    if isinstance(on, dict):
        if not on or not all(isinstance(name, str) and name for name in on):
            raise UsageError("on is a dictionary: it holds named inputs; give one or more, each name a text")
        return [Workload(name.replace(",", " "), _builder(value)) for name, value in on.items()]
    if isinstance(on, str | Path):
        return [Workload(path.name.replace(",", " "), partial(_picture, path)) for path in pictures_at(on)]
    return [Workload("input", _builder(on))]


def pictures_at(place: str | Path) -> list[Path]:
    """The pictures of a file, a folder or a pattern; of many some, from the smallest file to the largest.

    Raises UsageError where there is none.
    """
    path = Path(os.path.expanduser(place))
    if os.path.isfile(path):  # Path's own raises for a name that is too long
        return [path.absolute()]
    listed = path.iterdir() if os.path.isdir(path) else map(Path, glob.glob(str(path), recursive=True))
    found = sorted(one.absolute() for one in listed if one.is_file() and one.suffix.lower() in SUFFIXES)
    if not found:
        raise UsageError(
            f"on is {str(place)!r}: no picture is there; give a file, a folder or a pattern (a text as it is goes into a "
            "tuple: on=('text',))"
        )
    by_size = sorted(found, key=lambda one: one.stat().st_size)
    if len(by_size) > MOST_PICTURES:
        step = (len(by_size) - 1) / (MOST_PICTURES - 1)
        by_size = [by_size[round(number * step)] for number in range(MOST_PICTURES)]
    return by_size


def read_picture(path: Path) -> np.ndarray:
    """The picture in a file as cv2.imread gives it: uint8 (h, w, 3) BGR; raises UsageError where it can't be read."""
    try:
        return read_image(path, MOST_PIXELS)
    except BadFile as error:
        raise UsageError(f"{path}: {error}") from None


def _picture(path: Path) -> tuple[Any, ...]:
    return (read_picture(path),)


@dataclass(frozen=True)
class _Made:
    """Inputs that a function makes."""

    make: Callable[[], Any]

    def __call__(self) -> tuple[Any, ...]:
        return _arguments(self.make())


def _builder(value: Any) -> Callable[[], tuple[Any, ...]]:
    if callable(value) and not isinstance(value, type):
        return _Made(value)
    if isinstance(value, str | Path) and Path(value).suffix.lower() in SUFFIXES:
        (path, *others) = pictures_at(value)
        if others:
            raise UsageError(
                f"on names {str(value)!r}, which are {len(others) + 1} pictures; give on={str(value)!r} alone"
            )
        return partial(_picture, path)
    return partial(_same, _arguments(value))


def _same(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return inputs


def _arguments(value: Any) -> tuple[Any, ...]:
    return value if type(value) is tuple else (value,)
