"""Networks filled from given weights, and the encoders of the generative families."""

import torch
from torch import nn

from .models.compact import Plain, Regression
from .models.published import RrdbEncoder, joined_channels
from .recipe import RecipeError

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
