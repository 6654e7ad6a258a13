"""Pictures of one's own as workloads of a stage that takes an image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from labkit.core.derived import drawn
from labkit.core.errors import UsageError
from labkit.core.exam import bind
from labkit.core.registry import registry
from labkit.core.workload import Workload
from labkit.functions.inputs import pictures_at, read_picture


def add_pictures(stage: str, place: str | Path) -> list[str]:
    """Make workloads of a stage out of pictures of one's own, while this process lives; gives their names.

    Parameters
    ----------
    place : a file, a folder or a pattern such as ``pics/*.png``; of many pictures eight, from the smallest file to the
        largest. Each is handed over in the first form that the stage takes: uint8 BGR, BGRA (opaque where the file tells
        nothing else), grey.

    Raises
    ------
    UsageError : there is no such stage or picture, it can't be read, or the stage does not take one image.
    """
    known = registry.stage(stage)
    try:
        paths = pictures_at(place)
    except UsageError:
        raise UsageError(
            f"{str(place)!r}: no picture is there; give a file, a folder or a pattern (pics/*.png)"
        ) from None
    made: dict[str, Workload] = {}
    for path in paths:
        name = path.name.replace(",", " ")
        name = f"{path.parent.name} {name}" if name in made else name
        made[name] = Workload(name, partial(picture_inputs, stage, path), "a picture of your own")
    next(iter(made.values())).build()
    registry.add_stage(replace(known, workloads={**known.workloads, **made}), registry.origins[stage])
    return list(made)


def picture_inputs(stage: str, path: Path) -> tuple[Any, ...]:
    """The inputs of a stage that a picture gives; raises UsageError where it takes none of its forms."""
    known = registry.stage(stage)
    refused: Exception | None = None
    for image in _forms(path):
        inputs = (image, *drawn(known.terms, 0, 0, image.shape))
        try:
            bind(known, inputs)
        except (TypeError, ValueError) as error:
            refused = refused or error
        else:
            return inputs
    told = " ".join(str(refused).split())
    raise UsageError(f"stage {stage} does not take one picture ({path.name}): {told}")


def _forms(path: Path) -> Iterator[np.ndarray]:
    colours = read_picture(path)
    yield colours
    whole = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if whole is not None and whole.dtype == np.uint8 and whole.ndim == 3 and whole.shape[2] == 4:
        yield whole
    yield cv2.cvtColor(colours, cv2.COLOR_BGR2BGRA)
    yield cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY)
