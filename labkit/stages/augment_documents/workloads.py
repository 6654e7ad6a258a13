"""The inputs of ``augment_documents``: pages of text, each with the choices of one image of a run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from labkit.core import Workload
from labkit.inputs.pages import paragraphs as page
from labkit.stages.augment_documents.draw import Choices, Operation, draw


def everything(seed: int = 7) -> Choices:
    """Every operation at once, of each pair of alternatives the first: what the slowest page goes through."""
    from labkit.core.draws import generator
    from labkit.stages.augment_documents.draw import PHASES

    phases = {
        phase: tuple(
            Operation(candidates[0].__name__, 1000 * seed + k, candidates[0](generator(seed, k)))
            for k, (_, candidates) in enumerate(contents)
        )
        for phase, contents in PHASES.items()
    }
    return Choices(**phases)


def _load(name: str, build: Callable[[int], tuple[np.ndarray, Choices]], summary: str) -> Workload:
    return Workload(name, lambda: build(0), summary, other=lambda: build(1))


ALL = [
    _load("page", lambda k: (page(1000, 700, k), draw(2025, 8 + k)), "a page of text, 1000×700, choices of one draw"),
    _load("everything", lambda k: (page(1000, 700, k), everything(7 + k)), "the same page, every operation on"),
]


def edge_cases() -> dict[str, tuple[np.ndarray, Choices]]:
    """Small pages, and pages on which there is nothing to find."""
    noise = np.random.default_rng(11).integers(0, 256, (64, 90, 3), np.uint8)
    return {
        "smallest": (page(30, 30), everything()),
        "wide": (page(30, 200), everything(1)),
        "tall": (page(210, 31), everything(2)),
        "nothing_on": (page(60, 80), Choices((), (), ())),
        "blank": (np.full((90, 70, 3), 255, np.uint8), everything(3)),
        "black": (np.zeros((70, 90, 3), np.uint8), everything(4)),
        "noise": (noise, everything(5)),
        "periodic_lines": (page(120, 90), draw(5, 3)),
    }
