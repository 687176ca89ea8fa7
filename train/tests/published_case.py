"""Makes checkpoints of Janspiry's and novwaul's networks with any sizes and options, and records their runs.

test_published_unets.py compares the networks with the authors' recordings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from srzoo_train.models.janspiry_unet import JanspiryShape, JanspiryUNet
from srzoo_train.models.novwaul_unet import NovwaulShape, NovwaulUNet
from srzoo_train.noise_schedule import betas_of
from torch import Tensor, nn

SMALL = JanspiryShape("level", inner=8, widths=(8, 16), blocks=1, attention=frozenset({1}), groups=4)
NOVWAUL = NovwaulShape(8, (8, 16), blocks=1, attention=frozenset({0}), embedding=24)
LINEAR = {"kind": "linear", "timesteps": 6, "first": 1e-4, "last": 0.3}


@dataclass(frozen=True)
class Case:
    """The options of a case."""

    shape: JanspiryShape | NovwaulShape = SMALL
    trained: dict[str, Any] = field(default_factory=lambda: LINEAR)
    sampled: dict[str, Any] = field(default_factory=lambda: {**LINEAR, "timesteps": 5})
    scale: int = 2
    size: tuple[int, int, int] = (2, 6, 4)  # batch, LR height, LR width

    @property
    def novwaul(self) -> bool:
        return isinstance(self.shape, NovwaulShape)


def network(shape: JanspiryShape | NovwaulShape, seed: int = 1) -> nn.Module:
    """Random weights, even where a network starts at zero."""
    torch.manual_seed(seed)
    net = NovwaulUNet(shape) if isinstance(shape, NovwaulShape) else JanspiryUNet(shape)
    with torch.no_grad():
        for parameter in net.parameters():
            if not parameter.any():
                parameter.normal_(std=0.1)
    return net.eval()


def checkpoint(case: Case, net: nn.Module) -> dict:
    """The official nesting: weights and tables, and what training keeps beside them."""
    if not case.novwaul:
        betas = betas_of(case.trained)
        level = torch.cumprod(1 - betas, 0)
        tables = {"betas": betas.float(), "alphas_cumprod": level.float()}
        return tables | {f"denoise_fn.{k}": v for k, v in net.state_dict().items()}
    tables = {"alphas_bar": torch.cumprod(1 - betas_of(case.trained).float(), 0),
              "sample_sigmas": betas_of(case.sampled).float().sqrt()}
    averaged = tables | {f"model.{k}": v for k, v in net.state_dict().items()}
    last = network(case.shape, 2).state_dict()
    return {"net": tables | {f"model.{k}": v for k, v in last.items()}, "ema_net": averaged,
            "optimizer": {"state": {}, "param_groups": []}, "scheduler": {"last_epoch": 3}, "epoch": 4}


def told(schedule: dict) -> dict:
    """A schedule as Janspiry's configuration writes it."""
    ends = {"linear_start": schedule.get("first", 1e-4), "linear_end": schedule.get("last", 0.02)}
    return {"schedule": schedule["kind"], "n_timestep": schedule["timesteps"], **ends}


def config(case: Case) -> dict:
    """What the config.json of a case says besides sizes."""
    if case.novwaul:
        return {"system": "SR3 (novwaul)", "scale": case.scale}
    return {
        "system": "SR3 / DDPM (Janspiry)",
        "architecture": "sr3" if case.shape.time == "level" else "ddpm",
        "conditional": case.shape.inputs == 6,
        "unet": {"group_norm_groups": case.shape.groups},
        "schedule_stored_in_checkpoint": told(case.trained),
        "schedule_used_for_sampling": told(case.sampled),
    }


