"""Official checkpoints of SRFlow (`SRFlow_*.pth`, or what its training saves): encoder and flow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from ..graphs import Graph, low_images
from ..models.srflow import Encoder, Forward, Inverse, SRFlow, SRFlowShape
from .reference_config import lookup, number, shown
from .system import Conversion, ImportRefused, System, Weights, listed, load_exactly, numbered, shape_of

RRDB, FLOW = "RRDB.", "flowUpsamplerNet."
LAYERS = f"{FLOW}layers."
DEAD = f"{FLOW}f."  # the official files hold it, and nothing calls it
# The blocks that the released models stack, by scale.
STACKED = {4: (1, 8, 15, 22), 8: (1, 3, 5, 7)}
HEAT = 0.9  # of the released configurations
# Low-resolution pixels; the network reaches further than any tile, so tiles are blended.
TILE, OVERLAP, MULTIPLE = 64, 16, 2


def detect(keys: Iterable[str]) -> bool:
    """Whether these are the keys of an RRDB encoder and a flow."""
    return {f"{RRDB}conv_first.weight", f"{LAYERS}1.invconv.weight"} <= set(keys)


def convert(weights: Weights, config: Mapping[str, Any]) -> Conversion:
    """Reads the sizes off the weights; only which blocks are stacked may have to be configured."""
    unknown = sorted({key for key in weights if not key.startswith((RRDB, FLOW))})
    if unknown:
        raise ImportRefused(f"{len(unknown)} unknown: {listed(unknown)}")
    shape, notes = shape_in(weights, config)
    network = SRFlow(shape).eval()
    del network.flowUpsamplerNet.f
    load_exactly(network, {key: value for key, value in weights.items() if not key.startswith(DEAD)})
    singular = [name for name, value in weights.items()
                if name.endswith("invconv.weight") and not torch.linalg.det(value.double()).abs() > 0]
    if singular:
        raise ImportRefused(f"{len(singular)} matrices cannot be inverted: {listed(singular)}")
    scale = shape.scale
    return Conversion(
        graphs=graphs_of(network.fix()),
        card={
            "name": f"SRFlow x{scale}",
            "description": f"Official weights of SRFlow for {scale} times the size, run as the authors' "
            "code runs them.",
            "family": "srflow",
            "scale": scale,
            "licence": {"weights": "CC-BY-NC-SA-4.0", "data": []},
            "tiling": {
                "size": TILE, "overlap": OVERLAP, "multiple": MULTIPLE, "minimum": MULTIPLE, "blended": True,
            },
            "flow": {
                "latents": [
                    {"name": f"z{i}", "channels": channels, "ratio": ratio}
                    for i, (channels, ratio) in enumerate(shape.latents)
                ],
                "temperature": number(config, ("heat",), HEAT, 1.0),
                "residualScale": 1.0,
                "base": "none",
            },
        },
        notes=tuple(notes),
    )


SRFLOW = System("SRFlow", ("", "state_dict", "model"), detect, convert)


def shape_in(weights: Weights, config: Mapping[str, Any]) -> tuple[SRFlowShape, list[str]]:
    """The sizes, and what had to be assumed."""
    features = shape_of(weights, f"{RRDB}conv_first.weight", 4)[0]
    blocks = numbered(weights, f"{RRDB}RRDB_trunk.")
    plain, steps = steps_in(weights)
    coupling = f"{LAYERS}{plain + 1}.affine.fFeatures.0.weight"
    hidden, condition = shape_of(weights, coupling, 4)[:2]
    if condition % features or condition < features:
        raise ImportRefused(f"{coupling} takes {condition} channels, not a multiple of the encoder's {features}")
    scale = scale_in(weights)
    stacked, notes = stacked_in(config, condition // features - 1, blocks, scale)
    return SRFlowShape(
        scale=scale,
        features=features,
        growth=shape_of(weights, f"{RRDB}RRDB_trunk.0.RDB1.conv1.weight", 4)[0],
        blocks=blocks,
        stacked=stacked,
        steps=steps,
        plain_steps=plain,
        hidden=hidden,
        least=number(config, ("flow.affine_eps", "network_G.flow.CondAffineSeparatedAndCond.eps"), 1e-4, 1.0),
    ), notes


def scale_in(weights: Weights) -> int:
    """The scale, from the channels of the deepest level: every level squeezes, and all but two split."""
    widest = max(
        (shape_of(weights, key, 2)[0] for key in weights if key.endswith("invconv.weight")), default=0
    )
    # 3 * 4 channels in the first level, twice as many in each but the last, four times as many there.
    scale = widest // 24
    if widest != 24 * scale or scale.bit_count() != 1 or scale < 2:
        raise ImportRefused(f"its widest matrix has {widest} channels, which no scale of 2, 4, 8, ... has")
    return scale


def steps_in(weights: Weights) -> tuple[int, int]:
    """How many steps of the first level have no coupling, and how many follow that have one."""
    coupled = []
    while f"{LAYERS}{len(coupled) + 1}.invconv.weight" in weights:
        coupled.append(f"{LAYERS}{len(coupled) + 1}.affine.fFeatures.0.weight" in weights)
    plain = coupled.index(True) if True in coupled else len(coupled)
    if not all(coupled[plain:]) or plain == len(coupled):
        raise ImportRefused("its first level must have steps without a coupling, then steps with one")
    return plain, len(coupled) - plain


def stacked_in(
    config: Mapping[str, Any], count: int, blocks: int, scale: int
) -> tuple[tuple[int, ...], list[str]]:
    """Which blocks the flow sees: the weights show only how many."""
    told = lookup(config, "network_G.flow.stackRRDB.blocks", "flow.stackRRDB.blocks", "encoder.stacked_blocks")
    if told is None:
        assumed = STACKED.get(scale, ())
        if len(assumed) != count or max(assumed) >= blocks:
            raise ImportRefused(
                f"its flow sees {count} of the encoder's {blocks} blocks, not those of a released model; "
                "say with --config which: network_G.flow.stackRRDB.blocks"
            )
        return assumed, [f"the flow sees the blocks {', '.join(map(str, assumed))}, as released for x{scale}"]
    if not isinstance(told, list) or not all(isinstance(i, int) and 0 <= i < blocks for i in told):
        raise ImportRefused(f"stackRRDB.blocks must be a list of numbers below {blocks}, got {shown(told)}")
    if len(told) != count:
        raise ImportRefused(f"stackRRDB.blocks names {len(told)} blocks, and the flow sees {count}")
    return tuple(told), []


def graphs_of(network: SRFlow) -> tuple[Graph, Graph, Graph]:
    """The graphs `encoder`, `inverse` and `forward`; the flow's matrices are computed."""
    shape = network.shape
    names, scale = [f"z{i}" for i in range(len(shape.latents))], shape.scale
    encoder, pictures = Encoder(network.RRDB, shape.stacked), low_images(False)

    @torch.no_grad()
    def features(height: int, width: int, n: int) -> Tensor:
        return encoder(pictures(height, width, n)["lr"])

    def latents(height: int, width: int, n: int) -> dict[str, Tensor]:
        drawn = {
            name: 0.5 * torch.randn(n, channels, int(height * ratio), int(width * ratio))
            for name, (channels, ratio) in zip(names, shape.latents)
        }
        return {**drawn, "features": features(height, width, n)}

    def images(height: int, width: int, n: int) -> dict[str, Tensor]:
        return {
            "residual": torch.rand(n, 3, height * scale, width * scale) * 2 - 1,
            "features": features(height, width, n),
        }

    gives = {**{name: i for i, name in enumerate(names)}, "logdet": len(names)}
    return (
        Graph("encoder", encoder, pictures, {"features": 0}),
        Graph("inverse", Inverse(network), latents, {"residual": 0}),
        Graph("forward", Forward(network), images, gives),
    )
