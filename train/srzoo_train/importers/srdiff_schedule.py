"""SRDiff's noise schedule as in a model card, checked against the checkpoint's own table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ..noise_schedule import S, Schedule
from .reference_config import lookup, number, shown
from .schedule_table import decided
from .system import ImportRefused

RELEASED = {"kind": "cosine", "timesteps": 100, "s": 0.008}


def schedule_of(table: Tensor | None, config: Mapping[str, Any]) -> tuple[Schedule, list[str]]:
    """The schedule, with notes on how it was decided."""
    told = configured(config, None if table is None else len(table))
    return decided(told, table, RELEASED, "beta_schedule, with beta_s or beta_end")


def configured(config: Mapping[str, Any], length: int | None) -> Schedule | None:
    """The schedule that a reference's configuration states, or None."""
    kind = lookup(config, "beta_schedule", "diffusion.schedule")
    timesteps = lookup(config, "timesteps", "diffusion.timesteps") or length
    if kind is None:
        return None
    if timesteps is None:
        raise ImportRefused("the configuration has a beta_schedule, but no timesteps")
    if type(timesteps) is not int or timesteps < 1:
        raise ImportRefused(f"timesteps must be a positive whole number, got {shown(timesteps)}")
    if length not in (None, timesteps):
        raise ImportRefused(f"timesteps is {timesteps} in the configuration, and the checkpoint's "
                            f"tables hold {length}; correct the configuration")
    if kind == "cosine":
        s = number(config, ("beta_s", "diffusion.cosine_s"), 0.008)
        return {"kind": kind, "timesteps": timesteps, "s": s}
    if kind == "linear":
        forced = ("diffusion.linear_last_beta_forced_to",)
        return {
            "kind": kind,
            "timesteps": timesteps,
            "first": number(config, ("beta_start", "diffusion.linear_start"), 1e-4, 0.999),
            "last": number(config, ("beta_end", "diffusion.linear_end"), 0.02, 0.999),
            "lastForced": number(config, forced, 0.999, 0.999),
        }
    raise ImportRefused(f"beta_schedule must be cosine or linear, got {shown(kind)}")
