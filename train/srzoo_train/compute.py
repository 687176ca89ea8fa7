"""What a recipe costs, counted by running one crop through its loss and back."""

from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from . import families, origins
from .batches import Batch
from .recipe import Recipe, Stage


def gflop_per_step(recipe: Recipe, stage: Stage, lpips: Path | None, encoder=None) -> float:
    """GFLOP (2 x multiply-adds of convolutions and matrix products) of one optimizer step."""
    encoder = encoder or origins.encoder(recipe)
    network = families.build(recipe, encoder)
    objective = families.of(recipe).objective(recipe, stage, encoder, 1.0, lpips)
    # Few-step training stops after a random step: draws spread evenly stand for all of them.
    draws = 24 if stage.loss == "few_step" else 1
    starts = [(i + 0.5) / draws for i in range(draws)]
    counted = [_flop(network, objective, recipe, start) for start in starts]
    return sum(counted) / len(counted) * recipe.batch / 1e9


def _flop(network, objective, recipe: Recipe, start: float) -> int:
    side = recipe.crop * recipe.scale
    batch = Batch(
        lr=torch.rand(1, 3, recipe.crop, recipe.crop) * 2 - 1,
        hr=torch.rand(1, 3, side, side) * 2 - 1,
        noise=lambda _, shape: torch.randn(shape),
        uniform=torch.tensor([start]),
        shared=start,
        restore=torch.tensor([0.5]) if recipe.restores else None,
    )
    with FlopCounterMode(display=False) as counter:
        loss, _ = objective(network, batch)
        loss.backward()
    return counter.get_total_flops()


def parameters(network: torch.nn.Module) -> int:
    """Number of trained values."""
    return sum(p.numel() for p in network.parameters())
