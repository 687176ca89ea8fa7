"""Official checkpoints of novwaul's SR3 (`last.pt`): the averaged network is what its tests run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from ..graphs import Graph
from ..models.novwaul_unet import GROUPS, NovwaulShape, NovwaulUNet
from ..noise_schedule import Schedule, ramp, recognised
from ..published import Draw, tiling
from .image_diffusion import diffusion_of, layers_of, levels_of, scale_of
from .reference_config import lookup, number, shown
from .system import Conversion, ImportRefused, System, Weights, listed, load_exactly, shape_of

NET = "model."
# Both released tasks, 64 -> 256 and 32 -> 128.
SCALE = 4
TABLES = {
    "alphas_bar",
    "sample_alphas_bar",
    "sample_one_over_sqrt_alphas",
    "sample_betas_over_sqrt_one_minus_alphas_bar",
    "sample_sigmas",
}
RELEASED: Schedule = {"kind": "linear", "timesteps": 2000, "first": 1e-4, "last": 0.005}
SAMPLED: Schedule = {"kind": "linear", "timesteps": 100, "first": 1e-4, "last": 0.1}
# Rounding of a product of 2000 float32 numbers near 1.
TOLERANCE = 1e-4


def detect(keys: Iterable[str]) -> bool:
    """Whether these are the keys of a U-Net whose layers are wrapped twice."""
    keys = {key.removeprefix(NET) for key in keys}
    return {"conv1.conv.weight", "down.0.conv1.conv.weight", "emb.linear1.linear.weight"} <= keys


def convert(weights: Weights, config: Mapping[str, Any]) -> Conversion:
    """Reads the sizes and the schedules off the weights and tables."""
    if not any(key.startswith(NET) for key in weights):  # `unwrapped` takes off a prefix that all names share
        weights = {f"{NET}{key}": value for key, value in weights.items()}
    unknown = sorted({key.split(".")[0] for key in weights} - {NET[:-1], *TABLES})
    if unknown:
        raise ImportRefused(f"{len(unknown)} unknown: {listed(unknown)}")
    shape = shape_in(weights)
    network = NovwaulUNet(shape).eval()
    load_exactly(network, weights, NET)
    schedule = trained_with(weights.get("alphas_bar"), config)
    sampling = sampled_with(weights.get("sample_sigmas"), config)
    scale, notes = scale_of(config, SCALE)
    draw = Draw("level", scale, shape.stride, sampling["timesteps"], conditional=True)
    return Conversion(
        graphs=(Graph("denoiser", network, draw, {"prediction": 0}),),
        card={
            "name": f"SR3 x{scale}",
            "description": f"Averaged weights of novwaul's SR3 for {scale} times the size, run as "
            "the author's code runs them.",
            "family": "sr3",
            "scale": scale,
            "licence": {"weights": "not stated by the checkpoint", "data": []},
            "tiling": tiling(scale, shape.stride),
            **diffusion_of(schedule, sampling, "torch", {"variance": "beta"}),
        },
        notes=tuple(notes),
    )


NOVWAUL = System("SR3 (novwaul)", ("ema_net", "", "net"), detect, convert)


def shape_in(weights: Weights) -> NovwaulShape:
    """The network's sizes."""
    channels, inputs = shape_of(weights, f"{NET}conv1.conv.weight", 4)[:2]
    if inputs != 6:
        raise ImportRefused(f"its network takes {inputs} channels; x and its condition are 6")
    width = lambda prefix: f"{prefix}conv1.conv.weight"
    levels = levels_of(weights, f"{NET}down.", layers_of(weights, f"{NET}down."), width, "att")
    widths = tuple(level.width for level in levels)
    broken = [width for width in (channels, *widths) if width % GROUPS]
    if broken:
        raise ImportRefused(f"its {broken[0]} channels are not a multiple of {GROUPS}, its norms' groups")
    return NovwaulShape(
        channels=channels,
        widths=widths,
        blocks=levels[0].blocks,
        attention=frozenset(i for i, level in enumerate(levels) if level.attention),
        middle=any(key.startswith(f"{NET}mid.0.att.") for key in weights),
        embedding=shape_of(weights, f"{NET}emb.linear1.linear.weight", 2)[0],
    )


def trained_with(table: Tensor | None, config: Mapping[str, Any]) -> Schedule:
    """The schedule of training, linear in beta; the table holds its alphaBar."""
    told = told_schedule(config, "train_schedule", RELEASED)
    if table is None:
        return told
    table = table.double()
    first, last = float(1 - table[0]), float(1 - table[-1] / table[max(0, len(table) - 2)])
    ends = [(told["first"], told["last"]), (RELEASED["first"], RELEASED["last"])]
    # A ratio of two rounded products knows few digits of a small beta.
    ends += [(float(f"{first:.{digits}g}"), float(f"{last:.{digits}g}")) for digits in (1, 2, 3, 4)]
    for guess in ends:
        products = torch.cumprod(1 - ramp(*guess, len(table)), 0)
        if (products / table - 1).abs().max() <= TOLERANCE:
            return {"kind": "linear", "timesteps": len(table), "first": guess[0], "last": guess[1]}
    raise ImportRefused(f"its table of {len(table)} alphas_bar is not that of betas that grow evenly")


def sampled_with(table: Tensor | None, config: Mapping[str, Any]) -> Schedule:
    """The schedule of sampling; the table holds the square roots of its betas."""
    if table is None:
        return told_schedule(config, "sample_schedule", SAMPLED)
    found = recognised(table.double() ** 2)
    if found is None:
        raise ImportRefused(f"its table of {len(table)} sample_sigmas is of no known schedule")
    return found


def told_schedule(config: Mapping[str, Any], place: str, released: Schedule) -> Schedule:
    """The schedule in the configuration, or else the released one."""
    told = lookup(config, place)
    if told is None:
        return released
    steps, ends = lookup(told, "steps"), lookup(told, "linear_beta")
    if type(steps) is not int or steps < 1 or not isinstance(ends, list) or len(ends) != 2:
        raise ImportRefused(f"{place} must have steps and two ends of linear_beta, got {shown(told)}")
    first, last = (number({"end": end}, ("end",), 0.0, 0.999) for end in ends)
    return {"kind": "linear", "timesteps": steps, "first": first, "last": last}
