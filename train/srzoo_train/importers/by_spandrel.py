"""Networks of other systems, by the optional package spandrel: ESRGAN, Real-ESRGAN, SPAN, SwinIR and many more.

They take and give images in [0, 1]; the exported graph has this library's range, [-1, 1].
"""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

from ..graphs import ExportError, Graph, radius
from .system import Conversion, ImportRefused, System, Weights

HINT = "the optional package spandrel knows some forty more: `deno task spandrel` installs it"

# Low-resolution pixels: the overlap is then a small part of a tile. Networks whose reach is larger,
# or that look at whole tiles, are blended.
TILE, OVERLAP = 128, 16
# Attributes that name multiples for the sides, beyond what spandrel states: such networks pad by
# themselves, which an exported graph would do for one size only.
WINDOWS = ("window_size", "shuffle_factor", "start_unshuffle")
# The least side that networks are checked with.
LEAST = 8


def detect(weights: Iterable[str]) -> bool:
    """Whether spandrel has an architecture for these weights."""
    present = importlib.util.find_spec("spandrel") is not None
    return present and isinstance(weights, Mapping) and recognised(weights) is not None


def recognised(weights: Mapping[str, Tensor]) -> tuple[Any, Weights] | None:
    """The architecture, and the weights under its names, which may begin with a prefix taken for a wrapper's."""
    from spandrel import MAIN_REGISTRY

    for prefix in ("", "model."):
        named = {prefix + key: value for key, value in weights.items()}
        for support in MAIN_REGISTRY.architectures("detection"):
            if support.architecture.detect(named):
                return support.architecture, named
    return None


def convert(weights: Weights, config: Mapping[str, Any]) -> Conversion:
    """Loads the network and finds out what a card must say; nothing needs to be configured."""
    architecture, named = recognised(weights)
    described = loaded(architecture, named)
    network = Ranged(described).eval().requires_grad_(False)
    graph = Graph("network", network, Draw(described), {"sr": 0})
    name, scale = architecture.name, described.scale
    task = f"for {scale} times the size" if scale > 1 else "that keeps the size"
    floats = [weight.dtype for weight in weights.values() if weight.is_floating_point()]
    tiles, notes = tiling(described, graph)
    return Conversion(
        graphs=(graph,),
        card={
            "name": f"{name} x{scale}",
            "description": f"Imported {name} network {task}: one answer.",
            "family": "regression",
            "scale": scale,
            "licence": {"weights": "not stated by the checkpoint", "data": []},
            "tiling": tiles,
        },
        notes=notes,
        system=f"{name} (spandrel)",
        half=all(dtype == torch.float16 for dtype in floats),
        exporting=traceable(network),
    )


SPANDREL = System("spandrel", ("params_ema", "params-ema", "params", "state_dict", "model", ""),
                  detect, convert)


def loaded(architecture: Any, named: Weights) -> Any:
    """spandrel's description of the network, its weights in fp32; refuses what does not map an image to an image."""
    from spandrel import ImageModelDescriptor

    weights = {key: value.float() if value.is_floating_point() else value.clone()
               for key, value in named.items()}
    try:
        described = architecture.load(weights)
    except Exception as error:  # each architecture raises kinds of its own for weights that do not fit
        reason = " ".join(str(error).split())[:200]
        raise ImportRefused(f"it looks like {architecture.name}, but does not fit it: {reason}") from error
    channels = described.input_channels, described.output_channels
    if not isinstance(described, ImageModelDescriptor) or described.size_requirements.square:
        raise ImportRefused(f"{architecture.name} needs more than an image of any size: a mask, or an "
                            "aligned square")
    if channels not in ((3, 3), (1, 1)):
        raise ImportRefused(f"its network takes {channels[0]} channels and gives {channels[1]}; known "
                            "are 3 and 3 (RGB), and 1 and 1 (gray)")
    if not 1 <= described.scale <= 16:
        raise ImportRefused(f"its scale is {described.scale}; entries enlarge 1 to 16 times")
    return described


class Ranged(nn.Module):
    """lr [n, 3, h, w] in [-1, 1] -> sr [n, 3, h*scale, w*scale]; a gray network sees the channels one by one."""

    def __init__(self, described: Any):
        super().__init__()
        self.model = described.model
        self.call = described._call_fn  # the method that spandrel itself calls: some networks give more than the image
        self.gray = described.input_channels == 1

    def forward(self, lr: Tensor) -> Tensor:
        x = (lr + 1) / 2
        if not self.gray:
            return self.call(self.model, x) * 2 - 1
        return torch.cat([self.call(self.model, x[:, i : i + 1]) for i in range(3)], 1) * 2 - 1


