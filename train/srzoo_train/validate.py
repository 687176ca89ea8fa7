"""Validation on a small fixed set: PSNR-Y and LPIPS, and a sheet of pictures to look at."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .bicubic import resize
from .data.crops import to_range
from .lattice import LatticeDistance
from .lpips import LpipsAlex, window
from .families import srflow
from .objectives import FewStep, Residuals
from .recipe import Recipe, spaced
from .spectrum import SpectrumDistance
from .data.store import Store

PICTURES = 8
SIDE = 256  # pixels of HR
CORNERS = [(1, 1), (2, 2), (3, 3), (6, 5)]  # where LPIPS looks besides (0, 0): see lpips.window
STEPS = 10  # of an objective that was trained for every timestep


def psnr_y(a: Tensor, b: Tensor, border: int) -> float:
    """PSNR of the BT.601 luma of pictures [n, 3, h, w] in [-1, 1], `border` pixels left out."""
    weights = torch.tensor([65.481, 128.553, 24.966]).view(1, 3, 1, 1)
    luma = [((x.clamp(-1, 1) + 1) / 2 * weights).sum(1) for x in (a, b)]
    error = (luma[0] - luma[1])[:, border:-border, border:-border].square().mean((1, 2))
    return float((10 * torch.log10(255**2 / error)).mean())


class Validation:
    """Centre crops of pictures that training never sees."""

    def __init__(self, recipe: Recipe, store: Store, device: torch.device, lpips: Path | None):
        self.recipe, self.device = recipe, device
        self.lpips = LpipsAlex(lpips) if lpips else None
        self.spectrum = SpectrumDistance()
        self.lattice = LatticeDistance(recipe.scale)
        small = SIDE // recipe.scale // 2 * 2
        pairs = [_middle(store, e, small) for e in store.split("val")
                 if min(e.height, e.width) >= SIDE][:PICTURES]
        self.lr, self.hr, self.bicubic = (_stack(side) for side in zip(*pairs)) if pairs else [None] * 3

    @torch.no_grad()
    def measure(self, network, objective) -> tuple[dict[str, float], np.ndarray | None]:
        """Figures of the network, and a sheet uint8 [height, width, 3] with a row per picture."""
        if self.lr is None:
            return {}, None
        network.eval()
        lr = self.lr.to(self.device)
        shown = self._shown(network, objective, lr)
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

    def _shown(self, network, objective, lr: Tensor) -> list[Tensor]:
        """The regression; or the way from x_T to x_0 at its beginning and middle, and two samples.

        Of a flow, the images of temperature 0 and of half the card's stand for the way.
        """
        if isinstance(objective, srflow.Likelihood):
            return self._flowing(network, objective, lr)
        if not isinstance(objective, Residuals):
            return [network(lr)[1]]
        first, second = (self._sample(network, objective, lr, seed) for seed in (0, 1))
        return [first[0], first[len(first) // 2], second[-1], first[-1]]

    def _flowing(self, network, objective: srflow.Likelihood, lr: Tensor) -> list[Tensor]:
        temperature = srflow.temperature_of(self.recipe)
        shape = srflow.latent_shape(self.recipe.scale, lr, 1)
        latents = [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1)]
        shown = [0 * latents[0], temperature / 2 * latents[0], *(temperature * z for z in reversed(latents))]
        return [objective.sample(network, lr, z.to(lr.device)) for z in shown]

    def _sample(self, network, objective: Residuals, lr: Tensor, seed: int) -> list[Tensor]:
        """Pictures of x_T, of x0 as estimated at every step, the last of them the sample."""
        features, base = objective.encode(lr)
        draws = torch.Generator().manual_seed(seed)
        noise = lambda _, shape: torch.randn(shape, generator=draws).to(lr.device)
        if isinstance(objective, FewStep):
            times = objective.times
            x = objective.start(noise(0, base.shape), times[0])
        else:
            chain = len(objective.alpha_bar)
            times = torch.tensor(spaced(chain, min(STEPS, chain)), device=lr.device)
            x = noise(0, base.shape)
        picture = lambda x0: base + x0 / objective.residual_scale
        pictures = [picture(x)]
        for i in range(len(times) - 1):
            x, x0 = objective.advance(network, x, features, times, i, noise)
            pictures.append(picture(x0))
        return [*pictures, picture(objective.x0(network, x, times[-1].expand(len(x)), features))]


def _middle(store: Store, entry, small: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """LR, HR and bicubic bytes of the centre of a picture."""
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
