"""Blur and downscaling as one strided convolution, in the library's alignment.

LR pixel i lies over HR pixels scale * i ... scale * i + scale - 1. Every kernel is symmetric about
their middle, so that LR and HR stay aligned whatever the blur.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..bicubic import weights

RADIUS = 10           # of a blur, HR pixels: three standard deviations of the widest
ENERGY = 1 - 1e-5     # of a blur that its separable terms keep: errors stay below a tenth of a level


@dataclass(frozen=True)
class Blur:
    """A Gaussian with standard deviations in HR pixels; or a line of `length` HR pixels."""

    sigma: float
    across: float | None = None   # at a right angle to `angle`; None: as `sigma`
    angle: float = 0.0            # radians, of the axis of `sigma` or of the motion
    length: float = 0.0           # of motion; 0: none

    def kernel(self) -> np.ndarray:
        """Weights [21, 21] that add up to 1."""
        offset = np.arange(-RADIUS, RADIUS + 1.0)
        y, x = offset[:, None], offset[None, :]
        along = np.cos(self.angle) * x + np.sin(self.angle) * y
        aside = np.cos(self.angle) * y - np.sin(self.angle) * x
        # Distance to the line that the motion draws; to the centre without one.
        along = np.sign(along) * np.maximum(np.abs(along) - self.length / 2, 0)
        across = self.sigma if self.across is None else self.across
        found = np.exp(-0.5 * ((along / self.sigma) ** 2 + (aside / across) ** 2))
        return found / found.sum()


@lru_cache(maxsize=64)
def taps(kind: str, scale: int) -> tuple[np.ndarray, int]:
    """Weights of one LR pixel along an axis, and the offset of the first from HR pixel scale * i.

    `bicubic` is the library's own, `bilinear` the triangle that Pillow widens by the scale, `area`
    the mean, `point` the middle alone, as nearest neighbour takes it: two pixels where the scale is even.
    """
    if kind == "area":
        return np.full(scale, 1 / scale), 0
    if kind == "point":
        middle = 2 - scale % 2
        return np.full(middle, 1 / middle), (scale - middle) // 2
    if kind == "bilinear":
        first = -((scale + 1) // 2)
        at = np.arange(first, scale - first)
        found = np.maximum(1 - np.abs(at - (scale - 1) / 2) / scale, 0)
        return found / found.sum(), first
    if kind != "bicubic":
        raise ValueError(f'cannot shrink by "{kind}": allowed are bicubic, bilinear, area and point')
    middle = 8  # of so many LR pixels that the border is far
    index, weight = weights(2 * middle * scale, 2 * middle)
    used = np.flatnonzero(weight[middle])
    return weight[middle, used[0] : used[-1] + 1], int(index[middle, used[0]]) - middle * scale


def reach(scale: int) -> int:
    """HR pixels beyond an LR image's own that the widest blur and kernel read on every side."""
    return RADIUS + 2 * scale


def separable(blur: Blur | None, kind: str, scale: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Blur and downscaling as a sum of separable terms.

    Weights along rows and along columns, both [terms, taps], and the offset of the first tap.
    """
    down, first = taps(kind, scale)
    if blur is None:
        return down[None].astype(np.float32), down[None].astype(np.float32), first
    left, size, right = np.linalg.svd(blur.kernel())
    kept = np.cumsum(size**2) / np.sum(size**2)
    terms = int(np.searchsorted(kept, ENERGY)) + 1
    widened = lambda vector: np.convolve(vector, down)
    rows = np.stack([widened(left[:, i] * size[i]) for i in range(terms)])
    columns = np.stack([widened(right[i]) for i in range(terms)])
    total = (rows.sum(1) * columns.sum(1)).sum()
    return (rows / total).astype(np.float32), columns.astype(np.float32), first - RADIUS


def strided(planes: np.ndarray, rows: np.ndarray, scale: int, start: int, count: int) -> np.ndarray:
    """planes [h, ...] under weights [terms, taps] at every `scale` rows -> [terms, count, ...]."""
    flat = np.ascontiguousarray(planes[start:]).reshape(planes.shape[0] - start, -1)
    step, item = flat.strides
    size = rows.shape[1]
    shape, strides = (count, size, flat.shape[1]), (scale * step, step, item)
    if (count - 1) * scale + size > len(flat):
        raise ValueError(f"cannot shrink: {len(flat)} rows are too few for {count} of them")
    view = np.lib.stride_tricks.as_strided(flat, shape, strides, writeable=False)
    return np.matmul(rows, view).swapaxes(0, 1).reshape(len(rows), count, *planes.shape[1:])


def shrunk(
    image: np.ndarray, terms: tuple[np.ndarray, np.ndarray, int], scale: int, size: Sequence[int]
) -> np.ndarray:
    """LR float32 [*size, 3] of HR bytes with `reach(scale)` pixels around it."""
    rows, columns, first = terms
    start = reach(scale) + first
    found = strided(image.astype(np.float32), rows, scale, start, size[0])
    out = np.zeros((size[1], size[0], image.shape[2]), np.float32)
    for term, weight in zip(found, columns):
        out += strided(term.swapaxes(0, 1), weight[None], scale, start, size[1])[0]
    return out.swapaxes(0, 1)


def shrunk_exactly(image: np.ndarray, scale: int, size: Sequence[int]) -> np.ndarray:
    """The library's LR bytes [*size, 3] of HR bytes with `reach(scale)` pixels around it.

    The same bytes as `bicubic.shrink` gives far from a border, rounded after the rows and after
    the columns.
    """
    down, first = taps("bicubic", scale)
    start = reach(scale) + first
    rounded = lambda values: np.clip(np.floor(values + 0.5), 0, 255)
    rows = rounded(strided(image.astype(np.float64), down[None], scale, start, size[0])[0])
    out = strided(rows.swapaxes(0, 1), down[None], scale, start, size[1])[0]
    return np.ascontiguousarray(rounded(out).astype(np.uint8).swapaxes(0, 1))


def gaussian(sigma: float) -> np.ndarray:
    """Weights [2 * radius + 1] that add up to 1; the radius is three standard deviations, and at least 1."""
    radius = max(1, math.ceil(3 * sigma))
    found = np.exp(-0.5 * (np.arange(-radius, radius + 1.0) / sigma) ** 2)
    return (found / found.sum()).astype(np.float32)


def filtered(planes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """planes [h, w, c] under the same weights [2 * radius + 1] along both axes, without the border of that radius."""
    rows = strided(planes, weights[None], 1, 0, len(planes) - len(weights) + 1)[0]
    columns = rows.swapaxes(0, 1)
    return strided(columns, weights[None], 1, 0, len(columns) - len(weights) + 1)[0].swapaxes(0, 1)
