"""Pipeline ``main_colors_of_file``: the talk's whole function, from an image file to its main colours.

The stages ``decode`` and ``main_colors`` in a row. Naive, fast and faster read with ``cv2.imread`` as the talk does;
best takes the quickest variant of either stage.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from labkit.core import Exact, UsageError, Workload, registry, stage
from labkit.inputs.files import image_file, twin_file
from labkit.stages.decode.header import header
from labkit.stages.main_colors import BAND

CACHED = "read from a warm page cache: the time of a disk is not in it"
ALPHA_WANTED = "give a PNG with alpha (8-bit RGBA)"
UNREADABLE: dict[type[OSError], str] = {
    FileNotFoundError: "no such file",
    IsADirectoryError: "is a directory",
    PermissionError: "may not be read",
}


def floor_bytes(path: str | Path, n: int = 6) -> int:
    """Bytes that any implementation must move: the file read once, the panel written once."""
    return Path(path).stat().st_size + n * BAND[0] * BAND[1] * 3


def file_content(path: str | Path) -> np.ndarray:
    """The file as uint8 (n,); raises UsageError, of one line, when it can't be read."""
    try:
        return np.fromfile(path, np.uint8)
    except OSError as error:
        reason = UNREADABLE.get(type(error), error.strerror)
        raise UsageError(f"path {path}: {reason}; {ALPHA_WANTED}") from error


def with_alpha(image: np.ndarray | None, path: str | Path) -> np.ndarray:
    """The image that ``cv2.imread`` gave; raises UsageError when it gave none, or one that is not uint8 BGRA."""
    if image is None:
        file_content(path)  # says why, if the file can't be read at all
        raise UsageError(f"path {path}: can't be decoded, so it is no image, truncated or damaged; {ALPHA_WANTED}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 4:
        raise UsageError(f"path {path}: holds a {image.dtype} {image.shape} image without alpha; {ALPHA_WANTED}")
    return image


def _workload(name: str, summary: str) -> Workload:
    file = f"{name}.png"
    summary = f"{summary}, {CACHED}"
    return Workload(name, lambda: (str(image_file(file)),), summary, other=lambda: (str(twin_file(file)),))


@stage(
    reference="naive",
    workloads=[
        _workload("logo", "the generated 1254×958 RGBA PNG"),
        _workload("photo", "a photograph as 1411×1411 RGBA PNG"),
    ],
    agreement=Exact(),
    floor_bytes=floor_bytes,
    empty_cells={
        "python": "the stages' own python variants say what a loop costs",
        **dict.fromkeys(("library", "numba", "cython"), "best takes the quickest kernel; main_colors has the others"),
        "gpu": "decoding stays on the CPU, and the copy to the device costs more than the kernel",
        "multiprocess": "one file is one serial bit stream",
    },
)
def main_colors_of_file(path: str | Path, n: int = 6) -> None:
    """The n most frequent colours of the not fully transparent pixels of a PNG file with alpha, and their panel.

    Parameters
    ----------
    path : str or Path of an 8-bit RGBA PNG; any characters that the file system takes.
    n : how many colours, at least 1.

    Returns
    -------
    MainColors : as ``main_colors`` gives it for the decoded image.

    Raises
    ------
    TypeError : path is neither str nor Path, or n is no integer.
    ValueError : no such file, a directory, no permission; neither PNG nor JPEG; truncated or damaged; an image without
        alpha; n < 1. Everything that ``decode`` refuses is refused here.

    Source: a 2023 industry talk on speeding up image translation in Python, which claims 61.9 ms for naive, 51.0 ms for
    fast, 23.1 ms for faster.
    """
    if not isinstance(path, str | Path):
        raise TypeError(f"path is a {type(path).__name__}; give a str or pathlib.Path")
    data = file_content(os.fspath(path))
    try:
        registry.stage("decode").contract(data)
    except UsageError as error:
        raise UsageError(f"path {path}: {error}") from error
    found = header(data)
    if found.channels != 4:
        kind = "gray" if found.channels == 1 else "colour"
        raise UsageError(f"path {path}: holds a {kind} {found.form.upper()} without alpha; {ALPHA_WANTED}")
    registry.stage("main_colors").contract(np.zeros((1, 1, 4), np.uint8), n)  # n has the rule of that stage
