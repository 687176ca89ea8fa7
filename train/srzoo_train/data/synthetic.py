"""A small store of drawn images, for tests and for measuring speed without photographs."""

from pathlib import Path

import numpy as np

from ..bicubic import shrink
from .store import Entry, write_index


def picture(side: int, seed: int) -> np.ndarray:
    """Bytes [side, side, 3]: a slope, edges of random discs, and some grain."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    image = np.stack([x, y, (x + y) / 2], 2) * 120 + 60
    for _ in range(24):
        cy, cx, radius = random.random(3) * (1, 1, 0.2)
        image[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] = random.random(3) * 255
    return np.clip(image + random.normal(0, 6, image.shape), 0, 255).astype(np.uint8)


def synthetic_store(folder: Path, scale: int, pictures: int = 6, side: int = 256) -> Path:
    """Writes a store whose last image is kept aside; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    entries, hr_at, lr_at = [], 0, 0
    with (folder / "hr.bin").open("wb") as hr_file, (folder / "lr.bin").open("wb") as lr_file:
        for i in range(pictures):
            hr = picture(side // scale * scale, i)
            lr = shrink(hr, scale)
            split = "val" if i == pictures - 1 else "train"
            entries.append(Entry(f"{i}.png", "synthetic", split, *hr.shape[:2], hr_at, lr_at, "CC0"))
            hr_at, lr_at = hr_at + hr.size, lr_at + lr.size
            hr_file.write(hr.tobytes())
            lr_file.write(lr.tobytes())
    write_index(folder, scale, entries, {"refused": []})
    return folder