@dataclass(frozen=True)
class Draw:
    """Makes images of sides that the network takes, for checks."""

    described: Any

    def __call__(self, height: int, width: int, n: int) -> dict[str, Tensor]:
        multiple = multiple_of(self.described)
        least = max(LEAST, self.described.size_requirements.minimum, 2 * multiple)
        h, w = (-(-max(side, least) // multiple) * multiple for side in (height, width))
        return {"lr": torch.rand(n, 3, h, w) * 2 - 1}


def multiple_of(described: Any) -> int:
    """The sides of the input are multiples of this, which covers windows and foldings."""
    found = [getattr(module, name, None) for module in described.model.modules() for name in WINDOWS]
    sides = {side for side in found if isinstance(side, int) and side > 1}
    return math.lcm(described.size_requirements.multiple_of, *sides)


def tiling(described: Any, graph: Graph) -> tuple[dict[str, Any], tuple[str, ...]]:
    """How to cut: exactly, by how far the network reaches, if that is the same everywhere; else blended."""
    multiple, minimum = multiple_of(described), described.size_requirements.minimum
    up = lambda pixels: -(-pixels // multiple) * multiple
    least = {"minimum": up(minimum)} if minimum > 1 else {}
    blended = {"size": up(max(TILE, minimum)), "overlap": up(OVERLAP), "multiple": multiple, **least,
               "blended": True}
    windows = any(hasattr(module, "window_size") for module in described.model.modules())
    if windows or described.tiling.name != "SUPPORTED":
        return blended, ("it looks at windows or whole tiles: tiles are blended",)
    try:
        reach = up(max(1, radius(graph, max(2, multiple))))
    except ExportError:
        return blended, ("it reaches further than a tile: tiles are blended",)
    size = up(max(TILE, 4 * reach))
    return {"size": size, "overlap": reach, "multiple": multiple, **least}, (
        f"a pixel reaches {reach} pixels far: tiled equals whole",)


@contextmanager
def traceable(network: nn.Module) -> Iterator[None]:
    """Lets windowed attention be exported for any size and batch.

    The Swin family counts its windows with Python numbers and keeps the mask of one size, which
    tracing would make constants. The same is computed here from the traced sizes.
    """
    with ExitStack() as stack:
        for module in network.modules():
            source = sys.modules[type(module).__module__]
            if callable(getattr(source, "window_reverse", None)):
                stack.enter_context(mock.patch.object(source, "window_reverse", window_reverse))
            if hasattr(module, "calculate_mask") and isinstance(getattr(module, "shift_size", None), int):
                stack.enter_context(mock.patch.object(module, "calculate_mask", ShiftedMask(module)))
                if hasattr(module, "input_resolution"):
                    stack.enter_context(mock.patch.object(module, "input_resolution", None))
        yield


def window_reverse(windows: Tensor, window_size: int, h: Any, w: Any) -> Tensor:
    """Joins windows (n * windows, side, side, c) into (n, h, w, c)."""
    side, channels = window_size, windows.shape[-1]
    x = windows.view(-1, h // side, w // side, side, side, channels)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, h, w, channels)


class ShiftedMask:
    """The mask of shifted windows (Liu et al. 2021, figure 4): -100 between pixels that are not neighbours."""

    def __init__(self, module: nn.Module):
        self.side, self.shift = module.window_size, module.shift_size

    def __call__(self, x_size: tuple[Any, Any], *_: Any) -> Tensor:
        rows, columns = (self.regions(length) for length in x_size)
        region = rows[:, None] * 3 + columns[None]
        h, w = x_size
        windows = region.view(h // self.side, self.side, w // self.side, self.side)
        windows = windows.permute(0, 2, 1, 3).reshape(-1, self.side * self.side)
        apart = windows[:, None] != windows[:, :, None]
        return apart.float() * -100.0

    def regions(self, length: Any) -> Tensor:
        """0 far from the end, 1 within the last window, 2 where the shift wraps around."""
        place = torch.arange(length)
        return (place >= length - self.side).long() + (place >= length - self.shift).long()
