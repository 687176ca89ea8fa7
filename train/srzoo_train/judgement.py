"""How a pair of samples of the same input is judged against the truth."""

from pathlib import Path

import torch
from torch import Tensor, nn

from .lattice import LatticeDistance
from .lpips import LpipsAlex, window
from .recipe import Stage
from .spectrum import SpectrumDistance


class Judgement(nn.Module):
    """The energy score of two samples, their LPIPS, and the distances of spectra and lattices.

    The energy score is the distance to the truth less `diversity` times half the distance to each
    other (Gneiting & Raftery 2007, section 4.3), which keeps a network from ignoring its noise.
    LPIPS sees the images from a corner that moves from step to step: see `lpips.window`.
    """

    def __init__(self, stage: Stage, scale: int, lpips: Path):
        super().__init__()
        self.stage = stage
        self.lpips = LpipsAlex(lpips)
        self.spectrum = SpectrumDistance()
        self.lattice = LatticeDistance(scale)

    def forward(
        self, pair: tuple[Tensor, Tensor], hr: Tensor, corner: tuple[int, int]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum of all parts, and the parts; images [n, 3, H, W] in [-1, 1]."""
        stage, (first, second) = self.stage, pair
        pixel = ((first - hr).abs().mean() + (second - hr).abs().mean()) / 2
        apart = (first - second).abs().mean()
        lpips = _mean(self.lpips, self.lpips.features, [window(x, corner) for x in (hr, first, second)])
        loss = stage.pixel * (pixel - stage.diversity / 2 * apart) + stage.lpips * lpips
        parts = {"pixel": pixel, "apart": apart, "lpips": lpips}
        if stage.spectrum:
            parts["spectrum"] = _mean(self.spectrum, self.spectrum.log_power, (hr, first, second))
            loss = loss + stage.spectrum * parts["spectrum"]
        if stage.lattice:
            parts["lattice"] = _mean(self.lattice, self.lattice.folded, (hr, first, second))
            loss = loss + stage.lattice * parts["lattice"]
        return loss, {name: value.detach() for name, value in parts.items()}


def _mean(distance, seen, images) -> Tensor:
    """The mean distance of both samples from the truth, as `seen` sees images."""
    truth, *fakes = map(seen, images)
    return torch.stack([distance(fake, truth).mean() for fake in fakes]).mean()
