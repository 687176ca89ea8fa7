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


class Scalar(nn.Module):
    """An input in [0, 1] for each image, [n] -> an embedding [n, width]; 0 at first, so that it is learned."""

    def __init__(self, width: int = 128, hidden: int = 64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, hidden), nn.SiLU(), nn.Linear(hidden, width))
        nn.init.zeros_(self.net[2].weight)
        nn.init.zeros_(self.net[2].bias)

    def forward(self, value: Tensor) -> Tensor:
        return self.net(value[:, None])


class Regression(nn.Module):
    """The posterior mean: lr [n, 3, h, w] in [-1, 1] -> sr [n, 3, h*scale, w*scale].

    Also the encoder of the generative families: `forward` gives the features [n, channels, h, w]
    that its head reads, and the image. With `restores` it is told how much damage to take away,
    [n] in 0 ... 1, as film in every block.
    """

    def __init__(self, scale: int = 4, channels: int = 64, blocks: int = 6, restores: bool = False):
        super().__init__()
        self.scale = scale
        self.stem = conv(3, channels)
        self.body = nn.ModuleList(Block(channels, 128 if restores else 0) for _ in range(blocks))
        self.fuse = conv(channels, channels)
        self.head = conv(channels, 3 * scale * scale, gain=0.1)
        if restores:
            self.restore = Dial()
        copies = torch.arange(3).repeat_interleave(scale * scale)
        self.register_buffer("copies", copies, persistent=False)

    def forward(self, lr: Tensor, restore: Tensor | None = None) -> tuple[Tensor, Tensor]:
        told = None if restore is None else self.restore(restore)
        x = stem = self.stem(lr)
        for block in self.body:
            x = block(x, told)
        features = self.fuse(x) + stem
        nearest = lr.index_select(1, self.copies)
        return features, F.pixel_shuffle(self.head(features) + nearest, self.scale)


class Dial(nn.Module):
    """`restore` [n] -> what the films of `Regression` read, [n, 128]; the films start at zero."""

    def __init__(self, width: int = 128, hidden: int = 64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, hidden), nn.SiLU(), nn.Linear(hidden, width), nn.SiLU())

    def forward(self, restore: Tensor) -> Tensor:
        return self.net(2 * restore[:, None] - 1)


class Collapsible(nn.Module):
    """A 3x3 convolution that is trained as 1x1 to `width` channels, 3x3, 1x1 back, plus the identity.

    Nothing lies between the three, so that their product is one kernel; it is formed in weight
    space at every call, and training costs about what a plain convolution costs (Bhardwaj et al.
    2022, SESR, section 3.3).
    """

    def __init__(self, channels: int, width: int):
        super().__init__()
        normal = lambda *shape, fan: nn.Parameter(torch.randn(shape) * fan**-0.5)
        self.enter = normal(width, channels, fan=channels)
        self.middle = normal(width, width, 3, 3, fan=9 * width)
        # Small beside the identity, so that activations do not grow from layer to layer.
        self.leave = normal(channels, width, fan=10 * width)
        self.bias = nn.Parameter(torch.zeros(channels))
        one = torch.zeros(channels, channels, 3, 3)
        one[range(channels), range(channels), 1, 1] = 1
        self.register_buffer("one", one, persistent=False)

    def kernel(self) -> Tensor:
        """The product as one kernel [channels, channels, 3, 3]."""
        with torch.autocast(self.middle.device.type, enabled=False):
            entered = torch.einsum("mkyx,ki->miyx", self.middle, self.enter)
            return torch.einsum("om,miyx->oiyx", self.leave, entered) + self.one

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.kernel().to(x.dtype), self.bias.to(x.dtype), padding=1)

    @torch.no_grad()
    def merged(self) -> nn.Conv2d:
        """The same as a plain convolution."""
        channels = len(self.bias)
        layer = nn.Conv2d(channels, channels, 3, padding=1)
        layer.weight.copy_(self.kernel())
        layer.bias.copy_(self.bias)
        return layer


class Plain(nn.Module):
    """A narrow posterior mean, called as `Regression` is: plain 3x3 convolutions with ReLU.

    Its features are the output of the last layer of its body. `restore` enters as a fourth channel.
    """

    def __init__(
        self, scale: int = 4, channels: int = 32, layers: int = 16, restores: bool = False,
        training: bool = True,
    ):
        super().__init__()
        self.scale = scale
        self.stem = conv(3 + restores, channels)
        self.body = nn.ModuleList(
            Collapsible(channels, 2 * channels) if training else conv(channels, channels)
            for _ in range(layers)
        )
        self.head = conv(channels, 3 * scale * scale, gain=0.1)
        copies = torch.arange(3).repeat_interleave(scale * scale)
        self.register_buffer("copies", copies, persistent=False)

    def forward(self, lr: Tensor, restore: Tensor | None = None) -> tuple[Tensor, Tensor]:
        seen = lr
        if restore is not None:
            plane = torch.zeros_like(lr[:, :1]) + restore[:, None, None, None]
            seen = torch.cat([lr, plane], 1)
        features = F.relu(self.stem(seen))
        for layer in self.body:
            features = F.relu(layer(features))
        nearest = lr.index_select(1, self.copies)
        return features, F.pixel_shuffle(self.head(features) + nearest, self.scale)

    def merged(self) -> "Plain":
        """The same with plain convolutions, as it is released."""
        channels, inputs = self.stem.weight.shape[:2]
        found = Plain(self.scale, channels, len(self.body), inputs > 3, training=False)
        found.stem.load_state_dict(self.stem.state_dict())
        found.head.load_state_dict(self.head.state_dict())
        for mine, layer in zip(found.body, self.body):
            mine.load_state_dict(layer.merged().state_dict())
        return found


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


class NoiseLevel(nn.Module):
    """The same of a level [n] = sqrt(alphaBar), by its log-SNR = log(alphaBar / (1 - alphaBar))."""

    LIMIT = 12.0  # of the log-SNR's size

    def __init__(self, width: int = 128, waves: int = 32):
        super().__init__()
        periods = torch.exp(torch.linspace(0, math.log(50), waves)) * (math.pi / 2)
        self.register_buffer("frequency", periods, persistent=False)
        self.net = nn.Sequential(nn.Linear(2 * waves, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, level: Tensor) -> Tensor:
        noise = ((1 - level) * (1 + level)).clamp(min=1e-8)  # exact near 1, where 1 - level^2 is not
        snr = 2 * level.clamp(min=1e-6).log() - noise.log()
        place = snr.clamp(-self.LIMIT, self.LIMIT) / (2 * self.LIMIT) + 0.5
        angle = place[:, None] * self.frequency[None]
        return F.silu(self.net(torch.cat([angle.sin(), angle.cos()], 1)))


class Denoiser(nn.Module):
    """SRDiff's residual denoiser on the LR grid: a two-level U-Net with the time as film.

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
            self.restore = Scalar()
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
    """The same for diffusion of images: the condition [n, 3, H, W] in the place of features.

    Args:
        time: what embeds how the network is told the time.
        conditional: whether there is a condition.
    """

    def __init__(self, time: nn.Module, conditional: bool, scale: int = 4, **sizes: int):
        super().__init__(scale, 3 * scale * scale if conditional else 0, **sizes)
        self.time = time

    def forward(self, x: Tensor, told: Tensor, condition: Tensor | None = None) -> Tensor:
        features = None if condition is None else F.pixel_unshuffle(condition, self.scale)
        return super().forward(x, told, features)
