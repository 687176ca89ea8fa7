"""Schedules equal those of the published systems, and are recognised in their tables."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from srzoo_train.noise_schedule import betas_of, recognised

RECORDED = Path(__file__).parents[3] / "shared" / "vectors" / "schedules"
ENDS = {"sr3_linear": (1e-6, 1e-2), "ddpm_linear": (1e-4, 2e-2), "srdiff_linear": (1e-4, 2e-2),
        "novwaul_train_betas": (1e-4, 0.005), "novwaul_sample_betas": (1e-4, 0.1)}


def recorded_schedules() -> list[tuple[str, np.ndarray, dict]]:
    """Every recorded table of betas, and how a card describes it."""
    told, found = json.loads((RECORDED / "config.json").read_text()), []
    for name, table in np.load(RECORDED / "io.npz").items():
        stem, timesteps, forced = re.fullmatch(r"(\w+?)_T(\d+)(_last0999)?", name).groups()
        if stem.endswith("alphas_bar"):
            continue
        kind = "linear" if stem in ENDS else stem.split("_")[1]
        first, last = ENDS.get(stem, (told["linear_start"], told["linear_end"]))
        schedule = {"kind": kind, "timesteps": int(timesteps), "first": first, "last": last, "s": 0.008}
        found.append((name, table, schedule | ({"lastForced": 0.999} if forced else {})))
    return found


@pytest.mark.skipif(not RECORDED.is_dir(), reason="(needs shared)")
def test_betas_equal_the_recorded_ones():
    schedules = recorded_schedules()
    assert len(schedules) == 14
    for name, table, schedule in schedules:
        rounding = 1e-6 if table.dtype == np.float32 else 1e-12
        assert np.abs(betas_of(schedule).numpy() - table).max() <= rounding * table.max(), name


@pytest.mark.parametrize("timesteps", [12, 100, 2000])
@pytest.mark.parametrize("kind", ["cosine", "linear", "quad", "warmup10", "warmup50", "const", "jsd"])
def test_recognised_finds_the_schedule_of_a_table_in_single_precision(kind, timesteps):
    told = {"kind": kind, "timesteps": timesteps, "first": 1e-6, "last": 1e-2}
    found = recognised(betas_of(told).float())
    assert found is not None and (found["kind"], found["timesteps"]) == (kind, timesteps)
    assert found.get("last", 1e-2) == 1e-2 and found.get("first", 1e-6) == 1e-6


def test_recognised_refuses_what_no_schedule_gives():
    assert recognised(torch.linspace(0.1, 0.5, 6) ** 3) is None
