"""The same on a graphics card, by PyTorch and by kornia.

A single picture is mostly its transfer: a card pays where pictures stay on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labkit.kinds import gpu
from labkit.stages.augment.draw import Choices, changes_values, orientation, table, weights

if TYPE_CHECKING:
    import torch


def turned(pixels: torch.Tensor, choices: Choices) -> torch.Tensor:
    """Turn, flip and table: uint8 (h, w, 3), a new tensor."""
    import torch

    transpose, left_right, upside_down = orientation(choices)
    pixels = pixels.transpose(0, 1) if transpose else pixels
    reverse = [axis for axis, here in enumerate((upside_down, left_right)) if here]
    pixels = torch.flip(pixels, reverse) if reverse else pixels.clone(memory_format=torch.contiguous_format)
    if changes_values(choices):
        values = torch.from_numpy(table(choices.alpha, choices.beta).copy()).to(pixels.device)
        pixels = values[pixels.int()]
    return pixels.contiguous()


def mirrored(count: int, radius: int, device: torch.device) -> torch.Tensor:
    """Which places ``radius`` more at either end show: torch's own padding refuses more than there is."""
    import torch

    places = torch.arange(-radius, count + radius, device=device)
    period = max(1, 2 * (count - 1))
    return torch.minimum(places % period, -places % period)


def taps_of(choices: Choices, device: torch.device) -> torch.Tensor:
    """The weights of the blur, float32 (size,)."""
    import torch

    return torch.from_numpy(weights(choices.size, choices.sigma).astype(np.float32)).to(device)


@gpu("augment", "torch")
def by_torch(pixels: torch.Tensor, choices: Choices) -> torch.Tensor:
    """Shifted slices on the CUDA device, transfers included: float32 sums, uint8 (h, w, 3) in the end."""
    import torch

    pixels = turned(pixels, choices)
    if choices.size == 1:
        return pixels
    radius, taps = choices.size // 2, taps_of(choices, pixels.device)
    values = pixels.float()
    for axis in (0, 1):
        count = values.shape[axis]
        padded = values.index_select(axis, mirrored(count, radius, values.device))
        values = padded.narrow(axis, radius, count) * taps[radius]
        for k in range(radius):
            pair = padded.narrow(axis, k, count) + padded.narrow(axis, 2 * radius - k, count)
            values.addcmul_(pair, taps[k])
    return values.round_().clamp_(0, 255).to(torch.uint8)


@gpu("augment", "kornia", requires=("kornia",))
def by_kornia(pixels: torch.Tensor, choices: Choices) -> torch.Tensor:
    """kornia.filters.filter2d_separable on the CUDA device, transfers included.

    On recent cards cuDNN rounds a convolution's inputs to 11 bits (TF32): off by up to 1/8 of a level in each direction.
    """
    import torch
    from kornia.filters import filter2d_separable

    pixels = turned(pixels, choices)
    if choices.size == 1:
        return pixels
    radius, taps = choices.size // 2, taps_of(choices, pixels.device)[None]
    values = pixels.float()
    for axis in (0, 1):
        values = values.index_select(axis, mirrored(values.shape[axis], radius, values.device))
    blurred = filter2d_separable(values.permute(2, 0, 1)[None], taps, taps, padding="valid")[0]
    return blurred.permute(1, 2, 0).round_().clamp_(0, 255).to(torch.uint8).contiguous()
