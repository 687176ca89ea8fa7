"""Official checkpoints of SRDiff (Li et al. 2022): a noise predictor and its RRDB encoder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..graphs import Graph
from ..models.published import EACH, FIRST_USED, joined_channels
from ..models.rrdb import RRDBNet
from ..models.srdiff_unet import SRDiffUNet
from ..published import tiling
from .reference_config import lookup, number, shown
from .rrdb import rrdb_of
from .schedule_table import SCHEDULE_BUFFERS
from .srdiff_schedule import schedule_of
from .system import (
    Conversion,
    ImportRefused,
    System,
    Weights,
    listed,
    load_exactly,
    numbered,
    shape_of,
)

# Values of the released networks that no shape shows.
HEADS, HEAD_WIDTH = 4, 32


def detect(keys: Iterable[str]) -> bool:
    """Whether these are the keys of a denoiser conditioned on an RRDB encoder."""
    return {"denoise_fn.cond_proj.weight", "rrdb.conv_first.weight"} <= set(keys)


def convert(weights: Weights, config: Mapping[str, Any]) -> Conversion:
    """Reads the sizes off the weights, the rest from the configuration or the release."""
    weights = folded(weights)
    refuse_unknown_parts(weights)
    scale = scale_of(weights)
    rrdb, unet = rrdb_of(weights, "rrdb."), denoiser_of(weights, scale, config)
    if "betas" in weights:
        shape_of(weights, "betas", 1)
    schedule, notes = schedule_of(weights.get("betas"), config)
    stride = 2 ** (len(unet.downs) - 1)
    draw = Draw(rrdb, scale, unet_takes_base(weights), schedule["timesteps"], stride)
    channels = shape_of(weights, "denoise_fn.cond_proj.weight", 4)[0]
    return Conversion(
        graphs=(
            Graph("encoder", draw.encoder, draw.pictures, {"features": 0}),
            Graph("denoiser", Denoiser(unet, scale, channels).eval(), draw.states, {"prediction": 0}),
        ),
        card=card_of(scale, stride, schedule, config),
        notes=(*contradictions(weights, config), *notes),
    )


def refuse_unknown_parts(weights: Weights) -> None:
    """Names every part of the state dict that is neither a network nor a table."""
    known = {"denoise_fn", "rrdb", *SCHEDULE_BUFFERS}
    unknown = sorted({key.split(".")[0] for key in weights} - known)
    if unknown:
        raise ImportRefused(f"{len(unknown)} unknown: {listed(unknown)}")


def card_of(
    scale: int, stride: int, schedule: Mapping[str, Any], config: Mapping[str, Any]
) -> dict[str, Any]:
    """What the model card says beyond files."""
    timesteps = schedule["timesteps"]
    every = {
        "steps": timesteps,
        "timesteps": list(reversed(range(timesteps))),
        "graph": "denoiser",
        "start": "noise",
    }
    return {
        "name": f"SRDiff x{scale}",
        "description": f"Official weights of SRDiff for {scale} times the size, run as the authors' "
        "code runs them.",
        "family": "srdiff",
        "scale": scale,
        "licence": {"weights": "not stated by LeiaLi/SRDiff", "data": []},
        "tiling": {**tiling(scale, stride), "minimum": minimum_of(scale, stride)},
        "diffusion": {
            "schedule": dict(schedule),
            **prediction_of(config),
            "base": "bicubic256",
            "sampler": "ddpm",
        },
        "steps": {"default": timesteps, "max": timesteps, "trained": [every]},
    }


SRDIFF = System("SRDiff", ("state_dict.model", "state_dict", "model", ""), detect, convert)


class Encoder(nn.Module):
    """Image in [-1, 1] -> the features that the denoiser uses, joined.

    For a denoiser that also takes the interpolated image, the image follows the features, unshuffled
    onto the low-resolution grid.
    """

    def __init__(self, rrdb: RRDBNet, base_scale: int | None):
        super().__init__()
        self.rrdb = rrdb
        self.base_scale = base_scale
        if base_scale is not None:
            self.register_buffer("kernels", bicubic_kernels(base_scale).repeat(3, 1, 1, 1))

    def forward(self, lr: Tensor) -> Tensor:
        used = self.rrdb.features((lr + 1) / 2)[FIRST_USED::EACH]
        return torch.cat(used if self.base_scale is None else [*used, self.base(lr)], 1)

    def base(self, lr: Tensor) -> Tensor:
        """SRDiff's own interpolation: of byte/256 rather than byte/255, the border mirrored."""
        wide = torch.cat([lr[..., 1:2], lr[..., :1], lr, lr[..., -1:], lr[..., -2:-1]], 3)
        tall = torch.cat([wide[:, :, 1:2], wide[:, :, :1], wide, wide[:, :, -1:], wide[:, :, -2:-1]], 2)
        return F.conv2d((tall + 1) * (255 / 256), self.kernels, groups=3) - 1


