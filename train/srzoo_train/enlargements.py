"""How published systems enlarge the input for their networks: the same as lib/models/enlargements.ts."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from .bicubic import matrix

# Pillow's weights are whole multiples of 2^-22.
FIXED = 2**22


def bicubic(lr: Tensor, scale: int) -> Tensor:
    """Exact bicubic, as MATLAB's imresize."""
    return _along(lr, scale, mirror=False)


def bicubic256(lr: Tensor, scale: int) -> Tensor:
    """SRDiff's bicubic: of byte/256 rather than byte/255, with a mirrored border."""
    return _along((lr + 1) * (255 / 256), scale, mirror=True) - 1


def _along(image: Tensor, scale: int, mirror: bool) -> Tensor:
    rows, columns = (
        torch.from_numpy(matrix(side, side * scale, mirror)).to(image) for side in image.shape[2:]
    )
    return rows @ image @ columns.T


def pillow(lr: Tensor, scale: int) -> Tensor:
    """Pillow's BICUBIC on bytes, bit for bit: weights of 22 binary digits, bytes after each axis."""
    rows, columns = (pillow_weights(side, side * scale).to(lr.device) for side in lr.shape[2:])
    bytes_ = ((lr.double() + 1) * 127.5).round()
    up = _byte(rows @ _byte(bytes_ @ columns.T))
    return (up / 127.5 - 1).to(lr)


def _byte(sums: Tensor) -> Tensor:
    """Whole sums of bytes times fixed-point weights, rounded; float64 holds them exactly."""
    return ((sums + FIXED / 2) / FIXED).floor().clamp(0, 255)


@lru_cache(maxsize=64)
def pillow_weights(size_in: int, size_out: int) -> Tensor:
    """The enlargement of one axis, float64 [size_out, size_in]: whole numbers, in units of 1 / FIXED.

    Keys' kernel with a = -0.5 over the pixels within the image, their weights then summing to 1.
    """
    centre = (torch.arange(size_out, dtype=torch.float64) + 0.5) * (size_in / size_out)
    d = (torch.arange(size_in, dtype=torch.float64)[None] + 0.5 - centre[:, None]).abs()
    near = (1.5 * d - 2.5) * d * d + 1
    far = ((-0.5 * d + 2.5) * d - 4) * d + 2
    taps = torch.where(d < 1, near, torch.where(d < 2, far, 0.0))
    exact = taps / taps.sum(1, keepdim=True) * FIXED
    return exact.sign() * (exact.abs() + 0.5).floor()


def by_torch(lr: Tensor, scale: int) -> Tensor:
    """torch's bicubic (a = -0.75, edge pixels repeated), clamped to [-1, 1], as in novwaul's SR3."""
    return F.interpolate(lr, scale_factor=float(scale), mode="bicubic").clamp(-1, 1)


# By the name that cards give it: lr [n, 3, h, w] in [-1, 1], scale -> [n, 3, h*scale, w*scale].
ENLARGEMENTS: dict[str, Callable[[Tensor, int], Tensor]] = {
    "bicubic": bicubic,
    "bicubic256": bicubic256,
    "pillow": pillow,
    "torch": by_torch,
}
