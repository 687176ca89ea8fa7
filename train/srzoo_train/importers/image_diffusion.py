"""Shared by the importers of image-space diffusion models: levels of a U-Net, the scale, the card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .reference_config import lookup, shown
from .system import ImportRefused, Weights, numbered, shape_of


@dataclass(frozen=True)
class Level:
    """One resolution on the way down, as the names and shapes of the weights show it."""

    width: int
    blocks: int
    attention: bool


def levels_of(
    weights: Weights, path: str, layers: range, width: Callable[[str], str], attention: str
) -> list[Level]:
    """The levels that the numbered layers below `path` make: residual blocks, and resamplers between them.

    `width` maps the prefix of a block to the name of the weight whose first size is the block's width;
    `attention` is how the names of a block's attention begin.
    """
    levels: list[list[tuple[int, bool]]] = [[]]
    for i in layers:
        prefix = f"{path}{i}."
        if any(key.startswith(f"{prefix}conv.") for key in weights):
            levels.append([])
            continue
        attended = any(key.startswith(f"{prefix}{attention}.") for key in weights)
        levels[-1].append((shape_of(weights, width(prefix), 4)[0], attended))
    for i, level in enumerate(levels):
        if not level or len(set(level)) > 1:
            raise ImportRefused(f"the blocks of level {i} below {path} are not alike: {level}")
    if len({len(level) for level in levels}) > 1:
        counts = [len(level) for level in levels]
        raise ImportRefused(f"its levels below {path} have {counts} blocks; all must have the same number")
    return [Level(level[0][0], len(level), level[0][1]) for level in levels]


def layers_of(weights: Weights, path: str, first: int = 0) -> range:
    """The numbers of the layers below `path`."""
    return range(first, numbered(weights, path))


def scale_of(config: Mapping[str, Any], default: int) -> tuple[int, list[str]]:
    """The scale, which the weights do not show, with a note if it is assumed."""
    told = lookup(config, "scale")
    low, high = (lookup(config, f"datasets.train.{side}_resolution") for side in "lr")
    if told is None and isinstance(low, int) and isinstance(high, int) and low > 0:
        told, rest = divmod(high, low)
        if rest:
            raise ImportRefused(f"r_resolution {high} is not a multiple of l_resolution {low}")
    if told is None:
        return default, [f"the scale is taken to be {default}, as released; --scale says another"]
    if type(told) is not int or not 1 <= told <= 16:
        raise ImportRefused(f"the scale must be a whole number from 1 to 16, got {shown(told)}")
    return told, []


def diffusion_of(
    schedule: Mapping[str, Any],
    sampling: Mapping[str, Any],
    condition: str | None,
    more: Mapping[str, Any],
) -> dict[str, Any]:
    """The card's `diffusion` and `steps`: the state is the image itself, and every timestep is taken."""
    timesteps = sampling["timesteps"]
    return {
        "diffusion": {
            "schedule": dict(schedule),
            **({} if sampling == schedule else {"samplingSchedule": dict(sampling)}),
            "prediction": "eps",
            "base": "none",
            "residualScale": 1,
            "sampler": "ddpm",
            **({"condition": condition} if condition else {}),
            **more,
        },
        "steps": {"default": timesteps, "max": timesteps, "trained": []},
    }
