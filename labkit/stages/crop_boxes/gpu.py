"""The same on a graphics card: PyTorch computes all pixels of many boxes side by side, and the crops come back in one piece.

Positions are float64: float32 would be off by 1/2000 pixel on a large page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labkit.kinds import gpu
from labkit.stages.crop_boxes import sizes
from labkit.stages.crop_boxes.homography import homographies

if TYPE_CHECKING:
    import torch

CHUNK = 1 << 23  # crop pixels: some 2 GB of the card's memory, however many there are in all


def mapped(page: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Page, matrices float64 (k, 3, 3) and shapes int64 (k, 2) of the k boxes with a crop."""
    shapes = sizes(boxes, page.shape)
    good = shapes[:, 0] > 0
    return page, homographies(boxes[good], shapes[good]), shapes[good]


def cut_up(pixels: np.ndarray, page: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """Copy each crop out of the pixels of all."""
    shapes = sizes(boxes, page.shape)
    ends = np.cumsum(shapes[:, 0] * shapes[:, 1]).tolist()
    return [
        pixels[end - width * height : end].reshape(height, width, 3).copy()
        for end, (width, height) in zip(ends, shapes.tolist(), strict=True)
    ]


@gpu("crop_boxes", "torch_gather", prepare=mapped, finish=cut_up)
def sampled(page: torch.Tensor, matrices: torch.Tensor, shapes: torch.Tensor) -> torch.Tensor:
    """Homographies on the CPU, gathers and weights on the CUDA device, transfers included.

    What comes back are the pixels of all crops one after the other: uint8 (sum of areas, 3), computed in chunks.
    """
    import torch

    ends = torch.cumsum(shapes[:, 0] * shapes[:, 1], 0)
    total = int(ends[-1]) if len(ends) else 0
    pixels = torch.empty((total, 3), dtype=torch.uint8, device=page.device)
    for first in range(0, total, CHUNK):
        index = torch.arange(first, min(total, first + CHUNK), device=page.device)
        owner = torch.searchsorted(ends, index, right=True)
        width, height = shapes[owner].unbind(1)
        place = index - (ends[owner] - width * height)
        y = place // width
        pixels[first : first + CHUNK] = _blended(page, matrices[owner], place - y * width, y)
    return pixels


def _blended(page: torch.Tensor, m: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Bilinear values at the places that each pixel's own matrix gives: uint8 (n, 3)."""
    import torch

    rows, columns, _ = page.shape
    flat = page.reshape(-1, 3)
    u, v, depth = (m[:, k, 0] * x + m[:, k, 1] * y + m[:, k, 2] for k in range(3))
    u, v = u / depth, v / depth
    left, top = torch.floor(u), torch.floor(v)
    across, down = (u - left).float(), (v - top).float()
    left, top = left.long(), top.long()
    value = torch.zeros((len(x), 3), dtype=torch.float32, device=page.device)
    for row, weight_row in ((top, 1 - down), (top + 1, down)):
        for column, weight_column in ((left, 1 - across), (left + 1, across)):
            inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
            at = torch.where(inside, row * columns + column, 0)
            value += flat[at] * (weight_row * weight_column * inside)[:, None]
    return value.round_().to(torch.uint8)
