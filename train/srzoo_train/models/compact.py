"""Compact networks of our own, on the LR grid: dense 3x3 convolutions, no norm, no attention.

Nothing looks further than its receptive radius, so an image cut into tiles gives what the whole
gives; channels are multiples of 16 and images enter and leave by pixel (un)shuffle, which CPUs,
wasm and WebGPU run fastest.
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
    """x + conv(relu(film(conv(x)))); the FiLM comes from an embedding, such as the timestep's, if there is one."""

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


class Dial(nn.Module):
    """`restore` [n] in 0 ... 1 -> an embedding [n, width]; its powers let it turn sharply near its ends."""

    def __init__(self, width: int, hidden: int = 64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, hidden), nn.SiLU(), nn.Linear(hidden, width))

    def forward(self, restore: Tensor) -> Tensor:
        r = restore[:, None]
        return self.net(torch.cat([r, r * r, r * r * r], 1))


class Regression(nn.Module):
    """The posterior mean: lr [n, 3, h, w] in [-1, 1] -> sr [n, 3, h*scale, w*scale].

    Also the encoder of the generative families: `forward` gives the features [n, channels, h, w]
    that its head reads, and the image. With `restores` it is given how much damage to remove,
    [n] in 0 ... 1, as FiLM in every block.
    """

    def __init__(self, scale: int = 4, channels: int = 64, blocks: int = 6, restores: bool = False):
        super().__init__()
        self.scale = scale
        self.stem = conv(3, channels)
        self.body = nn.ModuleList(Block(channels, 64 if restores else 0) for _ in range(blocks))
        self.fuse = conv(channels, channels)
        self.head = conv(channels, 3 * scale * scale, gain=0.1)
        if restores:
            self.restore = Dial(64)
        copies = torch.arange(3).repeat_interleave(scale * scale)
        self.register_buffer("copies", copies, persistent=False)

    def forward(self, lr: Tensor, restore: Tensor | None = None) -> tuple[Tensor, Tensor]:
        told = None if restore is None else F.silu(self.restore(restore))
        x = stem = self.stem(lr)
        for block in self.body:
            x = block(x, told)
        features = self.fuse(x) + stem
        nearest = lr.index_select(1, self.copies)
        return features, F.pixel_shuffle(self.head(features) + nearest, self.scale)


