"""SRDiff's denoiser (Li et al. 2022, section 3.3), with every option that its released code has.

Module names follow the official files, so that their state dicts load unchanged.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def padded_conv(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
    """A 3x3 convolution whose border mirrors the image."""
    return [nn.ReflectionPad2d(1), nn.Conv2d(inputs, outputs, 3, stride)]


class TimestepEmbedding(nn.Module):
    """sin then cos of t at geometric frequencies (Vaswani et al. 2017): (B,) -> (B, width)."""

    def __init__(self, width: int):
        super().__init__()
        half = width // 2
        frequencies = torch.exp(torch.arange(half) * -(math.log(1e4) / (half - 1)))
        self.register_buffer("frequencies", frequencies, persistent=False)

    def forward(self, t: Tensor) -> Tensor:
        angles = t.float()[:, None] * self.frequencies[None, :]
        return torch.cat([angles.sin(), angles.cos()], 1)


class Block(nn.Module):
    """3x3 convolution, then Mish; SRDiff's normalisation has no groups, so there is none."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.block = nn.Sequential(*padded_conv(inputs, outputs), nn.Mish())

    def forward(self, x: Tensor) -> Tensor:
        return self.block(x)


class ResnetBlock(nn.Module):
    """Two blocks with the timestep added between them, and a residual around both."""

    def __init__(self, inputs: int, outputs: int, embedding: int):
        super().__init__()
        self.mlp = nn.Sequential(nn.Mish(), nn.Linear(embedding, outputs))
        self.block1 = Block(inputs, outputs)
        self.block2 = Block(outputs, outputs)
        same = inputs == outputs
        self.res_conv = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = self.block1(x) + self.mlp(embedding)[:, :, None, None]
        return self.block2(h) + self.res_conv(x)


class LinearAttention(nn.Module):
    """Attention linear in the pixels (Shen et al. 2021): softmax over the pixels of k alone."""

    def __init__(self, channels: int, heads: int, head_width: int):
        super().__init__()
        self.heads = heads
        self.head_width = head_width
        self.to_qkv = nn.Conv2d(channels, heads * head_width * 3, 1, bias=False)
        self.to_out = nn.Conv2d(heads * head_width, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        n, _, h, w = x.shape
        q, k, v = self.to_qkv(x).reshape(n, 3, self.heads, self.head_width, h * w).unbind(1)
        context = k.softmax(-1) @ v.transpose(-1, -2)  # (B, heads, key, value)
        out = context.transpose(-1, -2) @ q
        return self.to_out(out.reshape(n, self.heads * self.head_width, h, w))


class Rezero(nn.Module):
    """A branch times a learned number that starts at zero (Bachlechner et al. 2021)."""

    def __init__(self, branch: nn.Module):
        super().__init__()
        self.fn = branch
        self.g = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.fn(x) * self.g


class Residual(nn.Module):
    """A branch added to its input."""

    def __init__(self, branch: nn.Module):
        super().__init__()
        self.fn = branch

    def forward(self, x: Tensor) -> Tensor:
        return x + self.fn(x)


class Downsample(nn.Module):
    """Halves the size with a strided convolution."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Sequential(*padded_conv(channels, channels, stride=2))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Upsample(nn.Module):
    """Doubles the size with a transposed convolution."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Sequential(nn.ConvTranspose2d(channels, channels, 4, 2, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class SRDiffUNet(nn.Module):
    """Predicts the noise in a residual image.

    Args:
        hidden: channels of the first level and of the timestep's embedding.
        multipliers: channels of each level, in units of `hidden`.
        condition_channels: channels of the encoder's features, all entries joined.
        scale: how much larger x is than the features.
        attention: (heads, width of one head) of the middle's attention, or None for none.
        base_input: whether the interpolated image is fed in beside the features.
    """

    def __init__(
        self,
        hidden: int,
        multipliers: tuple[int, ...],
        condition_channels: int,
        scale: int = 4,
        attention: tuple[int, int] | None = None,
        base_input: bool = False,
    ):
        super().__init__()
        widths = [3, *(hidden * m for m in multipliers)]
        levels = list(zip(widths[:-1], widths[1:], strict=True))
        self.cond_proj = nn.ConvTranspose2d(
            condition_channels, hidden, scale * 2, scale, scale // 2
        )
        self.time_pos_emb = TimestepEmbedding(hidden)
        self.mlp = nn.Sequential(
            nn.Linear(hidden, hidden * 4), nn.Mish(), nn.Linear(hidden * 4, hidden)
        )
        self.downs = nn.ModuleList(
            nn.ModuleList([
                ResnetBlock(inputs, outputs, hidden),
                ResnetBlock(outputs, outputs, hidden),
                Downsample(outputs) if i < len(levels) - 1 else nn.Identity(),
            ])
            for i, (inputs, outputs) in enumerate(levels)
        )
        deepest = widths[-1]
        self.mid_block1 = ResnetBlock(deepest, deepest, hidden)
        if attention is not None:
            self.mid_attn = Residual(Rezero(LinearAttention(deepest, *attention)))
        self.mid_block2 = ResnetBlock(deepest, deepest, hidden)
        self.ups = nn.ModuleList(
            nn.ModuleList([
                ResnetBlock(outputs * 2, inputs, hidden),
                ResnetBlock(inputs, inputs, hidden),
                Upsample(inputs),
            ])
            for inputs, outputs in reversed(levels[1:])
        )
        self.final_conv = nn.Sequential(Block(hidden, hidden), nn.Conv2d(hidden, 3, 1))
        if base_input:
            self.up_proj = nn.Sequential(*padded_conv(3, hidden))

    def forward(
        self, x: Tensor, t: Tensor, features: Tensor, base: Tensor | None = None
    ) -> Tensor:
        """Noise (B, 3, H, W) in `x` (B, 3, H, W) at timesteps `t` (B,).

        `features` are (B, condition_channels, H/scale, W/scale); `base` is the interpolated
        image (B, 3, H, W) in [-1, 1], for networks with `base_input`.
        """
        embedding = self.mlp(self.time_pos_emb(t))
        skips = []
        for i, (first, second, down) in enumerate(self.downs):
            x = second(first(x, embedding), embedding)
            if i == 0:
                x = x + self.cond_proj(features)
                if base is not None:
                    x = x + self.up_proj(base)
            skips.append(x)
            x = down(x)
        x = self.mid_block1(x, embedding)
        if hasattr(self, "mid_attn"):
            x = self.mid_attn(x)
        x = self.mid_block2(x, embedding)
        # The first level's skip stays unused: the released network has one way up fewer than down.
        for first, second, up in self.ups:
            x = up(second(first(torch.cat([x, skips.pop()], 1), embedding), embedding))
        return self.final_conv(x)
