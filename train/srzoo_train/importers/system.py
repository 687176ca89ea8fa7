"""The contract of importers: what a system declares, and what a conversion hands over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from onnx import ModelProto
from torch import Tensor, nn

from ..graphs import PARITY, Graph

Weights = dict[str, Tensor]


class ImportRefused(ValueError):
    """A checkpoint that cannot be imported; one line says what, why, and what would do."""


@dataclass(frozen=True)
class Conversion:
    """A converted checkpoint: its graphs, and what its model card says beyond files."""

    graphs: tuple[Graph, ...]
    card: Mapping[str, Any]
    # Notes for the user on how it was read.
    notes: tuple[str, ...] = ()
    # Whose network it is, if the system's name does not say so.
    system: str = ""
    # Whether every weight was saved in half precision, so that the graph may keep it so.
    half: bool = False
    # The graphs, where they came as ONNX; else they are exported.
    models: tuple[ModelProto, ...] = ()
    # Largest difference of a graph from its network, as a part of its range.
    parity: float = PARITY
    # A context that must be open while the graphs are exported.
    exporting: AbstractContextManager[None] = field(default_factory=nullcontext)


@dataclass(frozen=True)
class System:
    """One published code base whose checkpoints can be read."""

    name: str
    # Where the official file keeps the weights, best first; "" is the file's top level.
    holders: tuple[str, ...]
    # Whether a state dict with these keys is one of the system's.
    detect: Callable[[Iterable[str]], bool]
    # Weights and the user's configuration (empty when none is given) -> networks and card.
    convert: Callable[[Weights, Mapping[str, Any]], Conversion]


def shape_of(weights: Weights, key: str, rank: int) -> tuple[int, ...]:
    """The shape of a weight; refuses one that is missing or does not have `rank` sizes above 0."""
    if key not in weights:
        raise ImportRefused(f"the checkpoint has no {key}, which tells a size of the network")
    shape = tuple(weights[key].shape)
    if len(shape) != rank or 0 in shape:
        raise ImportRefused(f"{key} is {list(shape)}; it must have {rank} sizes above 0")
    return shape


def numbered(weights: Weights, prefix: str) -> int:
    """How many numbered parts there are below `prefix`, such as `ups.0`, `ups.1`, ..."""
    parts = {key[len(prefix):].split(".", 1)[0] for key in weights if key.startswith(prefix)}
    numbers = {int(part) for part in parts if part.isdigit()}
    missing = set(range(len(numbers))) - numbers
    if missing:
        raise ImportRefused(f"the checkpoint has no {prefix}{min(missing)}.*, but later ones")
    return len(numbers)


def load_exactly(module: nn.Module, weights: Weights, prefix: str = "") -> None:
    """Loads all weights below `prefix`; names every key that is missing, unknown or misshapen."""
    own = module.state_dict()
    given = {key[len(prefix):]: value for key, value in weights.items() if key.startswith(prefix)}
    faults = [
        ("missing", sorted(prefix + key for key in own.keys() - given.keys())),
        ("unknown", sorted(prefix + key for key in given.keys() - own.keys())),
        ("of another shape", sorted(
            f"{prefix}{key} {list(given[key].shape)} instead of {list(own[key].shape)}"
            for key in own.keys() & given.keys() if own[key].shape != given[key].shape
        )),
    ]
    told = [f"{len(keys)} {kind}: {listed(keys)}" for kind, keys in faults if keys]
    if told:
        raise ImportRefused(f"the keys do not fit the network; {'; '.join(told)}")
    module.load_state_dict(given)


def listed(names: list[str], most: int = 12) -> str:
    """The names, joined; beyond `most` only their number."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
