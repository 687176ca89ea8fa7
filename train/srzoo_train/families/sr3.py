"""Family sr3: diffusion of the image, the network is given the noise level sqrt(alphaBar) (Saharia et al. 2021)."""

from pathlib import Path

import torch
from torch import nn

from .. import diffusion
from ..diffusion import Chain, noise_level, sample
from ..graphs import Graph
from ..models.compact import NoiseLevel
from ..recipe import Recipe, Stage
from . import _images
from ._images import card, rules, tiling

__all__ = ["build", "card", "graphs", "multiple", "objective", "rules", "sample", "tiling"]

NAME, ABOUT = "SR3", "diffusion of the image, told its level of noise"
LOSSES = diffusion.LOSSES
TILED = ("denoiser",)


def build(recipe: Recipe, encoder: None) -> nn.Module:
    """The denoiser."""
    return _images.build(recipe, NoiseLevel, "level")


def objective(
    recipe: Recipe, stage: Stage, encoder: None, residual_scale: float, lpips: Path | None
) -> Chain:
    """What a stage minimises."""
    return diffusion.objective(recipe, stage, _images.given(recipe), noise_level, residual_scale, lpips)


def graphs(recipe: Recipe, network: nn.Module, encoder: None) -> dict[str, Graph]:
    """The graph `denoiser`: x, level, condition -> prediction."""
    return _images.graphs(recipe, network, "level", torch.tensor([0.5, 0.9]))


def multiple(recipe: Recipe) -> int:
    """LR sizes are multiples of this: the U-Net's second level has half the LR grid."""
    return 2
