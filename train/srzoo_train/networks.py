"""Builds the network that a recipe asks for, and starts it from released weights."""

from pathlib import Path

import torch
from torch import nn

from .models.compact import Denoiser, Regression
from .models.published import RrdbEncoder, joined_channels
from .models.srdiff_unet import SRDiffUNet
from .recipe import Recipe, RecipeError

ROOT = Path(__file__).parents[2]


def build(recipe: Recipe) -> nn.Module:
    """The network that the recipe trains, freshly initialised from its seed."""
    torch.manual_seed(recipe.seed)
    size, published = recipe.network, recipe.network.kind == "published"
    if recipe.family == "regression":
        if published:
            return RrdbEncoder(size.channels, size.blocks, recipe.scale)
        return Regression(recipe.scale, size.channels, size.blocks)
    if recipe.family == "srflow":
        from .families import srflow

        return srflow.build(recipe)
    features = encoder_channels(released(recipe.encoder, "network"))
    if published:
        return SRDiffUNet(size.hidden, size.multipliers, features, recipe.scale)
    return Denoiser(
        scale=recipe.scale,
        features=features,
        channels=size.channels,
        deep=size.deep,
        blocks=size.blocks // 2,
        deep_blocks=size.deep_blocks,
        timesteps=recipe.diffusion_steps,
    )


def encoder_channels(weights: dict[str, torch.Tensor]) -> int:
    """Channels of the features that an encoder with these weights gives."""
    if "conv_first.weight" in weights:
        return joined_channels(len(weights["conv_first.weight"]), _blocks(weights, "RRDB_trunk."))
    return len(weights["stem.weight"])


def encoder_of(recipe: Recipe) -> nn.Module:
    """The frozen encoder, sized and filled from the released entry that the recipe names."""
    weights = released(recipe.encoder, "network")
    if "conv_first.weight" in weights:
        channels = len(weights["conv_first.weight"])
        encoder = RrdbEncoder(channels, _blocks(weights, "RRDB_trunk."), recipe.scale)
    else:
        encoder = Regression(recipe.scale, len(weights["stem.weight"]), _blocks(weights, "body."))
    fill(encoder, weights, recipe.encoder)
    return encoder


def _blocks(weights: dict[str, torch.Tensor], prefix: str) -> int:
    return len({name.split(".")[1] for name in weights if name.startswith(prefix)})


def released(origin: str, graph: str) -> dict[str, torch.Tensor]:
    """Weights by parameter name of a saved `.pt`, or of a graph of a released entry.

    `origin` is a file or folder, seen from here or from the project's folder; after `#` another
    graph than `graph` may be named.
    """
    place, _, named = str(origin).partition("#")
    entry = next((p for p in (Path(place), ROOT / place) if p.exists()), Path(place))
    if entry.suffix == ".pt" and entry.is_file():
        return torch.load(entry, map_location="cpu", weights_only=True)
    beside = entry / f"{named or graph}.safetensors"
    if beside.is_file():
        from .fixture import read_safetensors

        found = read_safetensors(beside.read_bytes())
    else:
        found = _initializers(entry / f"{named or graph}.onnx")
    return {name: torch.from_numpy(a.copy()).float() for name, a in found.items() if a.ndim}


def _initializers(file: Path) -> dict:
    import onnx
    from onnx import numpy_helper

    if not file.is_file():
        raise RecipeError(f"cannot start from {file.parent}: it holds no {file.name}")
    return {t.name: numpy_helper.to_array(t) for t in onnx.load(file).graph.initializer}


def fill(
    network: nn.Module, weights: dict[str, torch.Tensor], origin: object, fresh: tuple[str, ...] = ()
) -> None:
    """Loads every parameter but those of the layers `fresh`; names what is missing or has another shape."""
    for name, parameter in network.named_parameters():
        if any(name.startswith(layer + ".") for layer in fresh):
            continue
        if name not in weights:
            raise RecipeError(f"cannot start from {origin}: it holds no weights named {name}")
        if weights[name].shape != parameter.shape:
            raise RecipeError(
                f"cannot start from {origin}: {name} is {tuple(weights[name].shape)} there, "
                f"{tuple(parameter.shape)} in the recipe"
            )
        parameter.data.copy_(weights[name])