@torch.no_grad()
def recording(case: Case, net: nn.Module) -> dict[str, np.ndarray]:
    """One call and a whole trajectory, with the noise."""
    n, h, w = case.size
    size = (n, 3, h * case.scale, w * case.scale)
    level = torch.cumprod(1 - betas_of(case.sampled), 0)
    conditional = case.novwaul or case.shape.inputs == 6
    lr = torch.randint(0, 256, (n, h, w, 3), dtype=torch.uint8).numpy()
    condition = [torch.stack([enlarged(case, item) for item in lr])] if conditional else []
    noise = torch.randn(len(level) + 1, *size)
    by_level = case.novwaul or case.shape.time == "level"
    time = (lambda t: level[t].sqrt().float().expand(n)) if by_level else (
        lambda t: torch.full((n,), t))
    step_x, step_t = torch.randn(size), time(len(level) // 2)
    states, x = [], noise[0]
    for i, t in enumerate(reversed(range(len(level)))):
        states.append(x)
        x = stepped(case, x, net(x, time(t), *condition), noise[i + 1], level, t)
    eps = net(step_x, step_t, *condition)
    arrays = named(case, condition, (step_x, step_t, eps), noise, [*states, x], level)
    found = {key: value.numpy() for key, value in arrays.items()}
    return found | ({"lr_uint8": lr[0]} if conditional else {})


def enlarged(case: Case, lr: np.ndarray) -> Tensor:
    """Low-resolution bytes [h, w, 3] enlarged as each system does: [3, H, W] in [-1, 1]."""
    height, width = (side * case.scale for side in lr.shape[:2])
    if case.novwaul:
        planes = torch.from_numpy(lr).permute(2, 0, 1)[None] / 255
        up = nn.functional.interpolate(planes, size=(height, width), mode="bicubic")
        return up[0].clamp(0, 1) * 2 - 1
    up = Image.fromarray(lr).resize((width, height), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.asarray(up).copy()).permute(2, 0, 1) / 255 * 2 - 1


def stepped(case: Case, x: Tensor, eps: Tensor, noise: Tensor, level: Tensor, t: int) -> Tensor:
    """x_(t-1): Ho et al. 2020, equation 7 with clipped x0, or equation 11 with sigma^2 = beta."""
    before = level[t - 1] if t > 0 else torch.tensor(1.0, dtype=torch.float64)
    beta = 1 - level[t] / before
    if case.novwaul:
        mean = (x - (beta / (1 - level[t]).sqrt()).float() * eps) / (1 - beta).sqrt().float()
        return mean + (beta.sqrt().float() * noise if t > 0 else 0)
    x0 = (1 / level[t]).sqrt().float() * x - (1 / level[t] - 1).sqrt().float() * eps
    mean = (beta * before.sqrt() / (1 - level[t])).float() * x0.clamp(-1, 1)
    mean = mean + ((1 - before) * (1 - beta).sqrt() / (1 - level[t])).float() * x
    return mean + ((beta * (1 - before) / (1 - level[t])).sqrt().float() * noise if t > 0 else 0)


def named(
    case: Case,
    condition: list[Tensor],
    call: tuple[Tensor, Tensor, Tensor],
    noise: Tensor,
    states: list[Tensor],
    level: Tensor,
) -> dict[str, Tensor]:
    """The arrays under the names that each system's recordings have."""
    step_x, step_t, eps = call
    if case.novwaul:
        return {
            "upsampled_clipped01": (condition[0] + 1) / 2,
            "step_input": torch.cat([step_x, *condition], 1),
            "step_sqrt_gamma": step_t.view(-1, 1, 1, 1), "step_eps": eps,
            "x_T": noise[0], "noise": noise[1:-1],
            "traj_x_before_step": torch.stack(states[:-1]),
            "final01": states[-1].clamp(-1, 1) / 2 + 0.5, "x0_before_clip": states[-1],
            "buf_sample_alphas_bar": level.float(),
        }
    return {
        **({"condition": condition[0]} if condition else {}),
        "step_input": torch.cat([*condition, step_x], 1),
        "step_time": step_t[:, None] if case.shape.time == "level" else step_t, "step_eps": eps,
        "noise": noise, "traj_x": torch.stack(states[1:]), "final": states[-1],
        "buf_betas": betas_of(case.sampled).float(), "buf_alphas_cumprod": level.float(),
    }


def write_case(folder: Path, case: Case) -> Path:
    """Writes checkpoint.pth, config.json and io.npz."""
    folder.mkdir(parents=True, exist_ok=True)
    net = network(case.shape)
    torch.save(checkpoint(case, net), folder / "checkpoint.pth")
    (folder / "config.json").write_text(json.dumps(config(case), indent=1))
    np.savez_compressed(folder / "io.npz", **recording(case, net))
    return folder