class Denoiser(nn.Module):
    """The UNet with the encoder's joined output as one input, and t as floats."""

    def __init__(self, unet: SRDiffUNet, scale: int, channels: int):
        super().__init__()
        self.unet = unet
        self.scale = scale
        self.channels = channels

    def forward(self, x: Tensor, t: Tensor, features: Tensor) -> Tensor:
        base = None
        if hasattr(self.unet, "up_proj"):
            base = F.pixel_shuffle(features[:, self.channels:], self.scale)
        return self.unet(x, t, features[:, :self.channels], base)


def bicubic_kernels(scale: int) -> Tensor:
    """Keys' cubic convolution with a = -0.5, one 5x5 kernel for each of scale x scale phases."""
    phases = (torch.arange(scale, dtype=torch.float64) + 0.5) / scale - 0.5
    d = (torch.arange(-2, 3, dtype=torch.float64)[None, :] - phases[:, None]).abs()
    near = (1.5 * d - 2.5) * d * d + 1
    far = ((-0.5 * d + 2.5) * d - 4) * d + 2
    taps = torch.where(d <= 1, near, torch.where(d <= 2, far, 0.0))  # (scale, 5)
    return torch.einsum("iy,jx->ijyx", taps, taps).reshape(scale * scale, 1, 5, 5).float()


def folded(weights: Weights) -> Weights:
    """The weights with weight normalisation (w = g v/|v|, Salimans & Kingma 2016) multiplied out."""
    plain = {key: value for key, value in weights.items() if not key.endswith(("_g", "_v"))}
    for key, direction in weights.items():
        if key.endswith("weight_v") and key[:-1] + "g" in weights:
            length = direction.flatten(1).norm(dim=1).reshape(weights[key[:-1] + "g"].shape)
            plain[key[:-2]] = direction * (weights[key[:-1] + "g"] / length)
        elif key.endswith(("_g", "_v")) and not key.endswith("weight_g"):
            plain[key] = direction
    return plain


def scale_of(weights: Weights) -> int:
    """The scale, from the transposed convolution that carries features to full size."""
    kernel = shape_of(weights, "denoise_fn.cond_proj.weight", 4)[-1]
    if kernel % 4:
        raise ImportRefused(f"denoise_fn.cond_proj has a kernel of {kernel}, not a multiple of 4")
    return kernel // 2


def denoiser_of(weights: Weights, scale: int, config: Mapping[str, Any]) -> SRDiffUNet:
    """The denoiser, with the sizes of its weights."""
    condition, hidden = shape_of(weights, "denoise_fn.cond_proj.weight", 4)[:2]
    levels = numbered(weights, "denoise_fn.downs.")
    multipliers = tuple(
        shape_of(weights, f"denoise_fn.downs.{i}.0.block1.block.1.weight", 4)[0] // hidden
        for i in range(levels)
    )
    used = joined_channels(
        shape_of(weights, "rrdb.conv_first.weight", 4)[0], numbered(weights, "rrdb.RRDB_trunk.")
    )
    if condition != used:
        raise ImportRefused(f"denoise_fn.cond_proj takes {condition} channels, and every third "
                            f"feature of the encoder makes {used}")
    net = SRDiffUNet(hidden, multipliers, condition, scale,
                     attention_of(weights, config), unet_takes_base(weights))
    load_exactly(net, weights, "denoise_fn.")
    return net


def unet_takes_base(weights: Weights) -> bool:
    """Whether the denoiser is also fed with the interpolated image."""
    return "denoise_fn.up_proj.1.weight" in weights


