"""Published image-space diffusion networks: built from a recipe, cut into tiles, called for checks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from .models.janspiry_unet import JanspiryShape, JanspiryUNet
from .models.novwaul_unet import NovwaulShape, NovwaulUNet
from .recipe import Recipe

KINDS = ("janspiry", "novwaul")
# Pixels of a tile and of its overlap, on the high-resolution grid. Group norms and attention look at whole
# tiles, so tiles are blended.
TILE, OVERLAP = 256, 64


def is_published(recipe: Recipe) -> bool:
    """Whether a recipe trains one of these networks."""
    return recipe.network.kind in KINDS


def rules(recipe: Recipe) -> list[tuple[bool, str]]:
    """What must hold of a recipe of one of these networks."""
    if not is_published(recipe):
        return []
    size = recipe.network
    widths = [size.hidden * m for m in (1, *size.multipliers)]
    groups = size.groups if size.kind == "janspiry" else 8
    stride = 2 ** (len(size.multipliers) - 1)
    return [
        (recipe.condition != "none", f"condition: {size.kind} is trained with one"),
        (recipe.base == "none", f"base: {size.kind} takes none, its state is the image"),
        (recipe.residual_scale == 1, f"residual_scale: {size.kind} takes 1, its state is the image"),
        (all(width % groups == 0 for width in widths),
         f"network: every level's channels must be a multiple of {groups} groups"),
        (all(0 <= level < len(size.multipliers) for level in size.attention),
         f"network.attention: levels are 0 ... {len(size.multipliers) - 1}"),
        (0 <= size.dropout < 1, "network.dropout: must be from 0 to below 1"),
        (recipe.crop * recipe.scale % stride == 0,
         f"crop: times the scale it must be a multiple of {stride}"),
        (all(stage.loss == "diffusion" for stage in recipe.stages), "stages: takes the loss diffusion"),
    ]


def build(recipe: Recipe, told: str) -> nn.Module:
    """The network, which takes the time as `level` or `t`."""
    size = recipe.network
    widths = tuple(size.hidden * multiplier for multiplier in size.multipliers)
    attention = frozenset(size.attention)
    if size.kind == "novwaul":
        return NovwaulUNet(NovwaulShape(
            size.hidden, widths, size.blocks, attention, True, 4 * size.hidden, size.dropout,
        ))
    return JanspiryUNet(JanspiryShape(
        "level" if told == "level" else "timestep", 6, size.hidden, widths, size.blocks, attention,
        size.groups, size.dropout,
    ))


def draw(recipe: Recipe, told: str) -> Draw:
    """Inputs for checks of a recipe's network."""
    steps = (recipe.sampling or recipe.trained).timesteps
    return Draw(told, recipe.scale, 2 ** (len(recipe.network.multipliers) - 1), steps, True)


def cut(recipe: Recipe) -> dict[str, Any]:
    """How images are cut for a recipe's network."""
    return tiling(recipe.scale, 2 ** (len(recipe.network.multipliers) - 1))


def tiling(scale: int, stride: int) -> dict[str, Any]:
    """How to cut, in low-resolution pixels: a tile is at least four times its overlap."""
    multiple = stride // math.gcd(stride, scale)
    overlap = -(-max(1, OVERLAP // scale) // multiple) * multiple
    size = -(-max(TILE // scale, 4 * overlap) // multiple) * multiple
    return {"size": size, "overlap": overlap, "multiple": multiple, "blended": True}


@dataclass(frozen=True)
class Draw:
    """Makes inputs of sizes that the network takes, for checks."""

    time: Literal["level", "t"]
    scale: int
    stride: int
    timesteps: int
    conditional: bool

    def __call__(self, height: int, width: int, n: int) -> dict[str, Tensor]:
        """Noise, as many different times as there are items, and the enlarged input."""
        sides = (-(-side * self.scale // self.stride) * self.stride for side in (height, width))
        size = (n, 3, *sides)
        t = torch.linspace(0, self.timesteps - 1, n + 1).round()[1:]
        time = torch.linspace(1, 0.1, n + 1)[1:] if self.time == "level" else t
        condition = {"condition": torch.rand(size) * 2 - 1} if self.conditional else {}
        return {"x": torch.randn(size), self.time: time, **condition}
