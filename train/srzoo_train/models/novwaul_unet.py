"""The U-Net of novwaul's SR3 (after Saharia et al. 2021).

Module names follow the official files, so that their state dicts load unchanged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

GROUPS = 8  # of every group norm


@dataclass(frozen=True)
class NovwaulShape:
    """The sizes and options in which these networks differ."""

    channels: int = 56                  # of the stem
    widths: tuple[int, ...] = (56, 112, 224, 224, 448, 448)  # channels of each level
    blocks: int = 3                     # residual blocks of each level on the way down
    attention: frozenset[int] = frozenset({4})  # levels whose blocks have attention
    middle: bool = True                 # whether the first block of the middle has attention
    embedding: int = 224                # channels of the level's embedding
    dropout: float = 0.0

    @property
    def stride(self) -> int:
        """The sides of x must be multiples of this."""
        return 2 ** (len(self.widths) - 1)


def named(name: str, module: nn.Module) -> nn.Sequential:
    """A module under one more name, as the official code wraps each of torch's."""
    wrapped = nn.Sequential()
    wrapped.add_module(name, module)
    return wrapped


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return named("conv", nn.Conv2d(inputs, outputs, 3, stride, 1))


def linear(inputs: int, outputs: int) -> nn.Sequential:
    return named("linear", nn.Linear(inputs, outputs))


def norm(channels: int) -> nn.Sequential:
    return named("group_norm", nn.GroupNorm(GROUPS, channels))


def zero(layer: nn.Sequential) -> nn.Sequential:
    """The layer, starting at zero, so that its branch starts as nothing (Ho et al. 2020, appendix B)."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


class LevelEmbedding(nn.Module):
    """sin then cos of a noise level at frequencies 5000^(-i / (half - 1)), then two linear layers."""

    def __init__(self, channels: int, embedding: int):
        super().__init__()
        half = channels // 2
        steps = torch.arange(half, dtype=torch.float32)
        self.register_buffer("x", torch.exp(-math.log(5000) / (half - 1) * steps)[None])
        self.linear1 = linear(channels, embedding)
        self.linear2 = linear(embedding, embedding)

    def forward(self, level: Tensor) -> Tensor:
        angles = level[:, None] * self.x
        waves = torch.cat([angles.sin(), angles.cos()], 1)
        return self.linear2(F.silu(self.linear1(waves)))


class Attention(nn.Module):
    """One head of attention among all pixels of the normalised input, added to the input."""

    def __init__(self, channels: int):
        super().__init__()
        self.gn = norm(channels)
        self.qkv = linear(channels, channels * 3)
        self.proj = zero(linear(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        pixels = self.gn(x).flatten(2).transpose(1, 2)  # (B, pixels, channels)
        q, k, v = self.qkv(pixels).chunk(3, -1)
        weights = (q @ k.transpose(1, 2) / math.sqrt(x.shape[1])).softmax(-1)
        return x + self.proj(weights @ v).transpose(1, 2).reshape(x.shape)


class ResidualBlock(nn.Module):
    """Two normalised convolutions with the level added between them; attention where the level has it."""

    def __init__(self, inputs: int, outputs: int, shape: NovwaulShape, attention: bool):
        super().__init__()
        self.gn1 = norm(inputs)
        self.conv1 = conv(inputs, outputs)
        self.linear1 = linear(shape.embedding, outputs)
        self.gn2 = norm(outputs)
        self.drop = nn.Dropout(shape.dropout)
        self.conv2 = zero(conv(outputs, outputs))
        if inputs != outputs:
            self.linear2 = linear(inputs, outputs)
        if attention:
            self.att = Attention(outputs)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.gn1(x))) + self.linear1(F.silu(embedding))[:, :, None, None]
        h = self.conv2(self.drop(F.silu(self.gn2(h))))
        if hasattr(self, "linear2"):
            x = self.linear2(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        x = x + h
        return self.att(x) if hasattr(self, "att") else x


class Downsample(nn.Module):
    """Halves the sides with a strided convolution."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = conv(channels, channels, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Upsample(nn.Module):
    """Doubles the sides by repeating pixels, then a convolution."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class NovwaulUNet(nn.Module):
    """Predicts the noise in an image from the noise level and the enlarged input."""

    def __init__(self, shape: NovwaulShape):
        super().__init__()
        self.shape = shape
        widths = shape.widths
        self.emb = LevelEmbedding(shape.channels, shape.embedding)
        self.conv1 = conv(6, shape.channels)

        self.down = nn.ModuleList()
        skips, channels = [shape.channels], shape.channels
        for level, width in enumerate(widths):
            for _ in range(shape.blocks):
                self.down.append(ResidualBlock(channels, width, shape, level in shape.attention))
                skips.append(width)
                channels = width
            if level < len(widths) - 1:
                self.down.append(Downsample(channels))
                skips.append(channels)

        self.mid = nn.ModuleList(
            ResidualBlock(channels, channels, shape, attention)
            for attention in (shape.middle, False)
        )

        self.up = nn.ModuleList()
        for level, width in reversed(list(enumerate(widths))):
            for _ in range(shape.blocks + 1):
                inputs = channels + skips.pop()
                self.up.append(ResidualBlock(inputs, width, shape, level in shape.attention))
                channels = width
            if level > 0:
                self.up.append(Upsample(channels))
        self.gn = norm(channels)
        self.conv2 = zero(conv(channels, 3))

    def forward(self, x: Tensor, level: Tensor, condition: Tensor) -> Tensor:
        """Noise (B, 3, H, W) in `x` (B, 3, H, W), whose sides are multiples of the stride.

        `level` (B,) is sqrt(gamma), the root of alphaBar_t; `condition` (B, 3, H, W) in [-1, 1] is
        the enlarged input.
        """
        embedding = self.emb(level)
        x = self.conv1(torch.cat([x, condition], 1))
        skips = [x]
        for layer in self.down:
            x = layer(x, embedding) if isinstance(layer, ResidualBlock) else layer(x)
            skips.append(x)
        for layer in self.mid:
            x = layer(x, embedding)
        for layer in self.up:
            if isinstance(layer, ResidualBlock):
                x = layer(torch.cat([x, skips.pop()], 1), embedding)
            else:
                x = layer(x)
        return self.conv2(F.silu(self.gn(x)))
