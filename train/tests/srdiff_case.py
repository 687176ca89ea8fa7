"""Makes a recorded case of SRDiff, laid out like the official files, with any sizes and options."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from srzoo_train.importers.srdiff import Encoder
from srzoo_train.models.rrdb import RRDBNet
from srzoo_train.models.srdiff_unet import SRDiffUNet
from srzoo_train.noise_schedule import betas_of
from torch import Tensor


@dataclass(frozen=True)
class Options:
    """The options of a case."""

    hidden: int = 8
    multipliers: tuple[int, ...] = (1, 2)
    features: int = 6
    growth: int = 3
    blocks: int = 2
    scale: int = 4
    heads: int = 0
    head_width: int = 32
    base_input: bool = False
    kind: str = "cosine"
    timesteps: int = 6
    residual_scale: float = 2.0
    size: tuple[int, int, int] = (1, 6, 8)  # batch, LR height, LR width


def networks(options: Options, seed: int = 1) -> tuple[RRDBNet, SRDiffUNet]:
    """Both networks with random weights whose outputs keep their size."""
    torch.manual_seed(seed)
    rrdb = RRDBNet(options.features, options.blocks, options.scale, options.growth)
    used = len(range(2, options.blocks + 1, 3)) * options.features
    attention = (options.heads, options.head_width) if options.heads else None
    unet = SRDiffUNet(options.hidden, options.multipliers, used, options.scale, attention,
                      options.base_input)
    with torch.no_grad():
        for parameter in unet.parameters():
            parameter.mul_(1.5)
        if attention:
            unet.mid_attn.fn.g.fill_(0.7)
    return rrdb.eval(), unet.eval()


def schedule(options: Options) -> dict:
    """The schedule as a model card writes it."""
    if options.kind == "cosine":
        return {"kind": "cosine", "timesteps": options.timesteps, "s": 0.008}
    return {"kind": "linear", "timesteps": options.timesteps, "first": 1e-4, "last": 0.2,
            "lastForced": 0.999}


def checkpoint(options: Options, rrdb: RRDBNet, unet: SRDiffUNet) -> dict:
    """The official nesting: weights, tables, and the optimizer's state."""
    betas = betas_of(schedule(options))
    level = torch.cumprod(1 - betas, 0)
    tables = {"betas": betas.float(), "alphas_cumprod": level.float()}
    model = tables | {f"denoise_fn.{k}": v for k, v in unet.state_dict().items()}
    model |= {f"rrdb.{k}": v for k, v in rrdb.state_dict().items()}
    adam = {"state": {0: {"step": 3, "exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 1e-4}]}
    return {"global_step": 7, "optimizer_states": [adam], "state_dict": {"model": model}}


def config(options: Options) -> dict:
    """What the config.json of a case says besides sizes."""
    said = schedule(options)
    return {
        "system": "SRDiff",
        "scale": options.scale,
        "unet": {"attention_heads": options.heads or 4},
        "diffusion": {
            "timesteps": options.timesteps,
            "schedule": options.kind,
            "cosine_s": 0.008,
            "linear_start": said.get("first", 1e-4),
            "linear_end": said.get("last", 0.02),
            "linear_last_beta_forced_to": 0.999,
            "predicts": "noise",
            "clip_x0": [-1, 1],
            "residual": True,
            "residual_rescale": options.residual_scale,
        },
        "made_with": asdict(options),
    }


@torch.no_grad()
def recording(options: Options, rrdb: RRDBNet, unet: SRDiffUNet) -> dict[str, np.ndarray]:
    """One call and a whole trajectory, with the noise."""
    n, h, w = options.size
    size = (n, 3, h * options.scale, w * options.scale)
    lr = torch.randint(0, 256, (n, 3, h, w)) / 255 * 2 - 1
    up = torch.nn.functional.pixel_shuffle(Encoder(rrdb, options.scale).base(lr), options.scale)
    cond = torch.cat(rrdb.features((lr + 1) / 2)[2::3], 1)
    base = up if options.base_input else None
    betas = betas_of(schedule(options))
    level = torch.cumprod(1 - betas, 0)
    noise = torch.randn(options.timesteps + 1, *size)
    step_x, step_t = torch.randn(size), torch.arange(n) % options.timesteps
    states, estimates, x = [], [], noise[0]
    for i, t in enumerate(reversed(range(options.timesteps))):
        eps = unet(x, torch.full((n,), t), cond, base)
        x, x0 = ancestral_step(x, eps, noise[i + 1], level, betas, t)
        states.append(x)
        estimates.append(x0)
    arrays = {
        "img_lr": lr, "img_lr_up": up, "cond_concat": cond, "noise": noise,
        "step_x": step_x, "step_t": step_t, "step_eps": unet(step_x, step_t, cond, base),
        "traj_x": torch.stack(states), "traj_x0": torch.stack(estimates),
        "final_sr": x.clamp(-1, 1) / options.residual_scale + up,
        "buf_betas": betas.float(), "buf_alphas_cumprod": level.float(),
    }
    return {name: array.numpy() for name, array in arrays.items()}


def ancestral_step(
    x: Tensor, eps: Tensor, noise: Tensor, level: Tensor, betas: Tensor, t: int
) -> tuple[Tensor, Tensor]:
    """x_(t-1) and the clipped x0 (Ho et al. 2020, equations 7 and 15)."""
    before = level[t - 1] if t > 0 else torch.tensor(1.0, dtype=torch.float64)
    x0 = ((1 / level[t]).sqrt().float() * x - (1 / level[t] - 1).sqrt().float() * eps).clamp(-1, 1)
    mean = (betas[t] * before.sqrt() / (1 - level[t])).float() * x0
    mean = mean + ((1 - before) * (1 - betas[t]).sqrt() / (1 - level[t])).float() * x
    spread = (betas[t] * (1 - before) / (1 - level[t])).clamp(min=1e-20).sqrt().float()
    return mean + (spread * noise if t > 0 else 0), x0


def write_checkpoint(
    folder: Path, options: Options, nets: tuple[RRDBNet, SRDiffUNet], zipped: bool = False
) -> None:
    """Writes checkpoint.pth and config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(checkpoint(options, *nets), folder / "checkpoint.pth",
               _use_new_zipfile_serialization=zipped)
    (folder / "config.json").write_text(json.dumps(config(options), indent=1))


def write_case(
    folder: Path, options: Options, nets: tuple[RRDBNet, SRDiffUNet] | None = None
) -> Path:
    """Writes checkpoint.pth, config.json and io.npz."""
    nets = nets or networks(options)
    write_checkpoint(folder, options, nets)
    np.savez_compressed(folder / "io.npz", **recording(options, *nets))
    return folder
