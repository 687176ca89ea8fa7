"""Random crops of a store, fixed by (seed, step, item): any process draws the same ones."""

from dataclasses import dataclass

import numpy as np
import torch

from .store import Entry, Store

BLANK = 2.0  # a crop whose LR bytes deviate by less teaches nothing
TRIES = 8


@dataclass(frozen=True)
class Crops:
    """Draws batches of `size` LR pixels square from one split."""

    store: Store
    split: str
    size: int
    seed: int

    def batch(self, step: int, items: range) -> tuple[torch.Tensor, torch.Tensor]:
        """LR [n, 3, size, size] and HR [n, 3, size*scale, size*scale], both in [-1, 1]."""
        pairs = [self._item(step, item) for item in items]
        return tuple(_to_tensor(np.stack(side)) for side in zip(*pairs))

    def _item(self, step: int, item: int) -> tuple[np.ndarray, np.ndarray]:
        random = np.random.Generator(np.random.Philox(key=[self.seed, step << 20 | item]))
        for _ in range(TRIES):
            lr, hr = self._crop(random)
            if lr.std() > BLANK:
                break
        turns, flip = int(random.integers(4)), bool(random.integers(2))
        return _turn(lr, turns, flip), _turn(hr, turns, flip)

    def _crop(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        entry = self._entries()[int(np.searchsorted(self._areas(), random.random()))]
        lr, hr, scale = self.store.lr(entry), self.store.hr(entry), self.store.scale
        y = int(random.integers(lr.shape[0] - self.size + 1))
        x = int(random.integers(lr.shape[1] - self.size + 1))
        window = lambda at: slice(at, at + self.size)
        wide = lambda at: slice(at * scale, (at + self.size) * scale)
        return lr[window(y), window(x)], hr[wide(y), wide(x)]

    def _entries(self) -> list[Entry]:
        return self._table()[0]

    def _areas(self) -> np.ndarray:
        return self._table()[1]

    def _table(self) -> tuple[list[Entry], np.ndarray]:
        """Pictures large enough, and the cumulated share of each by area."""
        if not hasattr(self, "_cached"):
            side = self.size * self.store.scale
            fits = [e for e in self.store.split(self.split) if min(e.height, e.width) >= side]
            if not fits:
                raise ValueError(
                    f"cannot cut crops of {side} pixels: no picture of the split "
                    f'"{self.split}" is that large; set a smaller crop'
                )
            areas = np.cumsum([e.height * e.width for e in fits], dtype=np.float64)
            object.__setattr__(self, "_cached", (fits, areas / areas[-1]))
        return self._cached


def _turn(image: np.ndarray, turns: int, flip: bool) -> np.ndarray:
    image = np.rot90(image, turns)
    return image[:, ::-1] if flip else image


def _to_tensor(images: np.ndarray) -> torch.Tensor:
    chw = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    return torch.from_numpy(chw).float().div_(127.5).sub_(1)
