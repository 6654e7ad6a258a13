"""Other content for the same inputs: with it the gate finds out whether an answer was remembered.

Each way keeps dtypes, shapes and the range of the values, so that what was made for the inputs can take these as well. Which
of them has another answer is for the reference to say.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from labkit.core.parts import arrays, leaves, mapped

UNEVEN = 0xDB  # a bit pattern without symmetry: inverting these bits changes every channel, each half, and which pixels count
PICTURE, TRIES = 16, 64  # pixels a side at least; pairs of pixels that are looked at
MOST_FILES, MOST_BYTES = 64, 64 << 20
BEGINNINGS = {
    b"\x89PNG": ".png",
    b"\xff\xd8": ".jpg",
    b"BM": ".bmp",
    b"RIFF": ".webp",
    b"II*\0": ".tiff",
    b"MM\0*": ".tiff",
}
Change = Callable[[Any], Any]


class PictureFiles:
    """In place of a path: the pictures that are to lie there, each with its name in the folder; ``kind`` is the path's type.

    ``folder`` says whether the path is the folder's, or the one picture's.
    """

    def __init__(self, kind: type, files: tuple[tuple[str, bytes], ...], folder: bool) -> None:
        self.kind, self.files, self.folder = kind, files, folder


def other_contents(inputs: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The inputs with other content, one way after the other: arrays and pictures changed, else the numbers and texts.

    What does not change in a way is the very object; a way in which nothing changes is left out.
    """
    for array_change in (_middle_inverted, _rows_turned, _reflected):
        yield from _if_changed(inputs, partial(_other_picture, change=array_change))
    for change in (_smaller, _larger):
        yield from _if_changed(inputs, change)


def _if_changed(inputs: tuple[Any, ...], change: Change) -> Iterator[tuple[Any, ...]]:
    made = tuple(mapped(value, change) for value in inputs)
    if any(a is not b for a, b in zip(made, inputs, strict=True)):
        yield made


@contextmanager
def laid_out(inputs: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The inputs with paths of files that are there as long as the context, in place of :class:`PictureFiles`."""
    if not any(isinstance(leaf, PictureFiles) for _, leaf in leaves(inputs)):
        yield inputs
        return
    with tempfile.TemporaryDirectory(prefix="labkit-other-content-") as room:

        def written(leaf: Any) -> Any:
            if not isinstance(leaf, PictureFiles):
                return leaf
            folder = Path(tempfile.mkdtemp(dir=room))
            for name, content in leaf.files:
                (folder / name).write_bytes(content)
            return leaf.kind(folder if leaf.folder else folder / leaf.files[0][0])

        yield tuple(mapped(value, written) for value in inputs)


def never_seen(inputs: tuple[Any, ...], random: np.random.Generator) -> bool:
    """Make the inputs' content one that no process has seen: two pixels of the largest picture, drawn anew, change places.

    What an array holds stays what it held. False where there is no picture, or none but one of all the same pixels.
    """
    pictures = [a for _, a in arrays(inputs) if a.ndim > 1 and min(a.shape[:2]) >= PICTURE and a.dtype.kind in "uif"]
    largest = max(pictures, key=lambda array: array.nbytes, default=None)
    if largest is None or not largest.flags.writeable:
        return False
    for _ in range(TRIES):
        here, there = (tuple(int(random.integers(side)) for side in largest.shape[:2]) for _ in range(2))
        one, other = largest[here].copy(), largest[there].copy()
        if one.tobytes() != other.tobytes():
            largest[here], largest[there] = other, one
            return True
    return False


def _other_picture(leaf: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """An array changed; of a picture's file, or its bytes, those of the picture changed."""
    if isinstance(leaf, np.ndarray):
        if leaf.dtype == np.uint8 and leaf.ndim == 1 and (file := _file_again(leaf.tobytes(), change)):
            return np.frombuffer(file, np.uint8).copy()
        return change(leaf) if leaf.size and leaf.dtype.kind in "biufc" else leaf
    if isinstance(leaf, bytes):
        return _file_again(leaf, change) or leaf
    if isinstance(leaf, str | Path):
        return _files_again(leaf, change) or leaf
    return leaf


def _files_again(path: str | Path, change: Callable[[np.ndarray], np.ndarray]) -> PictureFiles | None:
    try:
        folder = Path(path).is_dir()
        found = sorted(Path(path).iterdir()) if folder else [Path(path)] if Path(path).is_file() else []
        if not 0 < len(found) <= MOST_FILES or sum(file.stat().st_size for file in found) > MOST_BYTES:
            return None
        made = [(file.name, _file_again(file.read_bytes(), change)) for file in found]
    except (OSError, ValueError):  # no path at all: a text with a null character, one that is too long
        return None
    files = tuple((name, content) for name, content in made if content is not None)
    kind = str if isinstance(path, str) else Path
    return PictureFiles(kind, files, folder) if len(files) == len(found) else None


def _file_again(content: bytes, change: Callable[[np.ndarray], np.ndarray]) -> bytes | None:
    """A file of the same kind that holds the picture changed; None for what is no picture."""
    suffix = next((suffix for begin, suffix in BEGINNINGS.items() if content.startswith(begin)), None)
    if suffix is None:
        return None
    import cv2  # heavy, and wanted here alone

    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        return None
    written, file = cv2.imencode(suffix, np.ascontiguousarray(change(pixels)))
    return file.tobytes() if written else None


def _middle_inverted(array: np.ndarray) -> np.ndarray:
    """Bytes with the bits of their middle half inverted unevenly, other numbers with their middle half in reverse.

    The first and last quarter stay: an answer remembered under the first row, say, is then the wrong one.
    """
    changed = array.copy()
    flat = changed.reshape(-1)
    quarter = array.size // 4
    middle = flat[quarter : array.size - quarter]
    if array.dtype == np.uint8:
        middle ^= np.uint8(UNEVEN)
    elif array.dtype == np.bool_:
        np.logical_not(middle, out=middle)
    else:
        rows = changed if array.ndim > 1 else flat
        quarter = len(rows) // 4
        inside = rows[quarter : len(rows) - quarter]
        inside[:] = inside[::-1].copy()
    return changed


def _rows_turned(array: np.ndarray) -> np.ndarray:
    return array[::-1].copy()


def _reflected(array: np.ndarray) -> np.ndarray:
    """Every value as far below the largest as it was above the smallest; bytes have all their bits inverted."""
    if array.dtype.kind in "bu" and array.dtype.itemsize == 1:
        changed: np.ndarray = np.invert(array)
        return changed
    if array.dtype.kind == "c":
        return np.conj(array) * array.dtype.type(1j)
    finite = array[np.isfinite(array)]
    if not finite.size:
        return array
    with np.errstate(over="ignore", invalid="ignore"):
        changed = finite.max() - array + finite.min()
    return changed.astype(array.dtype)


def _smaller(leaf: Any) -> Any:
    if isinstance(leaf, int) and not isinstance(leaf, bool):
        return leaf - 1
    if isinstance(leaf, float):
        return leaf * 0.75
    return leaf[::-1] if isinstance(leaf, str | bytes) else leaf


def _larger(leaf: Any) -> Any:
    if isinstance(leaf, int) and not isinstance(leaf, bool):
        return leaf + 1
    return leaf * 1.25 if isinstance(leaf, float) else leaf
