"""Validation on a small fixed set: PSNR-Y and LPIPS, and a sheet of pictures to look at."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from .lpips import LpipsAlex
from .objectives import FewStep, L1, Residuals
from .recipe import Recipe
from .schedule import ancestral
from .store import Store

PICTURES = 8
SIDE = 256  # pixels of HR


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
        entries = [e for e in store.split("val") if min(e.height, e.width) >= SIDE][:PICTURES]
        small = SIDE // recipe.scale
        middle = lambda x, side: x[(x.shape[0] - side) // 2 :, (x.shape[1] - side) // 2 :][:side, :side]
        crops = []
        for entry in entries:
            lr = store.lr(entry)
            y, x = (lr.shape[0] - small) // 2, (lr.shape[1] - small) // 2
            hr = store.hr(entry)[y * recipe.scale :, x * recipe.scale :][:SIDE, :SIDE]
            crops.append((lr[y : y + small, x : x + small], hr))
        stack = lambda i: torch.from_numpy(np.stack([c[i] for c in crops])).permute(0, 3, 1, 2)
        self.lr = stack(0).float() / 127.5 - 1 if crops else None
        self.hr = stack(1).float() / 127.5 - 1 if crops else None

    @torch.no_grad()
    def measure(self, network, objective, out: Path, step: int) -> dict[str, float]:
        """Figures of the averaged weights; writes sheet-<step>.png beside the run."""
        if self.lr is None:
            return {}
        network.eval()
        lr, hr = self.lr.to(self.device), self.hr.to(self.device)
        if isinstance(objective, L1):
            columns = [network(lr)[1].float()]
        else:
            columns = self._samples(network, objective, lr)
        border = self.recipe.scale
        figures = {"psnr_y": psnr_y(columns[-1].cpu(), hr.cpu(), border)}
        if self.lpips:
            truth = self.lpips.features(hr.cpu())
            shown = self.lpips.features(columns[-1].cpu().clamp(-1, 1))
            figures["lpips"] = float(self.lpips(shown, truth).mean())
        if len(columns) > 1:
            figures["std_of_255"] = float(torch.stack(columns[1:]).std(0).mean() * 127.5)
        self._sheet([F.interpolate(lr, scale_factor=border), *columns, hr], out, step)
        return figures

    def _samples(self, network, objective: Residuals, lr: Tensor) -> list[Tensor]:
        """The estimate and two samples of a few steps."""
        features, estimate = objective.encode(lr)
        few = isinstance(objective, FewStep)
        times = objective.stage.timesteps if few else tuple(range(99, -1, -11))
        pictures = [estimate]
        for seed in (0, 1):
            generator = torch.Generator().manual_seed(seed)
            draw = lambda: torch.randn(estimate.shape, generator=generator).to(lr.device)
            x = (1 - objective.alpha_bar[times[0]]).sqrt() * draw()
            for now, then in zip(times, (*times[1:], None)):
                t = torch.full((len(x),), now, device=x.device)
                x0 = objective.x0(network, x, t, features)
                if then is not None:
                    levels = objective.alpha_bar[now], objective.alpha_bar[then]
                    x = ancestral(x, x0, draw(), *levels)
            pictures.append(estimate + x0 / objective.residual_scale)
        return pictures

    def _sheet(self, columns: list[Tensor], out: Path, step: int) -> None:
        rows = torch.cat([c.cpu().clamp(-1, 1) for c in columns], 3)
        sheet = torch.cat(list(rows), 1).add(1).mul(127.5).round().byte()
        Image.fromarray(sheet.permute(1, 2, 0).numpy()).save(out / f"sheet-{step:08d}.png")
