"""Family regression: one network, one result. The posterior mean, or the median with L1."""

from pathlib import Path

import torch
from torch import Tensor, nn

from .. import graphs as onnx_graphs
from ..batches import Batch
from ..graphs import Graph
from ..models.compact import Plain, Regression
from ..models.published import RrdbEncoder
from ..recipe import Recipe, Stage

NAME, ABOUT = "Regression", "the posterior mean: least error, one answer"
LOSSES = ("l1", "l2")
TILED = ("network",)


def rules(recipe: Recipe) -> list[tuple[bool, str]]:
    """What must hold of a recipe."""
    return [(not recipe.restores or recipe.network.kind != "published",
             "data.damage: published networks have no input restore")]


def build(recipe: Recipe, encoder: nn.Module | None) -> nn.Module:
    """The network."""
    size = recipe.network
    if size.kind == "published":
        return RrdbEncoder(size.channels, size.blocks, recipe.scale)
    if size.kind == "plain":
        return Plain(recipe.scale, size.channels, size.blocks, recipe.restores)
    return Regression(recipe.scale, size.channels, size.blocks, recipe.restores)


class Error(nn.Module):
    """Mean absolute or squared error: its minimum is the conditional median or mean."""

    def __init__(self, loss: str):
        super().__init__()
        self.loss = loss

    def forward(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        error = _called(network, batch.lr, batch.restore)[1].float() - batch.hr
        loss = error.abs().mean() if self.loss == "l1" else error.square().mean()
        return loss, {self.loss: loss.detach()}


def objective(
    recipe: Recipe, stage: Stage, encoder: nn.Module | None, residual_scale: float, lpips: Path | None
) -> nn.Module:
    """What a stage minimises."""
    return Error(stage.loss)


def sample(
    objective: nn.Module, network: nn.Module, lr: Tensor, restore: Tensor | None, seed: int
) -> list[Tensor]:
    """The image."""
    return [_called(network, lr, restore)[1]]


def graphs(recipe: Recipe, network: nn.Module, encoder: nn.Module | None) -> dict[str, Graph]:
    """The graph `network`, its weights rounded to fp16."""
    released = onnx_graphs.halved(network)
    return {"network": Graph("network", released, onnx_graphs.low_images(recipe.restores), {"sr": 1})}


def multiple(recipe: Recipe) -> int:
    """LR sizes are multiples of this."""
    return 1


def card(recipe: Recipe, residual_scale: float) -> dict:
    """What the card says beyond files."""
    return {"restore": {"default": 1}} if recipe.restores else {}


def _called(network: nn.Module, lr: Tensor, restore: Tensor | None) -> tuple[Tensor, Tensor]:
    return network(lr) if restore is None else network(lr, restore)
