"""Validation on a small fixed set: PSNR-Y and LPIPS, and a sheet of images to look at."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from . import families
from .bicubic import resize
from .data.crops import Crops, to_range
from .lattice import LatticeDistance
from .lpips import SMALLEST, LpipsAlex, window
from .recipe import Recipe
from .residual import Enlarged
from .spectrum import SpectrumDistance
from .data.store import Store

PICTURES = 8
SIDE = 256  # pixels of HR
CORNERS = [(1, 1), (2, 2), (3, 3), (6, 5)]  # corners from which LPIPS sees the images besides (0, 0): see lpips.window


def psnr_y(a: Tensor, b: Tensor, border: int) -> float:
    """PSNR of the BT.601 luma of images [n, 3, h, w] in [-1, 1], `border` pixels left out."""
    weights = torch.tensor([65.481, 128.553, 24.966]).view(1, 3, 1, 1)
    luma = [((x.clamp(-1, 1) + 1) / 2 * weights).sum(1) for x in (a, b)]
    error = (luma[0] - luma[1])[:, border:-border, border:-border].square().mean((1, 2))
    return float((10 * torch.log10(255**2 / error)).mean())


class Validation:
    """Centre crops of images that training never sees."""

    def __init__(self, recipe: Recipe, store: Store, device: torch.device, lpips: Path | None):
        self.recipe, self.device, self.restore = recipe, device, None
        self.spectrum = SpectrumDistance()
        self.lattice = LatticeDistance(recipe.scale)
        sides = [min(e.height, e.width) for e in store.split("val")]
        # Square pairs may be smaller than SIDE; then images are as large as a crop.
        side = SIDE if max(sides, default=0) >= SIDE else recipe.crop * recipe.scale
        small = side // recipe.scale // 2 * 2
        self.lpips = LpipsAlex(lpips) if lpips and small * recipe.scale >= SMALLEST else None
        usable = [e for e, least in zip(store.split("val"), sides) if least >= side]
        self.lr = self.hr = self.bicubic = None
        if usable:
            pairs = [_middle(store, e, small) for e in usable[:PICTURES]]
            self.lr, self.hr, self.bicubic = (_stack(side) for side in zip(*pairs))
        if usable and recipe.restores:
            crops = Crops(store, "val", small, recipe.seed, recipe.data).batch(0, range(PICTURES))
            self.lr, self.hr, self.restore = crops.on("cpu")
            self.bicubic = Enlarged(recipe.scale)(self.lr)

    @torch.no_grad()
    def measure(self, network, objective) -> tuple[dict[str, float], np.ndarray | None]:
        """Figures of the network, and a sheet uint8 [height, width, 3] with a row per image."""
        if self.lr is None:
            return {}, None
        network.eval()
        lr = self.lr.to(self.device)
        restore = None if self.restore is None else self.restore.to(self.device)
        shown = self._shown(network, objective, lr, restore)
        pictures = [picture.float().cpu() for picture in shown]
        figures = {"psnr_y": psnr_y(pictures[-1], self.hr, self.recipe.scale)}
        if self.lpips:
            figures["lpips"] = self._lpips(pictures[-1], self.hr)
            moved = [[window(images, at) for images in (pictures[-1], self.hr)] for at in CORNERS]
            figures["lpips_moved"] = sum(self._lpips(*pair) for pair in moved) / len(moved)
        logs = [self.spectrum.log_power(images.clamp(-1, 1)) for images in (pictures[-1], self.hr)]
        figures["spectrum"] = float(self.spectrum(*logs))
        folded = self.lattice.folded(pictures[-1].clamp(-1, 1)).mean((0, 2, 4))
        figures["lattice_of_255"] = float(folded.std() * 127.5)
        if len(pictures) > 1:
            figures["std_of_255"] = float((pictures[-1] - pictures[-2]).abs().mean() * 127.5 / 2**0.5)
        nearest = F.interpolate(self.lr, size=self.hr.shape[2:])
        return figures, _sheet([nearest, self.bicubic, *pictures, self.hr])

    def _lpips(self, pictures: Tensor, truth: Tensor) -> float:
        features = [self.lpips.features(images) for images in (pictures.clamp(-1, 1), truth)]
        return float(self.lpips(*features).mean())

    def _shown(self, network, objective, lr: Tensor, restore: Tensor | None) -> list[Tensor]:
        """The image of a regression; else the first state, a middle estimate and two samples."""
        shown = families.of(self.recipe).sample
        first = shown(objective, network, lr, restore, 0)
        if len(first) == 1:
            return first
        second = shown(objective, network, lr, restore, 1)
        return [first[0], first[len(first) // 2 - (len(first) == 2)], second[-1], first[-1]]


def _middle(store: Store, entry, small: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """LR, HR and bicubic bytes of the centre of an image."""
    lr, hr, scale = store.lr(entry), store.hr(entry), store.scale
    y, x = ((side - small) // 2 for side in lr.shape[:2])
    crop = lr[y : y + small, x : x + small]
    side = small * scale
    window = hr[y * scale :, x * scale :][:side, :side]
    return crop, window, resize(crop, side, side)


def _stack(images: tuple[np.ndarray, ...]) -> Tensor:
    return to_range(torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2))


def _sheet(columns: list[Tensor]) -> np.ndarray:
    rows = torch.cat([column.clamp(-1, 1) for column in columns], 3)
    sheet = torch.cat(list(rows), 1).add(1).mul(127.5).round().byte()
    return sheet.permute(1, 2, 0).numpy()
