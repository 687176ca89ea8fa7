"""Weights that training starts from: released entries, runs, checkpoints."""

import json
from pathlib import Path

import torch
from torch import nn

from . import families
from .networks import Weights, encoder_of, fill
from .recipe import Recipe, RecipeError, recipe_of
from .state import load_state

ROOT = Path(__file__).parents[2]


def encoder(recipe: Recipe, run: Path | None = None) -> nn.Module | None:
    """The frozen encoder that a recipe names, or None; its weights come from a run's folder if they are there."""
    if not recipe.encoder:
        return None
    return encoder_of(encoder_weights(recipe, run), recipe.scale, recipe.encoder)


def encoder_weights(recipe: Recipe, run: Path | None = None) -> Weights:
    """The weights of that encoder."""
    kept = run / "encoder.pt" if run else None
    return released(str(kept) if kept and kept.is_file() else recipe.encoder, "network")


def start_from(recipe: Recipe, network: nn.Module, origin: str) -> None:
    """Fills a network, except the recipe's fresh layers, with weights of a released entry, a run or a checkpoint."""
    family = families.of(recipe)
    weights = released(origin, family.TILED[-1])
    if hasattr(family, "trainable"):
        try:
            weights = family.trainable(network, weights)
        except ValueError as error:
            raise RecipeError(f"cannot start from {origin}: {error}") from None
    fill(network, weights, origin, recipe.fresh)


def released(origin: str, graph: str) -> Weights:
    """Weights by parameter name of a saved `.pt`, of a run, or of a graph of a released entry.

    `origin` is a file or folder, relative to the working folder or the project's; `#NAME` at its end
    names another graph than `graph`.
    """
    place, _, named = str(origin).partition("#")
    entry = next((p for p in (Path(place), ROOT / place) if p.exists()), Path(place))
    if entry.suffix == ".pt" and entry.is_file():
        return torch.load(entry, map_location="cpu", weights_only=True)
    if next(entry.glob("state-*.pt"), None):
        return _of_run(entry)
    beside = entry / f"{named or graph}.safetensors"
    if beside.is_file():
        from safetensors.torch import load_file

        return {name: tensor.float() for name, tensor in load_file(beside).items()}
    found = _initializers(entry / f"{named or graph}.onnx")
    return {name: torch.from_numpy(a.copy()).float() for name, a in found.items() if a.ndim}


def _of_run(folder: Path) -> Weights:
    """The averaged weights of a run as they would be released; the current ones if it has not ended."""
    state = load_state(folder)
    recipe, last = recipe_of(state["recipe"]), len(json.loads(state["recipe"])["stages"]) - 1
    file = folder / f"stage-{last}.pt"
    network = families.build(recipe, encoder(recipe, folder))
    done = torch.load(file, map_location="cpu", weights_only=True) if file.is_file() else None
    fill(network, done or state["ema"], folder)
    return {name: p.detach() for name, p in network.named_parameters()}


def _initializers(file: Path) -> dict:
    import onnx
    from onnx import numpy_helper

    if not file.is_file():
        raise RecipeError(f"cannot start from {file.parent}: it holds no {file.name}")
    return {t.name: numpy_helper.to_array(t) for t in onnx.load(file).graph.initializer}
