"""The families that can be trained. Each is a module with

- `NAME` and `ABOUT`: words of a card.
- `LOSSES`: of its stages; `rules(recipe)`: what else must hold of a recipe, as (holds, message).
- `build(recipe, encoder)`: the network; `encoder` is the frozen one, or None.
- `objective(recipe, stage, encoder, residual_scale, lpips)`: a module whose forward takes the network
  and a batch to a loss and its parts. It is a `Residuals` where there is a residual scale.
- `sample(objective, network, lr, restore, seed)`: the images that validation shows, the last one judged.
- `graphs(recipe, network, encoder)`: what is exported; `TILED` names the graphs whose reach decides how
  far tiles overlap, `multiple(recipe)` the multiple of LR sizes, and `minimum(recipe)`, if there is one, the
  smallest of a published network.
- `card(recipe, residual_scale)`: what the card says beyond files.
- `tiling(recipe)`, if the family has published networks, which look at whole tiles: how to cut, or None.
- `trainable(network, weights)`, if graphs hold other weights than networks: converts those of a released graph
  to the network's.
- `start(network, objective, lr, hr, restore)`, if the network is initialised by a first batch.
"""

import importlib
from types import ModuleType

import torch
from torch import nn

from ..recipe import Recipe


def of(recipe: Recipe) -> ModuleType:
    """The module of a recipe's family."""
    return importlib.import_module(f".{recipe.family}", __name__)


def build(recipe: Recipe, frozen: nn.Module | None = None) -> nn.Module:
    """The network that the recipe trains, freshly initialised from its seed; `frozen` is the encoder that it names."""
    torch.manual_seed(recipe.seed)
    return of(recipe).build(recipe, frozen)
