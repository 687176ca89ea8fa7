"""Builds the network that a recipe asks for, and starts it from released weights."""

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import nn

from .models.compact import Denoiser, Regression
from .recipe import Network, Recipe, RecipeError


def build(recipe: Recipe) -> nn.Module:
    """The network that the recipe trains, freshly initialised from its seed."""
    torch.manual_seed(recipe.seed)
    size = recipe.network
    if recipe.family == "regression":
        return Regression(recipe.scale, size.channels, size.blocks)
    return Denoiser(
        scale=recipe.scale,
        features=encoder_of(recipe).stem.out_channels,
        channels=size.channels,
        deep=size.deep,
        blocks=size.blocks // 2,
        deep_blocks=size.deep_blocks,
        timesteps=recipe.diffusion_steps,
    )


def encoder_of(recipe: Recipe) -> Regression:
    """The frozen encoder, sized and filled from the released entry that the recipe names."""
    weights = released(Path(recipe.encoder), "network")
    channels = weights["stem.weight"].shape[0]
    blocks = len({name.split(".")[1] for name in weights if name.startswith("body.")})
    encoder = Regression(recipe.scale, channels, blocks)
    fill(encoder, weights, recipe.encoder)
    return encoder


def released(entry: Path, graph: str) -> dict[str, torch.Tensor]:
    """Weights by parameter name: the initializers of `<entry>/<graph>.onnx`, or a saved `.pt`."""
    if entry.suffix == ".pt":
        return torch.load(entry, map_location="cpu", weights_only=True)
    file = entry / f"{graph}.onnx"
    if not file.is_file():
        raise RecipeError(f"cannot start from {entry}: it holds no {graph}.onnx")
    found = {t.name: numpy_helper.to_array(t) for t in onnx.load(file).graph.initializer}
    return {name: torch.from_numpy(a.copy()).float() for name, a in found.items() if a.ndim}


def fill(network: nn.Module, weights: dict[str, torch.Tensor], origin: object) -> None:
    """Loads every parameter; names what is missing and what has another shape."""
    for name, parameter in network.named_parameters():
        if name not in weights:
            raise RecipeError(f"cannot start from {origin}: it holds no weights named {name}")
        if weights[name].shape != parameter.shape:
            raise RecipeError(
                f"cannot start from {origin}: {name} is {tuple(weights[name].shape)} there, "
                f"{tuple(parameter.shape)} in the recipe"
            )
        parameter.data.copy_(weights[name])
