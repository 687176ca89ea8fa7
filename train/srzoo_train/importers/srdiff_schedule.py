"""SRDiff's noise schedule as a model card says it, checked against the checkpoint's own table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ..noise_schedule import KINDS, S, Schedule, fits, recognised
from .reference_config import lookup, number
from .system import ImportRefused

# Tables that the official checkpoint keeps beside the weights; all follow from the betas.
SCHEDULE_BUFFERS = (
    "betas",
    "alphas_cumprod",
    "alphas_cumprod_prev",
    "sqrt_alphas_cumprod",
    "sqrt_one_minus_alphas_cumprod",
    "log_one_minus_alphas_cumprod",
    "sqrt_recip_alphas_cumprod",
    "sqrt_recipm1_alphas_cumprod",
    "posterior_variance",
    "posterior_log_variance_clipped",
    "posterior_mean_coef1",
    "posterior_mean_coef2",
)

RELEASED = {"kind": "cosine", "timesteps": 100, "s": 0.008}


def schedule_of(table: Tensor | None, config: Mapping[str, Any]) -> tuple[Schedule, list[str]]:
    """The schedule, with notes on what was decided.

    The configuration says it, else the table is recognised, else it is the released one. A table
    in the checkpoint is what the reference samples with, so it overrules a configuration.
    """
    told = configured(config, None if table is None else len(table))
    if table is None:
        return told or RELEASED, []
    if told is not None and fits(told, table):
        return told, []
    found = recognised(table)
    if found is None:
        raise ImportRefused(
            f"its table of {len(table)} betas is not one of {', '.join(KINDS)} (with s = {S}); say with "
            "--config what it is: beta_schedule, with beta_s or beta_end"
        )
    differs = f"the configuration says {told}, the checkpoint's table is {found} and decides"
    return found, [differs] if told is not None else []


def configured(config: Mapping[str, Any], length: int | None) -> Schedule | None:
    """The schedule that a reference's configuration states, or None."""
    kind = lookup(config, "beta_schedule", "diffusion.schedule")
    timesteps = lookup(config, "timesteps", "diffusion.timesteps") or length
    if kind is None:
        return None
    if timesteps is None:
        raise ImportRefused("the configuration has a beta_schedule, but no timesteps")
    if type(timesteps) is not int or timesteps < 1:
        raise ImportRefused(f"timesteps must be a positive whole number, got {timesteps!r}")
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
    raise ImportRefused(f"beta_schedule must be cosine or linear, got {kind!r}")
