"""Makes checkpoints of SRFlow with any sizes, and records their runs like the reference's.

test_import_srflow.py compares the network with the authors' recordings.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from srzoo_train.models.flow import log_normal
from srzoo_train.models.srflow import Encoder, SRFlow, SRFlowShape, ZeroConv

SMALL = SRFlowShape(4, features=8, growth=4, blocks=3, stacked=(0, 2), steps=1, hidden=8)
HEATS = (0.9, 0.4)
QUANT = 32


def network(shape: SRFlowShape, seed: int = 1) -> SRFlow:
    """Random weights, even where the network starts at zero, with actnorms that were set by data."""
    torch.manual_seed(seed)
    net = SRFlow(shape).eval()
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, ZeroConv):
                layer.weight.normal_(0, 0.02)
                layer.bias.normal_(0, 0.1)
                layer.logs.normal_(0, 0.05)
        lr, hr = images(shape, (4, 8, 8))
        net.start(Encoder(net.RRDB, shape.stacked)(lr * 2 - 1), hr * 2 - 1)
    return net


def images(shape: SRFlowShape, size: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
    """LR and HR images in [0, 1]."""
    n, height, width = size
    hr = torch.rand(n, 3, height * shape.scale, width * shape.scale)
    return torch.nn.functional.avg_pool2d(hr, shape.scale), hr


@torch.no_grad()
def recording(net: SRFlow, size: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """The arrays under the reference's names; log-determinants are those of images in [0, 1]."""
    shape, (n, height, width) = net.shape, size
    lr, hr = images(shape, size)
    features = Encoder(net.RRDB, shape.stacked)(lr * 2 - 1)
    names = [f"eps_level{i + 1}" for i in range(len(shape.latents) - 1)] + ["z"]
    unit = [torch.randn(n, channels, int(height * ratio), int(width * ratio)) for channels, ratio in shape.latents]
    found = {"lr": lr, "hr": hr, "cond_fea_up1": features}
    found |= {f"unit_{name}": value for name, value in zip(names, unit)}
    for i, heat in enumerate(HEATS):
        image = net.decode([heat * latent for latent in unit], features)
        found[f"sr_heat{i}"] = (image + 1) / 2
        found[f"sr_logdet_heat{i}"] = -log_det_of(*net.encode(image, features))
    found["sr_heat_zero"] = (net.decode([0 * latent for latent in unit], features) + 1) / 2
    noise = torch.rand_like(hr)
    found["dequant_uniform01"] = noise
    for prefix, image, levels in (("enc", hr, 1), ("enc_noise", hr + (noise - 0.5) / QUANT, QUANT)):
        latents, log_det = net.encode(image * 2 - 1, features)
        pixels = hr.shape[2] * hr.shape[3]
        total = log_det_of(latents, log_det) - math.log(levels) * pixels
        found |= {f"{prefix}_{name}": value for name, value in zip(names, latents)}
        found[f"{prefix}_logdet"] = total
        found[f"{prefix}_nll"] = -(total + log_normal(latents[-1])) / math.log(2) / pixels
    return {name: value.numpy() for name, value in found.items()}


def log_det_of(latents: list[Tensor], log_det: Tensor) -> Tensor:
    """As the reference counts it: for images in [0, 1], and with the prior of the latents split off."""
    values = sum(latent[0].numel() for latent in latents)
    return log_det + math.log(2) * values + sum((log_normal(x) for x in latents[:-1]), torch.zeros(()))


def config(shape: SRFlowShape) -> dict:
    """What the config.json of a case says."""
    return {
        "system": "SRFlow", "scale": shape.scale, "quant": QUANT, "heats": list(HEATS),
        "encoder": {"stacked_blocks": list(shape.stacked)},
        "flow": {"affine_eps": shape.least},
    }


def write_case(folder: Path, shape: SRFlowShape, size: tuple[int, int, int] = (2, 6, 4)) -> Path:
    """Writes checkpoint.pth, config.json and io.npz."""
    folder.mkdir(parents=True, exist_ok=True)
    net = network(shape)
    torch.save(net.state_dict(), folder / "checkpoint.pth")
    (folder / "config.json").write_text(json.dumps(config(shape), indent=1))
    np.savez_compressed(folder / "io.npz", **recording(net, size))
    return folder
