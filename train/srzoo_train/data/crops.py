"""Random crops of a store, fixed by (seed, step, item): any process draws the same ones."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ..bicubic import matrix
from ..recipe import Data
from . import damage
from .store import Entry, Store

BLANK = 2.0    # a crop whose LR bytes have a smaller standard deviation counts as blank
KEPT = 0.25    # share of the blank crops that are kept: flat areas must stay flat
TRIES = 8
WIDEST = 2.5   # times the side of a crop, of what may be shrunk to one


@dataclass(frozen=True)
class Pixels:
    """Crops as bytes [n, 3, h, w]; `clean` and `restore` [n] only where LR may be damaged."""

    lr: np.ndarray
    hr: np.ndarray
    clean: np.ndarray | None = None     # bicubic LR of the same HR
    restore: np.ndarray | None = None   # share of the damage to remove, 0 ... 1

    def on(self, device: torch.device | str) -> tuple[Tensor, Tensor, Tensor | None]:
        """LR and the target in [-1, 1], and `restore`, on a device.

        target = HR + (1 - restore) * bicubic enlargement of (LR - clean)
        """
        lr, hr = _moved(self.lr, device), to_range(_moved(self.hr, device))
        if self.restore is None:
            return to_range(lr), hr, None
        restore = _moved(self.restore, device)
        gap = (lr.float() - _moved(self.clean, device).float()) / 127.5
        scale = hr.shape[2] // lr.shape[2]
        rows, columns = (
            _enlarging(side, side * scale, torch.device(device)) for side in lr.shape[2:]
        )
        kept = (1 - restore).view(-1, 1, 1, 1) * (rows @ gap @ columns.T)
        return to_range(lr), (hr + kept).clamp(-1, 1), restore

    def severity(self) -> np.ndarray:
        """How damaged each LR crop is: float32 [n], 0 ... 1."""
        pairs = zip(self.lr, self.clean)
        return np.array([damage.severity(lr, clean) for lr, clean in pairs], np.float32)


def _moved(array: np.ndarray, device: torch.device | str) -> Tensor:
    """The array on a device; from pinned memory, so that the copy does not wait for the GPU."""
    tensor = torch.from_numpy(array)
    if torch.device(device).type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


@lru_cache(maxsize=16)
def _enlarging(size_in: int, size_out: int, device: torch.device) -> Tensor:
    return torch.from_numpy(matrix(size_in, size_out, False)).float().to(device)


def joined(parts: list[Pixels]) -> Pixels:
    """Concatenates batches."""
    fields = zip(*((p.lr, p.hr, p.clean, p.restore) for p in parts))
    return Pixels(*(None if found[0] is None else np.concatenate(found) for found in fields))


class Crops:
    """Draws batches of `size` LR pixels square from one split."""

    def __init__(self, store: Store, split: str, size: int, seed: int, data: Data = Data()):
        self.store, self.size, self.seed, self.data = store, size, seed, data
        side = size * store.scale
        self._entries = [e for e in store.split(split) if min(e.height, e.width) >= side]
        if not self._entries:
            raise ValueError(
                f"cannot cut crops of {side} pixels: no image of the split \"{split}\" is that "
                f"large; set a smaller crop"
            )
        areas = np.cumsum([e.height * e.width for e in self._entries], dtype=np.float64)
        self._shares = areas / areas[-1]

    def batch(self, step: int, items: range) -> Pixels:
        """LR of [size, size] and HR of [size * scale, size * scale] pixels."""
        found = [self._item(step, item) for item in items]
        stacked = lambda images: np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2))
        lr, hr, clean = (stacked(images) for images in list(zip(*found))[:3])
        if self.data.damage == "none":
            return Pixels(lr, hr)
        return Pixels(lr, hr, clean, np.array([f[3] for f in found], np.float32))

    def _item(self, step: int, item: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        """LR, HR, clean LR, and how much is to be restored."""
        random = np.random.Generator(np.random.Philox(key=[self.seed, step << 20 | item]))
        if self.data.drawn and random.random() < self.data.drawn:
            return self._damaged(self._drawing(random), random)
        if self.data.damage == "none":
            lr, hr = self._tried(self._pair, random)
            return lr, hr, lr, 1.0
        return self._damaged(self._tried(self._wide, random)[1], random)

    def _tried(self, cut, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A crop with contrast, sometimes one without; rotated and mirrored."""
        for _ in range(TRIES):
            judged, cropped = cut(random)
            if judged.std() > BLANK or random.random() < KEPT:
                break
        turns, flip = int(random.integers(4)), bool(random.integers(2))
        turns = turns if self.data.turned else 0
        return _turned(judged, turns, flip), _turned(cropped, turns, flip)

    def _pair(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """LR and HR as the store has them."""
        entry, scale = self._entry(random), self.store.scale
        lr, hr = self.store.lr(entry), self.store.hr(entry)
        y = int(random.integers(lr.shape[0] - self.size + 1))
        x = int(random.integers(lr.shape[1] - self.size + 1))
        window = lambda at: slice(at, at + self.size)
        wide = lambda at: slice(at * scale, (at + self.size) * scale)
        return lr[window(y), window(x)], hr[wide(y), wide(x)]

    def _wide(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The middle of an HR crop that begins at any pixel, and the crop with its margin."""
        entry, side = self._entry(random), self.size * self.store.scale
        beyond = damage.margin(self.store.scale)
        zoom = self._zoom(entry, side, random)
        seen, around = int(zoom * side), round(zoom * beyond)
        y = int(random.integers(entry.height - seen + 1))
        x = int(random.integers(entry.width - seen + 1))
        crop = _repeated(self.store.hr(entry), y - around, x - around, seen + 2 * around)
        crop = _shrunk(crop, side + 2 * beyond)
        return crop[beyond : beyond + side : 4, beyond : beyond + side : 4], crop

    def _zoom(self, entry: Entry, side: int, random: np.random.Generator) -> float:
        """How many HR pixels of the store become one of the crop, along a side."""
        if not self.data.shrunk or random.random() >= self.data.shrunk:
            return 1.0
        return random.uniform(1, min(WIDEST, min(entry.height, entry.width) / side))

    def _drawing(self, random: np.random.Generator) -> np.ndarray:
        """HR bytes, with margin, of generated content that photographs seldom show."""
        from . import drawn  # with Pillow and fonts, which other crops do not need

        if random.random() < drawn.GRAY:
            return drawn.gray(self._tried(self._wide, random)[1])
        side = self.size * self.store.scale + 2 * damage.margin(self.store.scale)
        return drawn.picture(side, random)

    def _damaged(
        self, wide: np.ndarray, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        kind = damage.Damage()
        if self.data.damage == "photo":
            kind = damage.draw(random, self.data.clean, self.data.stored)
            wide = damage.dimmed(wide, random)
        # Half of the damaged crops are to lose more than 70 % of their damage.
        restore = random.random() ** (1 if kind == damage.Damage() else 0.5)
        lr, clean = damage.damaged(wide, kind, self.store.scale, random)
        beyond = damage.margin(self.store.scale)
        return lr, wide[beyond:-beyond, beyond:-beyond], clean, restore

    def _entry(self, random: np.random.Generator) -> Entry:
        """An image, by its share of all pixels."""
        return self._entries[int(np.searchsorted(self._shares, random.random()))]


def _turned(image: np.ndarray, turns: int, flip: bool) -> np.ndarray:
    image = np.rot90(image, turns)
    return image[:, ::-1] if flip else image


def _repeated(image: np.ndarray, y: int, x: int, side: int) -> np.ndarray:
    """A square that may reach beyond the image, whose border pixels are repeated there."""
    rows, columns = (
        np.clip(np.arange(at, at + side), 0, limit - 1) for at, limit in zip((y, x), image.shape)
    )
    part = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if part.shape[:2] == (side, side):
        return np.array(part)
    return part[rows - rows[0]][:, columns - columns[0]]


def _shrunk(image: np.ndarray, side: int) -> np.ndarray:
    """A square of bytes as one of `side` pixels."""
    if image.shape[0] == side:
        return image
    from PIL import Image  # training at the store's own size goes without Pillow

    return np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))


def to_range(images: Tensor) -> Tensor:
    """Bytes as floats in [-1, 1]."""
    return images.float().div_(127.5).sub_(1)
