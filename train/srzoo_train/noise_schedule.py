"""Noise schedules as model cards describe them: the same kinds and numbers as lib/diffusion/schedule.ts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

Schedule = dict[str, Any]

# Kinds whose betas run from `first` to `last`.
RAMPS = ("linear", "quad", "warmup10", "warmup50")
KINDS = (*RAMPS, "const", "jsd", "cosine")
# Offset of the cosine that keeps its first betas from vanishing (Nichol & Dhariwal 2021, section 3.2).
S = 0.008
# Rounding of a float32 table, relative to its largest beta.
TOLERANCE = 1e-6


def betas_of(schedule: Mapping[str, Any]) -> Tensor:
    """The betas of a schedule, float64 (T,)."""
    kind, timesteps = schedule["kind"], schedule["timesteps"]
    if kind == "cosine":
        return cosine(timesteps, schedule.get("s", S))
    if kind == "jsd":
        # 1/T, 1/(T-1), ..., 1 (Sohl-Dickstein et al. 2015, section 2.4.1).
        return 1 / torch.arange(timesteps, 0, -1, dtype=torch.float64)
    if kind == "const":
        return torch.full((timesteps,), schedule["last"], dtype=torch.float64)
    first, last = schedule["first"], schedule["last"]
    if kind == "quad":
        return ramp(math.sqrt(first), math.sqrt(last), timesteps) ** 2
    if kind in ("warmup10", "warmup50"):
        betas = torch.full((timesteps,), last, dtype=torch.float64)
        growing = int(timesteps * (0.1 if kind == "warmup10" else 0.5))
        betas[:growing] = ramp(first, last, growing)
        return betas
    betas = ramp(first, last, timesteps)
    if "lastForced" in schedule:
        betas[-1] = schedule["lastForced"]
    return betas


def alpha_bar_of(schedule: Mapping[str, Any]) -> Tensor:
    """alphaBar_t of a schedule, the product of 1 - beta up to t, float64 (T,)."""
    return torch.cumprod(1 - betas_of(schedule), 0)


def cosine(timesteps: int, s: float) -> Tensor:
    """Nichol & Dhariwal 2021, equation 17, on T + 1 points with both ends."""
    u = torch.arange(timesteps + 1, dtype=torch.float64) / timesteps
    level = torch.cos((u + s) / (1 + s) * math.pi / 2) ** 2
    return (1 - level[1:] / level[:-1]).clamp(0, 0.999)


def ramp(first: float, last: float, count: int) -> Tensor:
    """Evenly spaced numbers with both ends."""
    return torch.linspace(first, last, count, dtype=torch.float64)


def recognised(table: Tensor) -> Schedule | None:
    """The schedule that a table of betas (T,) holds, or None."""
    return next((guess for guess in guesses(table) if fits(guess, table)), None)


def guesses(table: Tensor) -> list[Schedule]:
    """The schedules that a table's ends allow, the most common first."""
    betas, timesteps = [rounded(beta) for beta in table.tolist()], len(table)
    ends = {"timesteps": timesteps, "first": betas[0], "last": betas[-1]}
    found: list[Schedule] = [
        {"kind": "cosine", "timesteps": timesteps, "s": S},
        {"kind": "const", "timesteps": timesteps, "last": betas[-1]},
        {"kind": "linear", **ends},
    ]
    if timesteps > 2:
        slope = (betas[-2] - betas[0]) / (timesteps - 2)
        last = rounded(betas[0] + slope * (timesteps - 1))
        found.append({"kind": "linear", **ends, "last": last, "lastForced": betas[-1]})
    found += [{"kind": kind, **ends} for kind in ("quad", "warmup10", "warmup50")]
    return [*found, {"kind": "jsd", "timesteps": timesteps}]


def fits(schedule: Schedule, table: Tensor) -> bool:
    """Whether the schedule's betas are those of the table."""
    if len(table) != schedule["timesteps"]:
        return False
    return bool((betas_of(schedule) - table.double()).abs().max() <= TOLERANCE * table.max())


def rounded(value: float) -> float:
    """The shortest decimal number that rounds to this value in single precision."""
    return float(f"{value:.6g}")