class Plain(nn.Module):
    """A narrow posterior mean, called as `Regression` is: plain 3x3 convolutions with ReLU.

    There is no branch, so that a CPU does nothing but convolve; each kernel starts near the identity
    (a third of a random one beside it), which lets twenty of them train as residual blocks would.
    With `restores` every third layer has a FiLM of the dial.
    """

    EVERY = 3  # layers for each FiLM

    def __init__(
        self, scale: int = 4, channels: int = 32, layers: int = 18, restores: bool = False
    ):
        super().__init__()
        self.scale = scale
        self.stem = conv(3, channels)
        self.body = nn.ModuleList(near_identity(channels) for _ in range(layers))
        if restores:
            self.restore = Dial(64)
            self.films = nn.ModuleList(nn.Linear(64, 2 * channels) for _ in range(0, layers, self.EVERY))
            for film in self.films:
                nn.init.zeros_(film.weight)
                nn.init.zeros_(film.bias)
        self.fuse = conv(channels, channels)
        self.head = conv(channels, 3 * scale * scale, gain=0.1)
        copies = torch.arange(3).repeat_interleave(scale * scale)
        self.register_buffer("copies", copies, persistent=False)

    def forward(self, lr: Tensor, restore: Tensor | None = None) -> tuple[Tensor, Tensor]:
        told = None if restore is None else F.silu(self.restore(restore))
        x = stem = self.stem(lr)
        for i, layer in enumerate(self.body):
            x = layer(x)
            if told is not None and i % self.EVERY == 0:
                scale, shift = self.films[i // self.EVERY](told)[:, :, None, None].chunk(2, 1)
                x = x * (1 + scale) + shift
            x = F.relu(x)
        features = self.fuse(x) + stem
        nearest = lr.index_select(1, self.copies)
        return features, F.pixel_shuffle(self.head(features) + nearest, self.scale)


def near_identity(channels: int) -> nn.Conv2d:
    """A 3x3 convolution whose initial weights are near the identity."""
    layer = conv(channels, channels, gain=0.15)
    layer.weight.data.add_(nn.init.dirac_(torch.empty_like(layer.weight)))
    return layer


class Timestep(nn.Module):
    """Sines and cosines of t [n] (an index below `timesteps`), then two linear layers -> [n, width]."""

    def __init__(self, timesteps: int, width: int = 128, waves: int = 32):
        super().__init__()
        periods = torch.exp(torch.linspace(0, math.log(1000), waves)) * (math.pi / 2 / timesteps)
        self.register_buffer("frequency", periods, persistent=False)
        self.net = nn.Sequential(nn.Linear(2 * waves, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, t: Tensor) -> Tensor:
        angle = t[:, None] * self.frequency[None]
        return self.net(torch.cat([angle.sin(), angle.cos()], 1))


class NoiseLevel(Timestep):
    """The same embedding of a level [n], sqrt(alphaBar), through its angle: alphaBar = cos^2(angle).
    Whatever the schedule, the angle is the time of a cosine schedule, scaled to 0 ... 1."""

    def __init__(self, width: int = 128, waves: int = 32):
        super().__init__(1, width, waves)

    def forward(self, level: Tensor) -> Tensor:
        return super().forward(torch.acos(level.clamp(0, 1)) * (2 / math.pi))


class Denoiser(nn.Module):
    """SRDiff's residual denoiser on the LR grid: a two-level U-Net with the time as FiLM.

    x [n, 3, H, W] (the noised residual), t [n], features [n, c, h, w] and, with `restores`,
    restore [n] -> prediction [n, 3, H, W]. h and w are even.
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
        restores: bool = False,
    ):
        super().__init__()
        self.scale = scale
        self.time: nn.Module = Timestep(timesteps)
        if restores:
            self.restore = Dial(128)
        self.stem = conv(3 * scale * scale + features, channels)
        self.before = nn.ModuleList(Block(channels, 128) for _ in range(blocks))
        self.down = nn.Conv2d(channels, deep, 2, stride=2)
        self.middle = nn.ModuleList(Block(deep, 128) for _ in range(deep_blocks))
        self.up = nn.ConvTranspose2d(deep, channels, 2, stride=2)
        self.after = nn.ModuleList(Block(channels, 128) for _ in range(blocks))
        self.head = conv(channels, 3 * scale * scale, gain=0.1)

    def forward(
        self, x: Tensor, t: Tensor, features: Tensor | None = None, restore: Tensor | None = None
    ) -> Tensor:
        told = self.time(t)
        if restore is not None:
            told = told + self.restore(restore)
        told = F.silu(told)
        h = F.pixel_unshuffle(x, self.scale)
        if features is not None:
            h = torch.cat([h, features.to(h.dtype)], 1)
        h = self.stem(h)
        for block in self.before:
            h = block(h, told)
        deep = self.down(h)
        for block in self.middle:
            deep = block(deep, told)
        h = h + self.up(deep)
        for block in self.after:
            h = block(h, told)
        return F.pixel_shuffle(self.head(h), self.scale)


class ImageDenoiser(Denoiser):
    """The same for diffusion of images: the condition [n, 3, H, W] takes the place of the features.

    Args:
        time: the embedding of the time.
        conditional: whether there is a condition.
    """

    def __init__(self, time: nn.Module, conditional: bool, scale: int = 4, **sizes: int):
        super().__init__(scale, 3 * scale * scale if conditional else 0, **sizes)
        self.time = time

    def forward(self, x: Tensor, told: Tensor, condition: Tensor | None = None) -> Tensor:
        features = None if condition is None else F.pixel_unshuffle(condition, self.scale)
        return super().forward(x, told, features)
