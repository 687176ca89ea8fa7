"""Family ddpm: diffusion of the image, the network is given the timestep (Ho et al. 2020)."""

from pathlib import Path

import torch
from torch import nn

from .. import diffusion
from ..diffusion import Chain, sample, timestep
from ..graphs import Graph
from ..models.compact import Timestep
from ..recipe import Recipe, Stage
from . import _images
from ._images import card, tiling

__all__ = ["build", "card", "graphs", "multiple", "objective", "rules", "sample", "tiling"]

NAME, ABOUT = "DDPM", "diffusion of the image, told the timestep"
LOSSES = diffusion.LOSSES
TILED = ("denoiser",)


def rules(recipe: Recipe) -> list[tuple[bool, str]]:
    """What must hold of a recipe."""
    told = recipe.network.kind != "novwaul"
    return [*_images.rules(recipe), (told, "network.kind: novwaul is of the family sr3")]


def build(recipe: Recipe, encoder: None) -> nn.Module:
    """The denoiser."""
    return _images.build(recipe, lambda: Timestep(recipe.diffusion_steps), "t")


def objective(
    recipe: Recipe, stage: Stage, encoder: None, residual_scale: float, lpips: Path | None
) -> Chain:
    """What a stage minimises."""
    return diffusion.objective(recipe, stage, _images.given(recipe), timestep, residual_scale, lpips)


def graphs(recipe: Recipe, network: nn.Module, encoder: None) -> dict[str, Graph]:
    """The graph `denoiser`: x, t, condition -> prediction."""
    return _images.graphs(recipe, network, "t", torch.arange(2).float() + recipe.diffusion_steps // 2)


def multiple(recipe: Recipe) -> int:
    """LR sizes are multiples of this: the U-Net's second level has half the LR grid."""
    return 2
