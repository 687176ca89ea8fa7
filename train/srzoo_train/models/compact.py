"""Compact networks of our own, on the LR grid: dense 3x3 convolutions, no norm, no attention.

Nothing looks further than its receptive radius, so a picture cut into tiles gives what the whole
gives; channels are multiples of 16 and pictures enter and leave by pixel (un)shuffle, which is
where CPUs, wasm and WebGPU do most per second.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def conv(inputs: int, outputs: int, gain: float = 1.0) -> nn.Conv2d:
    """A 3x3 convolution whose initial weights are multiplied by `gain`."""
    layer = nn.Conv2d(inputs, outputs, 3, padding=1)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    layer.weight.data.mul_(gain)
    nn.init.zeros_(layer.bias)
    return layer


class Block(nn.Module):
    """x + conv(relu(film(conv(x)))); the film comes from the timestep, where there is one."""

    def __init__(self, channels: int, embedding: int = 0):
        super().__init__()
        self.conv1 = conv(channels, channels)
        self.conv2 = conv(channels, channels, gain=0.1)
        self.film = nn.Linear(embedding, 2 * channels) if embedding else None
        if self.film:
            nn.init.zeros_(self.film.weight)
            nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, time: Tensor | None = None) -> Tensor:
        h = self.conv1(x)
        if self.film:
            scale, shift = self.film(time)[:, :, None, None].chunk(2, 1)
            h = h * (1 + scale) + shift
        return x + self.conv2(F.relu(h))


class Regression(nn.Module):
    """The posterior mean: lr [n, 3, h, w] in [-1, 1] -> sr [n, 3, h*scale, w*scale].

    Also the encoder of the generative families: `forward` gives the features [n, channels, h, w]
    that its head reads, and the picture.
    """

    def __init__(self, scale: int = 4, channels: int = 64, blocks: int = 6):
        super().__init__()
        self.scale = scale
        self.stem = conv(3, channels)
        self.body = nn.ModuleList(Block(channels) for _ in range(blocks))
        self.fuse = conv(channels, channels)
        self.head = conv(channels, 3 * scale * scale, gain=0.1)
        copies = torch.arange(3).repeat_interleave(scale * scale)
        self.register_buffer("copies", copies, persistent=False)

    def forward(self, lr: Tensor) -> tuple[Tensor, Tensor]:
        x = stem = self.stem(lr)
        for block in self.body:
            x = block(x)
        features = self.fuse(x) + stem
        nearest = lr.index_select(1, self.copies)
        return features, F.pixel_shuffle(self.head(features) + nearest, self.scale)


class Timestep(nn.Module):
    """Sines and cosines of t [n] (an index below `timesteps`), then two linear layers."""

    def __init__(self, timesteps: int, width: int = 128, waves: int = 32):
        super().__init__()
        periods = torch.exp(torch.linspace(0, math.log(1000), waves)) * (math.pi / 2 / timesteps)
        self.register_buffer("frequency", periods, persistent=False)
        self.net = nn.Sequential(nn.Linear(2 * waves, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, t: Tensor) -> Tensor:
        angle = t[:, None] * self.frequency[None]
        return F.silu(self.net(torch.cat([angle.sin(), angle.cos()], 1)))


class Denoiser(nn.Module):
    """SRDiff's residual denoiser on the LR grid: a two-level U-Net with the time as film.

    x [n, 3, H, W] (the noised residual), t [n], features [n, c, h, w] -> prediction [n, 3, H, W].
    h and w are even.
    """

    def __init__(
        self,
        scale: int = 4,
        features: int = 64,
        channels: int = 64,
        deep: int = 96,
        blocks: int = 2,
        deep_blocks: int = 4,
        timesteps: int = 100,
    ):
        super().__init__()
        self.scale = scale
        self.time = Timestep(timesteps)
        self.stem = conv(3 * scale * scale + features, channels)
        self.before = nn.ModuleList(Block(channels, 128) for _ in range(blocks))
        self.down = nn.Conv2d(channels, deep, 2, stride=2)
        self.middle = nn.ModuleList(Block(deep, 128) for _ in range(deep_blocks))
        self.up = nn.ConvTranspose2d(deep, channels, 2, stride=2)
        self.after = nn.ModuleList(Block(channels, 128) for _ in range(blocks))
        self.head = conv(channels, 3 * scale * scale, gain=0.1)

    def forward(self, x: Tensor, t: Tensor, features: Tensor) -> Tensor:
        time = self.time(t)
        h = self.stem(torch.cat([F.pixel_unshuffle(x, self.scale), features], 1))
        for block in self.before:
            h = block(h, time)
        deep = self.down(h)
        for block in self.middle:
            deep = block(deep, time)
        h = h + self.up(deep)
        for block in self.after:
            h = block(h, time)
        return F.pixel_shuffle(self.head(h), self.scale)
