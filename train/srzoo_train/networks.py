"""Networks that start from released weights, and the encoders of the generative families."""

import json
from pathlib import Path

import torch
from torch import nn

from .models.compact import Plain, Regression
from .models.published import RrdbEncoder, joined_channels
from .recipe import RecipeError, recipe_of
from .state import load_state

ROOT = Path(__file__).parents[2]
Weights = dict[str, torch.Tensor]


def encoder_channels(weights: Weights) -> int:
    """Channels of the features that an encoder with these weights gives."""
    if "conv_first.weight" in weights:
        return joined_channels(len(weights["conv_first.weight"]), _blocks(weights, "RRDB_trunk."))
    return len(weights["stem.weight"])


def encoder_of(weights: Weights, scale: int, origin: object) -> nn.Module:
    """A frozen encoder, sized and filled from the weights of a released regression."""
    if "conv_first.weight" in weights:
        channels = len(weights["conv_first.weight"])
        encoder = RrdbEncoder(channels, _blocks(weights, "RRDB_trunk."), scale)
    else:
        if len(weights["head.weight"]) != 3 * scale * scale:
            raise RecipeError(f"cannot use the encoder {origin}: its scale is not {scale}")
        channels, layers = len(weights["stem.weight"]), _blocks(weights, "body.")
        kind = Plain if "body.0.weight" in weights else Regression
        encoder = kind(scale, channels, layers, "restore.net.0.weight" in weights)
    fill(encoder, weights, origin)
    return encoder.requires_grad_(False).eval()


def channels_of(encoder: nn.Module) -> int:
    """Channels of the features that an encoder gives."""
    return encoder_channels(dict(encoder.named_parameters()))


def restores(encoder: nn.Module) -> bool:
    """Whether an encoder has the input `restore`."""
    return hasattr(encoder, "restore")


def _blocks(weights: Weights, prefix: str) -> int:
    return len({name.split(".")[1] for name in weights if name.startswith(prefix)})


def released(origin: str, graph: str) -> Weights:
    """Weights by parameter name of a saved `.pt`, of a run, or of a graph of a released entry.

    `origin` is a file or folder, seen from here or from the project's folder; after `#` another
    graph than `graph` may be named.
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
    """The averaged weights of a run, the current ones if it has not ended, as they would be released."""
    from . import families

    state = load_state(folder)
    recipe, last = recipe_of(state["recipe"]), len(json.loads(state["recipe"])["stages"]) - 1
    file = folder / f"stage-{last}.pt"
    own = str(folder / "encoder.pt")
    frozen = encoder_of(released(own, "network"), recipe.scale, own) if recipe.encoder else None
    network = families.build(recipe, frozen)
    done = torch.load(file, map_location="cpu", weights_only=True) if file.is_file() else None
    fill(network, done or state["ema"], folder)
    return {name: p.detach() for name, p in network.named_parameters()}


def _initializers(file: Path) -> dict:
    import onnx
    from onnx import numpy_helper

    if not file.is_file():
        raise RecipeError(f"cannot start from {file.parent}: it holds no {file.name}")
    return {t.name: numpy_helper.to_array(t) for t in onnx.load(file).graph.initializer}


def fill(network: nn.Module, weights: Weights, origin: object, fresh: tuple[str, ...] = ()) -> None:
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
