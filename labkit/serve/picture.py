"""From the bytes of an image file to the bytes of the augmented one: all that a worker does for a request.

The event loop only moves bytes; decoding, the chain and encoding happen here, in the worker. What comes in and goes out
are uint8 arrays, because the engines carry arrays without a copy through the pipe.
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from labkit.core.errors import UsageError
from labkit.core.process import keep_freed_memory
from labkit.imagefiles.image import BadFile, decoded, encoded
from labkit.imagefiles.size import image_size
from labkit.serve.refusal import Refusal, Refused

SUFFIXES = {"png": ".png", "jpeg": ".jpg"}
JPEG_BEGINS = b"\xff\xd8\xff"
UNKNOWN = "the body starts with {}; send the bytes of one JPEG, PNG, WebP, BMP or TIFF image"
WARM_UP = (64, 64, 3)
TOO_LARGE = "the image has {}×{} = {:,} pixels; this server takes at most {:,}"


class Chain(Protocol):
    """What augments: a uint8 (h, w, 3) BGR image, a seed and the image's index give a uint8 BGR image."""

    def __call__(self, image: NDArray[np.uint8], seed: int, index: int) -> NDArray[np.uint8]: ...


class Answer(NamedTuple):
    """An encoded image, uint8 (n,), or why there is none; ``seconds`` is what the worker spent.

    ``notes``: lines that tell what of the file is not in the image.
    """

    data: NDArray[np.uint8] | None
    refusal: Refusal | None
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ready:
    """Makes the chains ready in a worker, once: what they import and compile must not count as the first request's time."""

    chains: dict[str, Chain]

    def __call__(self) -> dict[str, Chain]:
        keep_freed_memory()
        for chain in self.chains.values():
            with suppress(Exception):  # a chain that fails says so to the request that asked for it
                chain(np.full(WARM_UP, 128, np.uint8), 0, 0)
        return self.chains


def augment(
    chains: Mapping[str, Chain], data: NDArray[np.uint8], chain: str, seed: int, index: int, form: str
) -> Answer:
    """Decode ``data`` (uint8 (n,), one image file), apply ``chains[chain]``, encode as ``form`` (png or jpeg).

    What is taken, and how it becomes uint8 (h, w, 3) BGR, is that of ``labkit augment``: the image is turned upright as
    its EXIF orientation says, transparency and colour profiles are dropped, with a note. A damaged image, and one that
    the chain refuses (UsageError), come back as a refusal; any other error of the chain is raised.
    """
    started = time.perf_counter()
    found: NDArray[np.uint8] | None = None
    refusal = None
    notes: list[str] = []
    try:
        image = decoded(data, notes.append)
    except BadFile as error:
        refusal = Refusal(400, f"the image can't be read: {error}")
    else:
        try:
            found = np.asarray(encoded(chains[chain](image, seed, index), SUFFIXES[form]))
        except (UsageError, BadFile) as error:
            refusal = Refusal(422, f"chain {chain}: {' '.join(str(error).split())}")
    return Answer(found, refusal, time.perf_counter() - started, tuple(notes))


def check(data: NDArray[np.uint8], most_pixels: int) -> str:
    """The form that the answer has unless another is wished: the image's own, if that is png or jpeg, else png.

    Reads no more than the header of the image file in ``data``, uint8 (n,), so that this takes microseconds whatever the
    image claims to be. Raises Refused for what is no image, and for one of more than ``most_pixels``.
    """
    if not data.size:
        raise Refused(400, "the body is empty; send the bytes of one image file")
    size = image_size(io.BytesIO(data.data))
    if size is None:
        raise Refused(415, UNKNOWN.format(data[:8].tobytes().hex(" ")))
    if size.pixels > most_pixels:
        raise Refused(413, TOO_LARGE.format(size.width, size.height, size.pixels, most_pixels))
    return "jpeg" if data[:3].tobytes() == JPEG_BEGINS else "png"
