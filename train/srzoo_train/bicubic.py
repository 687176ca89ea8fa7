"""MATLAB's antialiased bicubic on bytes: the same numbers as lib/image/resize.ts.

Keys' kernel with a = -0.5, widened by the scale when shrinking, replicated edges, rounded to
bytes after the rows pass and again after the columns pass.
"""

from functools import lru_cache

import numpy as np


def _cubic(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


@lru_cache(maxsize=512)
def weights(size_in: int, size_out: int, mirror: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Source indices and weights of each output pixel, both [size_out, taps].

    Every sum runs in the order of lib/image/axis.ts: halves are rounded alike only if both make
    the same error.
    """
    scale = size_out / size_in
    shrink = min(scale, 1.0)
    centre = (np.arange(size_out) + 1) / scale + 0.5 * (1 - 1 / scale)  # counted from 1
    left = np.floor(centre - 2 / shrink)
    index = left[:, None] + np.arange(int(np.ceil(4 / shrink)) + 2)
    weight = shrink * _cubic(shrink * (centre[:, None] - index))
    weight /= weight.cumsum(1)[:, -1:]
    index = index - 1
    if mirror:
        index = index % (2 * size_in)
        index = np.where(index < size_in, index, 2 * size_in - 1 - index)
    index = np.clip(index, 0, size_in - 1).astype(np.int64)
    for tap in range(1, index.shape[1]):
        again = index[:, tap] == index[:, tap - 1]
        weight[again, tap] += weight[again, tap - 1]
        weight[again, tap - 1] = 0
    return index, weight


def _pass(image: np.ndarray, size_out: int) -> np.ndarray:
    index, weight = weights(image.shape[0], size_out)
    out = np.zeros((size_out, *image.shape[1:]))
    shape = (-1,) + (1,) * (image.ndim - 1)
    for tap in range(index.shape[1]):
        if np.any(weight[:, tap]):
            out += image[index[:, tap]] * weight[:, tap].reshape(shape)
    return np.clip(np.floor(out + 0.5), 0, 255).astype(np.uint8)


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes bytes [h, w, channels] to [height, width, channels].

    As in MATLAB the axis that shrinks more goes first, the rows where both shrink alike.
    """
    if width * image.shape[0] < height * image.shape[1]:
        return resize(image.swapaxes(0, 1), width, height).swapaxes(0, 1)
    return _pass(_pass(image, height).swapaxes(0, 1), width).swapaxes(0, 1)


def shrink(image: np.ndarray, scale: int) -> np.ndarray:
    """The low-resolution image of `image`, whose sides are multiples of `scale`."""
    return np.ascontiguousarray(resize(image, image.shape[0] // scale, image.shape[1] // scale))


@lru_cache(maxsize=64)
def matrix(size_in: int, size_out: int, mirror: bool) -> np.ndarray:
    """The same interpolation of one axis as a matrix [size_out, size_in], in floating point."""
    index, weight = weights(size_in, size_out, mirror)
    dense = np.zeros((size_out, size_in))
    np.add.at(dense, (np.arange(size_out)[:, None], index), weight)
    return dense
