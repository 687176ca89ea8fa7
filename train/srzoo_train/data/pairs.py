"""Square pairs of fixed sides, on which SR3 and its successors are trained for faces (16 -> 128, 64 -> 512)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

Resampler = Literal["pillow", "torch"]
RESAMPLERS: tuple[str, ...] = get_args(Resampler)


@dataclass(frozen=True)
class Pair:
    """Sides of the LR and the HR image of a pair, and what makes both of the photograph."""

    low: int
    high: int
    resample: Resampler = "pillow"

    @property
    def scale(self) -> int:
        return self.high // self.low

    def of(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray] | str:
        """HR and LR bytes [side, side, 3] of the middle of an image, or the reason why it is refused."""
        height, width = image.shape[:2]
        if min(height, width) < self.high:
            return f"it is {width}x{height}, the shorter side must be {self.high} or more"
        return square(image, self.high, self.resample), square(image, self.low, self.resample)


def pair_of(told: str | None, resample: Resampler | None) -> Pair | None:
    """The pair that the command line asks for, or None.

    Args:
        told: LOW/HIGH, such as 16/128.

    Raises:
        ValueError: if it is malformed, or `resample` is given without it.
    """
    if told is None:
        if resample is not None:
            raise ValueError("cannot use --resample without --pair: whole images are shrunk exactly")
        return None
    sides = re.fullmatch(r"(\d+)/(\d+)", told)
    low, high = map(int, sides.groups()) if sides else (0, 0)
    if low < 1 or high <= low or high % low:
        raise ValueError(f"--pair must be two sides, the second a multiple of the first, as 16/128; got {told}")
    return Pair(low, high, resample or "pillow")


def square(image: np.ndarray, side: int, resample: Resampler) -> np.ndarray:
    """Bytes [h, w, 3] shrunk until the shorter side is `side`, and its middle [side, side, 3]."""
    height, width = image.shape[:2]
    shorter = min(height, width)
    size = (int(side * height / shorter), int(side * width / shorter))
    small = (by_pillow if resample == "pillow" else by_torch)(image, *size)
    top, left = (round((length - side) / 2) for length in size)
    return np.ascontiguousarray(small[top : top + side, left : left + side])


def by_pillow(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pillow's BICUBIC, which averages over what an output pixel covers."""
    from PIL import Image

    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


def by_torch(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """torch's bicubic (a = -0.75), which takes four pixels a side however much it shrinks."""
    import torch

    planes = torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float()
    small = torch.nn.functional.interpolate(planes, size=(height, width), mode="bicubic")
    return small[0].round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
