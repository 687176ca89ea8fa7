"""Shared by the families sr3 and ddpm: diffusion of the image, with or without the enlarged input beside it.

The state is residualScale * (hr - base), where the base is the bicubic enlargement or nothing. The families
differ in how the network is given the time.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from .. import diffusion, published
from .. import graphs as onnx_graphs
from ..enlargements import ENLARGEMENTS
from ..graphs import Graph
from ..models.compact import ImageDenoiser
from ..recipe import Recipe
from ..residual import Enlarged

GRID = 4  # pixels a side of a grid cell of an unconditional network, which has no LR grid


class Beside(nn.Module):
    """The enlarged input, which is the condition and the base."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        published_way = partial(ENLARGEMENTS[recipe.condition], scale=recipe.scale)
        self.enlarge = Enlarged(recipe.scale) if recipe.condition == "bicubic" else published_way
        self.on_base = recipe.base == "bicubic"

    def forward(self, lr: Tensor, restore: Tensor | None = None) -> tuple[tuple[Tensor, ...], Tensor]:
        """The condition, and the base, both [n, 3, H, W]."""
        up = self.enlarge(lr)
        return (up,), up if self.on_base else torch.zeros_like(up)


class Alone(nn.Module):
    """No condition, and gray as the base."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        self.scale = recipe.scale

    def forward(self, lr: Tensor, restore: Tensor | None = None) -> tuple[tuple[Tensor, ...], Tensor]:
        """Nothing, and zeros [n, 3, H, W]."""
        n, _, height, width = lr.shape
        return (), torch.zeros(n, 3, height * self.scale, width * self.scale, device=lr.device)


def given(recipe: Recipe) -> nn.Module:
    """The condition that the denoiser is given, and the base."""
    return Alone(recipe) if recipe.condition == "none" else Beside(recipe)


def rules(recipe: Recipe) -> list[tuple[bool, str]]:
    """What must hold of a recipe."""
    bases = ("bicubic", "none") if recipe.condition != "none" else ("none",)
    return [
        (not recipe.encoder, f"encoder: {recipe.family} has none"),
        (recipe.base in bases, f"base: {recipe.family} takes {' and '.join(bases)} here"),
        (recipe.network.kind == "compact" or published.is_published(recipe),
         f"network.kind: {recipe.family} is trained compact, or as published"),
        (recipe.base != "bicubic" or recipe.condition == "bicubic",
         "base: bicubic is the enlargement of the condition bicubic alone"),
        (not recipe.restores, f"data.damage: {recipe.family} has no input restore"),
        (recipe.condition != "none" or recipe.scale == GRID, f"scale: {GRID} without a condition"),
        *published.rules(recipe),
        *diffusion.rules(recipe),
    ]


def build(recipe: Recipe, time: Callable[[], nn.Module], told: str) -> nn.Module:
    """The denoiser, which takes the time as `level` or `t`."""
    size = recipe.network
    if published.is_published(recipe):
        return published.build(recipe, told)
    return ImageDenoiser(
        time(),
        recipe.condition != "none",
        recipe.scale,
        channels=size.channels,
        deep=size.deep,
        blocks=size.blocks // 2,
        deep_blocks=size.deep_blocks,
    )


def graphs(recipe: Recipe, network: nn.Module, told: str, values: Tensor) -> dict[str, Graph]:
    """The graph `denoiser`, its weights rounded to fp16; `values` are examples of the time `told`."""
    if published.is_published(recipe):
        draw = published.draw(recipe, told)
        return {"denoiser": Graph("denoiser", onnx_graphs.halved(network), draw, {"prediction": 0})}

    def states(height: int, width: int, n: int) -> dict[str, Tensor]:
        side = (n, 3, height * recipe.scale, width * recipe.scale)
        condition = {"condition": torch.rand(side) * 2 - 1} if recipe.condition != "none" else {}
        return {"x": torch.randn(side), told: values[:n], **condition}

    return {"denoiser": Graph("denoiser", onnx_graphs.halved(network), states, {"prediction": 0})}


def tiling(recipe: Recipe) -> dict | None:
    """How images are cut if the reach of the network does not decide it."""
    return published.cut(recipe) if published.is_published(recipe) else None


def card(recipe: Recipe, residual_scale: float) -> dict:
    """What the card says beyond files."""
    found = diffusion.card(recipe, residual_scale)
    if recipe.condition != "none":
        found["diffusion"]["condition"] = recipe.condition
    if published.is_published(recipe):  # the authors' code takes every step
        found["steps"]["default"] = found["steps"]["max"]
    return found
