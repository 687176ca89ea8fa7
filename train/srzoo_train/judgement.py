"""Judges samples, one or two of each input, against the truth."""

from pathlib import Path

import torch
from torch import Tensor, nn

from .lattice import LatticeDistance
from .lpips import LpipsAlex, window
from .recipe import RecipeError, Stage
from .spectrum import SpectrumDistance


class Judgement(nn.Module):
    """The energy score of samples, their LPIPS, and the distances of spectra and lattices.

    The energy score is the distance to the truth less `diversity` times half the distance of two
    samples of one input (Gneiting & Raftery 2007, section 4.3), which keeps a network from ignoring
    its noise. Each of the two distances is a mean, over all samples and over all pairs.
    LPIPS sees the images from a corner that moves from step to step: see `lpips.window`.

    Raises:
        RecipeError: if `lpips` is None.
    """

    def __init__(self, stage: Stage, scale: int, lpips: Path | None):
        super().__init__()
        if lpips is None:
            raise RecipeError("cannot train without LPIPS: run `deno task lpips`, or give --lpips lpips_alex.onnx")
        self.stage = stage
        self.lpips = LpipsAlex(lpips)
        self.spectrum = SpectrumDistance()
        self.lattice = LatticeDistance(scale)

    def forward(
        self, samples: Tensor, hr: Tensor, corner: tuple[int, int]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum of all parts, and the parts.

        Args:
            samples: [n + k, 3, H, W] in [-1, 1]: one of every input, then a second one of the first k.
            hr: the truth [n, 3, H, W].
            corner: (y, x) of the window that LPIPS sees.
        """
        stage, first, second = self.stage, samples[: len(hr)], samples[len(hr) :]
        pixel = (samples - again(hr, len(second))).abs().mean()
        apart = (first[: len(second)] - second).abs().mean()
        lpips = _mean(self.lpips, self.lpips.features, window(samples, corner), window(hr, corner))
        loss = stage.pixel * (pixel - stage.diversity / 2 * apart) + stage.lpips * lpips
        parts = {"pixel": pixel, "apart": apart, "lpips": lpips}
        if stage.spectrum:
            parts["spectrum"] = _mean(self.spectrum, self.spectrum.log_power, samples, hr)
            loss = loss + stage.spectrum * parts["spectrum"]
        if stage.lattice:
            parts["lattice"] = _mean(self.lattice, self.lattice.folded, samples, hr)
            loss = loss + stage.lattice * parts["lattice"]
        return loss, {name: value.detach() for name, value in parts.items()}


def again(values: Tensor, count: int) -> Tensor:
    """values [n, ...], and the first `count` of them once more."""
    return torch.cat([values, values[:count]])


def _mean(distance, seen, samples: Tensor, hr: Tensor) -> Tensor:
    """The mean distance of samples from the truth, as `seen` sees images."""
    truth, fakes = seen(hr), seen(samples)
    count = len(samples) - len(hr)
    truth = again(truth, count) if isinstance(truth, Tensor) else [again(part, count) for part in truth]
    return distance(fakes, truth).mean()
