"""Random crops of a store, fixed by (seed, step, item): any process draws the same ones."""

import numpy as np
import torch
from torch import Tensor

from .store import Store

BLANK = 2.0  # a crop whose LR bytes deviate by less teaches nothing
TRIES = 8


class Crops:
    """Draws batches of `size` LR pixels square from one split."""

    def __init__(self, store: Store, split: str, size: int, seed: int):
        self.store, self.size, self.seed = store, size, seed
        side = size * store.scale
        self._entries = [e for e in store.split(split) if min(e.height, e.width) >= side]
        if not self._entries:
            raise ValueError(
                f"cannot cut crops of {side} pixels: no picture of the split \"{split}\" is that "
                f"large; set a smaller crop"
            )
        areas = np.cumsum([e.height * e.width for e in self._entries], dtype=np.float64)
        self._shares = areas / areas[-1]

    def batch(self, step: int, items: range) -> tuple[Tensor, Tensor]:
        """LR [n, 3, size, size] and HR [n, 3, size*scale, size*scale], uint8."""
        pairs = [self._item(step, item) for item in items]
        return tuple(
            torch.from_numpy(np.ascontiguousarray(np.stack(side).transpose(0, 3, 1, 2)))
            for side in zip(*pairs)
        )

    def _item(self, step: int, item: int) -> tuple[np.ndarray, np.ndarray]:
        random = np.random.Generator(np.random.Philox(key=[self.seed, step << 20 | item]))
        for _ in range(TRIES):
            lr, hr = self._crop(random)
            if lr.std() > BLANK:
                break
        turns, flip = int(random.integers(4)), bool(random.integers(2))
        return _turn(lr, turns, flip), _turn(hr, turns, flip)

    def _crop(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        entry = self._entries[int(np.searchsorted(self._shares, random.random()))]
        lr, hr, scale = self.store.lr(entry), self.store.hr(entry), self.store.scale
        y = int(random.integers(lr.shape[0] - self.size + 1))
        x = int(random.integers(lr.shape[1] - self.size + 1))
        window = lambda at: slice(at, at + self.size)
        wide = lambda at: slice(at * scale, (at + self.size) * scale)
        return lr[window(y), window(x)], hr[wide(y), wide(x)]


def _turn(image: np.ndarray, turns: int, flip: bool) -> np.ndarray:
    image = np.rot90(image, turns)
    return image[:, ::-1] if flip else image


def to_range(images: Tensor) -> Tensor:
    """Bytes as floats in [-1, 1]."""
    return images.float().div_(127.5).sub_(1)