def attention_of(weights: Weights, config: Mapping[str, Any]) -> tuple[int, int] | None:
    """Heads and their width; the weights show only the product."""
    key = "denoise_fn.mid_attn.fn.fn.to_qkv.weight"
    if key not in weights:
        return None
    width = shape_of(weights, key, 4)[0] // 3
    heads = lookup(config, "unet.attention_heads", "attention_heads", "heads")
    if heads is None and width == HEADS * HEAD_WIDTH:
        heads = HEADS
    if heads is None:
        raise ImportRefused(
            f"its attention is {width} channels wide in all, not the released {HEADS}x{HEAD_WIDTH}; "
            "say with --config how many heads that is: attention_heads"
        )
    if not isinstance(heads, int) or heads < 1 or width % heads:
        raise ImportRefused(f"attention_heads must divide {width}, got {shown(heads)}")
    return heads, width // heads


def minimum_of(scale: int, stride: int) -> int:
    """The smallest side: mirrored padding needs two pixels at the deepest level."""
    return -(-2 * stride // scale)


def prediction_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """What the output estimates and how x0 becomes an image."""
    if lookup(config, "res", "diffusion.residual") is False:
        raise ImportRefused("res: false (a diffusion of images, not of residuals) is not supported")
    kind = lookup(config, "diffusion.predicts")
    kind = "noise" if kind is None else kind
    kinds = {"noise": "eps", "eps": "eps", "x0": "x0", "v": "v"}
    if not isinstance(kind, str) or kind not in kinds:
        raise ImportRefused(f"diffusion.predicts must be one of {', '.join(kinds)}, got {shown(kind)}")
    limits = lookup(config, "diffusion.clip_x0")
    limits = [-1, 1] if limits is None else limits
    if not isinstance(limits, list) or len(limits) != 2 or limits[0] != -limits[1]:
        raise ImportRefused(f"diffusion.clip_x0 must be a symmetric pair, got {shown(limits)}")
    return {
        "prediction": kinds[kind],
        "residualScale": number(config, ("res_rescale", "diffusion.residual_rescale"), 2.0),
        "clip": float(limits[1]),
    }


def contradictions(weights: Weights, config: Mapping[str, Any]) -> list[str]:
    """Sizes for which configuration and weights differ; the weights are right."""
    told = {
        "rrdb_num_block": (lookup(config, "rrdb_num_block", "encoder.num_blocks"),
                           numbered(weights, "rrdb.RRDB_trunk.")),
        "rrdb_num_feat": (lookup(config, "rrdb_num_feat", "encoder.num_features"),
                          shape_of(weights, "rrdb.conv_first.weight", 4)[0]),
        "hidden_size": (lookup(config, "hidden_size", "unet.hidden_size"),
                        shape_of(weights, "denoise_fn.cond_proj.weight", 4)[1]),
    }
    return [f"{name} is {told} in the configuration and {found} in the weights, which decide"
            for name, (told, found) in told.items() if told not in (None, found)]


class Draw:
    """Makes inputs of sizes that the networks take, for checks."""

    def __init__(self, rrdb: RRDBNet, scale: int, base: bool, timesteps: int, stride: int):
        self.encoder = Encoder(rrdb, scale if base else None).eval()
        self.scale = scale
        self.timesteps = timesteps
        self.multiple = minimum_of(scale, stride)

    def pictures(self, height: int, width: int, n: int) -> dict[str, Tensor]:
        """Low-resolution images."""
        h, w = (-(-side // self.multiple) * self.multiple for side in (height, width))
        return {"lr": torch.rand(n, 3, h, w) * 2 - 1}

    def states(self, height: int, width: int, n: int) -> dict[str, Tensor]:
        """Noise, a different timestep for each item, and the features of random images."""
        lr = self.pictures(height, width, n)["lr"]
        with torch.no_grad():
            features = self.encoder(lr)
        t = torch.linspace(0, self.timesteps - 1, n + 1).round()[1:]
        x = torch.randn(n, 3, lr.shape[2] * self.scale, lr.shape[3] * self.scale)
        return {"x": x, "t": t, "features": features}
