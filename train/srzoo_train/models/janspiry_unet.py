"""The U-Nets of Janspiry's Image-Super-Resolution-via-Iterative-Refinement: SR3 (Saharia et al. 2021) and DDPM.

Module names follow the official files, so that their state dicts load unchanged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class JanspiryShape:
    """The sizes and options in which these networks differ."""

    time: Literal["level", "timestep"]   # SR3's sqrt(alphaBar_t), or DDPM's index t
    inputs: int = 6                      # channels: 6 with a condition, 3 without
    inner: int = 64                      # channels of the stem and of the time's embedding
    widths: tuple[int, ...] = (64, 128, 256, 512, 512)  # channels of each level
    blocks: int = 2                      # residual blocks of each level on the way down
    attention: frozenset[int] = frozenset({3})  # levels whose blocks have attention
    groups: int = 32                     # of every group norm
    dropout: float = 0.0

    @property
    def stride(self) -> int:
        """The sides of x must be multiples of this."""
        return 2 ** (len(self.widths) - 1)


class LevelEncoding(nn.Module):
    """sin then cos of a noise level at frequencies 10^(-4 i / half): (B,) -> (B, width)."""

    def __init__(self, width: int):
        super().__init__()
        half = width // 2
        frequencies = torch.exp(-math.log(1e4) * torch.arange(half, dtype=torch.float32) / half)
        self.register_buffer("frequencies", frequencies, persistent=False)

    def forward(self, level: Tensor) -> Tensor:
        angles = level[:, None] * self.frequencies
        return torch.cat([angles.sin(), angles.cos()], 1)


class TimestepEncoding(nn.Module):
    """The same of a timestep; the frequencies are in the checkpoint."""

    def __init__(self, width: int):
        super().__init__()
        steps = torch.arange(0, width, 2, dtype=torch.float32)
        self.register_buffer("inv_freq", torch.exp(steps * (-math.log(1e4) / width)))

    def forward(self, t: Tensor) -> Tensor:
        angles = t.float()[:, None] * self.inv_freq
        return torch.cat([angles.sin(), angles.cos()], 1)


class NoiseFunction(nn.Module):
    """The level's embedding as one number per channel, with neither activation nor scale."""

    def __init__(self, embedding: int, outputs: int):
        super().__init__()
        self.noise_func = nn.Sequential(nn.Linear(embedding, outputs))

    def forward(self, embedding: Tensor) -> Tensor:
        return self.noise_func(embedding)


class Block(nn.Module):
    """Group norm, Swish, dropout, 3x3 convolution."""

    def __init__(self, inputs: int, outputs: int, groups: int, dropout: float = 0.0):
        super().__init__()
        self.block = nn.Sequential(
            nn.GroupNorm(groups, inputs),
            nn.SiLU(),
            nn.Dropout(dropout) if dropout else nn.Identity(),
            nn.Conv2d(inputs, outputs, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.block(x)


class ResnetBlock(nn.Module):
    """Two blocks with the time added between them, and a residual around both."""

    def __init__(self, inputs: int, outputs: int, shape: JanspiryShape):
        super().__init__()
        if shape.time == "level":
            self.noise_func = NoiseFunction(shape.inner, outputs)
        else:
            self.mlp = nn.Sequential(nn.SiLU(), nn.Linear(shape.inner, outputs))
        self.block1 = Block(inputs, outputs, shape.groups)
        self.block2 = Block(outputs, outputs, shape.groups, shape.dropout)
        self.res_conv = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        told = self.noise_func if hasattr(self, "noise_func") else self.mlp
        h = self.block1(x) + told(embedding)[:, :, None, None]
        return self.block2(h) + self.res_conv(x)


class Attention(nn.Module):
    """One head of attention among all pixels of the normalised input, added to the input."""

    def __init__(self, channels: int, groups: int):
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels)
        self.qkv = nn.Conv2d(channels, channels * 3, 1, bias=False)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        channels = x.shape[1]
        q, k, v = self.qkv(self.norm(x)).flatten(2).chunk(3, 1)  # each (B, channels, pixels)
        weights = (q.transpose(1, 2) @ k / math.sqrt(channels)).softmax(-1)
        return x + self.out((v @ weights.transpose(1, 2)).view_as(x))


class AttendedBlock(nn.Module):
    """A residual block, then attention where the level has it."""

    def __init__(self, inputs: int, outputs: int, shape: JanspiryShape, attention: bool):
        super().__init__()
        self.res_block = ResnetBlock(inputs, outputs, shape)
        if attention:
            self.attn = Attention(outputs, shape.groups)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        x = self.res_block(x, embedding)
        return self.attn(x) if hasattr(self, "attn") else x


class Downsample(nn.Module):
    """Halves the sides with a strided convolution."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Upsample(nn.Module):
    """Doubles the sides by repeating pixels, then a convolution."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class JanspiryUNet(nn.Module):
    """Predicts the noise in an image."""

    def __init__(self, shape: JanspiryShape):
        super().__init__()
        self.shape = shape
        inner, widths = shape.inner, shape.widths
        encoding = LevelEncoding if shape.time == "level" else TimestepEncoding
        mlp = nn.Sequential(
            encoding(inner), nn.Linear(inner, inner * 4), nn.SiLU(), nn.Linear(inner * 4, inner)
        )
        setattr(self, "noise_level_mlp" if shape.time == "level" else "time_mlp", mlp)

        self.downs = nn.ModuleList([nn.Conv2d(shape.inputs, inner, 3, padding=1)])
        skips, channels = [inner], inner
        for level, width in enumerate(widths):
            for _ in range(shape.blocks):
                self.downs.append(AttendedBlock(channels, width, shape, level in shape.attention))
                skips.append(width)
                channels = width
            if level < len(widths) - 1:
                self.downs.append(Downsample(channels))
                skips.append(channels)

        self.mid = nn.ModuleList(
            AttendedBlock(channels, channels, shape, attention) for attention in (True, False)
        )

        self.ups = nn.ModuleList()
        for level, width in reversed(list(enumerate(widths))):
            for _ in range(shape.blocks + 1):
                inputs = channels + skips.pop()
                self.ups.append(AttendedBlock(inputs, width, shape, level in shape.attention))
                channels = width
            if level > 0:
                self.ups.append(Upsample(channels))
        self.final_conv = Block(channels, 3, shape.groups)

    def forward(self, x: Tensor, time: Tensor, condition: Tensor | None = None) -> Tensor:
        """Noise (B, 3, H, W) in `x` (B, 3, H, W), whose sides are multiples of the stride.

        `time` (B,) is the level sqrt(alphaBar_t) of SR3 or the timestep of DDPM; `condition`
        (B, 3, H, W) in [-1, 1] is the enlarged input, for networks with six input channels.
        """
        x = x if condition is None else torch.cat([condition, x], 1)
        embedding = (self.noise_level_mlp if self.shape.time == "level" else self.time_mlp)(time)
        skips = []
        for layer in self.downs:
            x = layer(x, embedding) if isinstance(layer, AttendedBlock) else layer(x)
            skips.append(x)
        for layer in self.mid:
            x = layer(x, embedding)
        for layer in self.ups:
            if isinstance(layer, AttendedBlock):
                x = layer(torch.cat([x, skips.pop()], 1), embedding)
            else:
                x = layer(x)
        return self.final_conv(x)
