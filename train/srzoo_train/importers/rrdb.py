"""RRDB networks: ESRGAN's, and the encoders that SRDiff and SRFlow are trained from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..graphs import Graph, low_images
from ..models.rrdb import RRDBNet
from .system import Conversion, System, Weights, load_exactly, numbered, shape_of

# Low-resolution pixels; the network reaches further than any tile, so tiles are blended.
TILE, OVERLAP = 64, 16


def detect(keys: Iterable[str]) -> bool:
    """Whether these are the keys of an RRDB network on its own."""
    return {"conv_first.weight", "RRDB_trunk.0.RDB1.conv1.weight", "conv_last.weight"} <= set(keys)


def convert(weights: Weights, config: Mapping[str, Any]) -> Conversion:
    """Reads all sizes off the weights; there is nothing to configure."""
    net = rrdb_of(weights, "").eval()
    scale = 2**net.doublings
    return Conversion(
        graphs=(Graph("network", net, low_images(False), {"sr": 0}),),
        card={
            "name": f"RRDB x{scale}",
            "description": f"Imported RRDB network for {scale} times the size: the posterior mean if "
            "it was trained with L1.",
            "family": "regression",
            "scale": scale,
            "licence": {"weights": "not stated by the checkpoint", "data": []},
            "tiling": {"size": TILE, "overlap": OVERLAP, "blended": True},
        },
    )


RRDB = System(
    "RRDB", ("state_dict.model", "state_dict", "model", "params_ema", "params", ""), detect, convert
)


def rrdb_of(weights: Weights, prefix: str) -> RRDBNet:
    """The network below a prefix, with the sizes of its weights."""
    features = shape_of(weights, f"{prefix}conv_first.weight", 4)[0]
    growth = shape_of(weights, f"{prefix}RRDB_trunk.0.RDB1.conv1.weight", 4)[0]
    doublings = sum(f"{prefix}upconv{i}.weight" in weights for i in (1, 2, 3, 4))
    net = RRDBNet(features, numbered(weights, f"{prefix}RRDB_trunk."), 2**doublings, growth)
    load_exactly(net, weights, prefix)
    return net
