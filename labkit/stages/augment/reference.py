"""albumentations 2.0.8, at its best and as people run it: the reference, and the peer to beat.

Both apply the numbers that were drawn. ``albumentations`` calls the library's own functions with nothing in between: turn
and flip as one symmetry (what ``A.D4`` calls), the table written in place where the image is a copy already, one blur.
``albumentations_compose`` is the chain as in the library's documentation, built once a thread, whose transforms are told
what to draw.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from labkit.core import variant
from labkit.stages.augment.draw import LEFT_RIGHT, UPSIDE_DOWN, Choices, changes_values, orientation

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # else importing it asks the network for a newer version

# albumentations' names of the eight symmetries, by (transpose, left to right, upside down)
SYMMETRY = {
    (False, False, False): "e",
    (False, True, False): "h",
    (False, False, True): "v",
    (False, True, True): "r180",
    (True, False, False): "t",
    (True, False, True): "r90",
    (True, True, False): "r270",
    (True, True, True): "hvt",
}


@variant("augment", kind="library", requires=("albumentations",))
def albumentations(image: np.ndarray, choices: Choices) -> np.ndarray:
    """albumentations' own functions, one symmetry for turn and flip, no copy that can be saved."""
    import albucore
    from albumentations.augmentations.blur import functional as blur
    from albumentations.augmentations.geometric import functional as geometric
    from albumentations.augmentations.pixel import functional as pixel

    # block: turn and flip
    turned = geometric.d4(image, SYMMETRY[orientation(choices)])

    # block: brightness
    if changes_values(choices):
        whole = np.ascontiguousarray(turned)
        own = not np.may_share_memory(whole, image)
        turned = albucore.multiply_add(whole, choices.alpha, choices.beta, inplace=own)

    # block: blur
    if choices.size > 1:
        kernel = blur.create_gaussian_kernel_1d(choices.sigma, choices.size)
        turned = pixel.separable_convolve(turned, kernel)

    whole = np.ascontiguousarray(turned)
    return whole.copy() if np.may_share_memory(whole, image) else whole


class _Chain(threading.local):
    """The documented chain; a thread builds its own, because its transforms hold what they are told to draw."""

    def __init__(self) -> None:
        import albumentations as A
        from albumentations.augmentations.blur import functional as blur

        class Turn(A.RandomRotate90):  # type: ignore[misc]
            def get_params(self) -> dict[str, Any]:
                return {"factor": self.choices.turns}

        class Brightness(A.RandomBrightnessContrast):  # type: ignore[misc]
            def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
                return {"alpha": self.choices.alpha, "beta": self.choices.beta}

        class Blur(A.GaussianBlur):  # type: ignore[misc]
            def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
                return {"kernel": blur.create_gaussian_kernel_1d(self.choices.sigma, self.choices.size)}

        self.steps = [Turn(p=1), A.HorizontalFlip(p=1), A.VerticalFlip(p=1), Brightness(p=1), Blur(p=1)]
        self.compose = A.Compose(self.steps)

    def __call__(self, image: np.ndarray, choices: Choices) -> np.ndarray:
        takes_part = (
            choices.turns != 0,
            choices.flip & LEFT_RIGHT,
            choices.flip & UPSIDE_DOWN,
            changes_values(choices),
            choices.size > 1,
        )
        for step, here in zip(self.steps, takes_part, strict=True):
            step.p, step.choices = float(bool(here)), choices
        done: np.ndarray = self.compose(image=image)["image"]
        return done.copy() if np.shares_memory(done, image) else done


_chain: _Chain | None = None


@variant("augment", kind="library", requires=("albumentations",))
def albumentations_compose(image: np.ndarray, choices: Choices) -> np.ndarray:
    """A.Compose of the five transforms, built once, each told what it draws."""
    global _chain
    if _chain is None:
        _chain = _Chain()
    return _chain(image, choices)
