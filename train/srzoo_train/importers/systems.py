"""The table of systems whose checkpoints can be imported."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from .by_spandrel import HINT, SPANDREL
from .janspiry import JANSPIRY
from .novwaul import NOVWAUL
from .rrdb import RRDB
from .srdiff import SRDIFF
from .srflow import SRFLOW
from .system import ImportRefused, System, Weights, listed

SYSTEMS: Sequence[System] = (SRDIFF, SRFLOW, JANSPIRY, NOVWAUL, RRDB, SPANDREL)

# Keys that data-parallel training and task classes put before every name.
WRAPPERS = ("module.", "model.")


def recognise(tree: Any, systems: Sequence[System] = SYSTEMS) -> tuple[System, Weights]:
    """The system that a checkpoint belongs to, and the weights in it."""
    names = [system.name for system in systems]
    if len(set(names)) < len(names):
        raise ValueError(f"Cannot use the table of systems: a name occurs twice in {names}")
    found = dict(state_dicts(tree))
    for system in systems:
        paths = [path for path, weights in found.items() if system.detect(weights)]
        if paths:
            preferred = [path for path in system.holders if path in paths]
            return system, found[(preferred or paths)[0]]
    keys = max(found.values(), key=len, default={})
    raise ImportRefused(
        f"its keys belong to no known system ({', '.join(names)}); "
        + (f"it has {listed(list(keys), 6)}" if keys else "it holds no named tensors")
        + ("" if importlib.util.find_spec("spandrel") else f". {HINT.capitalize()}")
    )


def state_dicts(tree: Any, path: str = "") -> list[tuple[str, Weights]]:
    """Every dictionary of named tensors in a checkpoint, with its place, outermost first."""
    if not isinstance(tree, dict):
        return []
    tensors = {key: value for key, value in tree.items()
               if isinstance(key, str) and isinstance(value, Tensor)}
    found = [(path, unwrapped(tensors))] if tensors else []
    for key, value in tree.items():
        if isinstance(key, str):
            found += state_dicts(value, f"{path}.{key}" if path else key)
    return found


def unwrapped(weights: Weights) -> Weights:
    """The weights without the prefixes that all of them share."""
    for wrapper in WRAPPERS:
        if all(key.startswith(wrapper) for key in weights):
            return unwrapped({key[len(wrapper):]: value for key, value in weights.items()})
    return weights
