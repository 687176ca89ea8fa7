"""SRFlow as published (Lugmayr et al. 2020): an RRDB encoder, and a flow of images over many levels.

Module names follow the official files, so that their state dicts load unchanged. Levels are counted
from 1, the finest, at half the size of the image; each squeezes 2x2 pixels into channels, and all but
the last two hand half of their channels over to a latent of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .rrdb import RRDBNet

LOG_FACTOR = 3.0    # of the learned log-gain of a convolution that starts at zero
DEAD_CHANNELS = 96  # of a convolution that is in the official files but never called


@dataclass(frozen=True)
class SRFlowShape:
    """Sizes of a network; the defaults are those of SRFlow_DF2K_4X."""

    scale: int = 4                                  # a power of two from 2 on
    features: int = 64                              # channels of the encoder's trunk
    growth: int = 32                                # channels that each of its dense convolutions adds
    blocks: int = 23                                # RRDB blocks
    stacked: tuple[int, ...] = (1, 8, 15, 22)       # those whose outputs the flow sees beside the trunk's sum
    steps: int = 16                                 # with a coupling, in every level: K
    plain_steps: int = 2                            # without one, at every level's beginning
    hidden: int = 64                                # channels inside a coupling
    least: float = 1e-4                             # of a scale: sigmoid(s + 2) + least

    @property
    def levels(self) -> int:
        """L: the last one works at half the LR grid."""
        return self.scale.bit_length()

    @property
    def latents(self) -> list[tuple[int, float]]:
        """Channels of each latent, the finest first, and its size relative to the LR grid."""
        channels, found = 3, []
        for level in range(1, self.levels + 1):
            channels *= 4
            if level <= self.levels - 2:
                found.append((channels - channels // 2, self.scale * 0.5**level))
                channels //= 2
        return [*found, (channels, 0.5)]

    @property
    def condition(self) -> int:
        """Channels that every coupling is given."""
        return self.features * (1 + len(self.stacked))


class ActNorm(nn.Module):
    """y = (x + bias) * exp(logs) for each channel; while `starting`, set so that y has mean 0 and variance 1."""

    def __init__(self, channels: int):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.logs = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.starting = False

    def encode(self, x: Tensor) -> Tensor:
        """y."""
        if self.starting:
            with torch.no_grad():
                self.bias.copy_(-x.mean((0, 2, 3), keepdim=True))
                self.logs.copy_(-x.std((0, 2, 3), keepdim=True).clamp(min=1e-6).log())
        return (x + self.bias) * self.logs.exp()

    def decode(self, y: Tensor) -> Tensor:
        """x."""
        return y * (-self.logs).exp() - self.bias


class InvConv(nn.Module):
    """A 1x1 convolution by a full matrix."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, channels))
        nn.init.orthogonal_(self.weight)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """y, and the log-determinant of one pixel."""
        return F.conv2d(x, self.weight[:, :, None, None]), torch.linalg.slogdet(self.weight)[1]

    def decode(self, y: Tensor) -> Tensor:
        """x; the matrix is inverted in float64."""
        inverse = torch.linalg.inv(self.weight.double()).float()
        return F.conv2d(y, inverse[:, :, None, None])

    @torch.no_grad()
    def fixed(self) -> FixedInvConv:
        """The same with all that a graph needs computed."""
        exact = self.weight.double()
        return FixedInvConv(exact, torch.linalg.inv(exact), torch.linalg.slogdet(exact)[1])

    @torch.no_grad()
    def unfixed(self, back: Tensor) -> dict[str, Tensor]:
        """The parameter whose inverse this is."""
        return {"weight": torch.linalg.inv(back[:, :, 0, 0].double()).float()}


class FixedInvConv(nn.Module):
    """The 1x1 convolution with both matrices precomputed: constants of a graph, fp32 whatever its weights are."""

    def __init__(self, forth: Tensor, back: Tensor, log_det: Tensor):
        super().__init__()
        self.register_buffer("forth", forth.float()[:, :, None, None])
        self.register_buffer("back", back.float()[:, :, None, None])
        self.register_buffer("log_det", log_det.float())

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As that of InvConv."""
        return F.conv2d(x, self.forth), self.log_det

    def decode(self, y: Tensor) -> Tensor:
        """As that of InvConv."""
        return F.conv2d(y, self.back)


class NormedConv(nn.Conv2d):
    """A convolution without bias, then an actnorm."""

    def __init__(self, inputs: int, outputs: int, side: int):
        super().__init__(inputs, outputs, side, padding=side // 2, bias=False)
        nn.init.normal_(self.weight, 0, 0.05)
        self.actnorm = ActNorm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.actnorm.encode(super().forward(x))


class ZeroConv(nn.Conv2d):
    """A 3x3 convolution that starts at zero, with a learned gain for each channel."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs, outputs, 3, padding=1)
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)
        self.logs = nn.Parameter(torch.zeros(outputs, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * (LOG_FACTOR * self.logs).exp()


def predictor(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """The network that predicts shifts and scales."""
    return nn.Sequential(
        NormedConv(inputs, hidden, 3), nn.ReLU(), NormedConv(hidden, hidden, 1), nn.ReLU(),
        ZeroConv(hidden, outputs),
    )


def crossed(h: Tensor) -> tuple[Tensor, Tensor]:
    """Even and odd channels."""
    return h[:, 0::2].float(), h[:, 1::2].float()


class Coupling(nn.Module):
    """An affine map of all channels by the condition, then one of the second half by the first one too."""

    def __init__(self, channels: int, shape: SRFlowShape):
        super().__init__()
        self.half, self.least = channels // 2, shape.least
        changed = channels - self.half
        self.fAffine = predictor(self.half + shape.condition, shape.hidden, 2 * changed)
        self.fFeatures = predictor(shape.condition, shape.hidden, 2 * channels)

    def terms(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """The shift, and the scale in least ... 1 + least, of what a predictor gave."""
        shift, raw = crossed(h)
        return shift, torch.sigmoid(raw + 2) + self.least

    def encode(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """y, and the log-determinant of every pixel."""
        shift, scale = self.terms(self.fFeatures(condition))
        x, log_det = (x + shift) * scale, scale.log().sum(1)
        kept, changed = x[:, :self.half], x[:, self.half:]
        shift, scale = self.terms(self.fAffine(torch.cat([kept, condition], 1)))
        return torch.cat([kept, (changed + shift) * scale], 1), log_det + scale.log().sum(1)

    def decode(self, y: Tensor, condition: Tensor) -> Tensor:
        """x."""
        kept, changed = y[:, :self.half], y[:, self.half:]
        shift, scale = self.terms(self.fAffine(torch.cat([kept, condition], 1)))
        y = torch.cat([kept, changed / scale - shift], 1)
        shift, scale = self.terms(self.fFeatures(condition))
        return y / scale - shift


class FlowStep(nn.Module):
    """Actnorm, 1x1 convolution and, but for the first steps of a level, a coupling."""

    def __init__(self, channels: int, shape: SRFlowShape, coupled: bool):
        super().__init__()
        self.actnorm = ActNorm(channels)
        self.invconv: InvConv | FixedInvConv = InvConv(channels)
        if coupled:
            self.affine = Coupling(channels, shape)

    def encode(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """y, and the log-determinant of every pixel, or of one if it is the same for all."""
        x, log_det = self.invconv.encode(self.actnorm.encode(x))
        log_det = log_det + self.actnorm.logs.sum()
        if not hasattr(self, "affine"):
            return x, log_det
        x, more = self.affine.encode(x, condition)
        return x, log_det + more

    def decode(self, y: Tensor, condition: Tensor) -> Tensor:
        """x."""
        if hasattr(self, "affine"):
            y = self.affine.decode(y, condition)
        return self.actnorm.decode(self.invconv.decode(y))


class Squeeze(nn.Module):
    """Takes the place of a squeeze among the numbered layers."""


class Split(nn.Module):
    """Splits off the second half of the channels as a latent whose distribution the first half predicts."""

    def __init__(self, channels: int):
        super().__init__()
        self.kept = channels // 2
        self.conv = ZeroConv(self.kept, 2 * (channels - self.kept))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What is kept, the latent, and the log-determinant of every pixel."""
        kept, given = x[:, :self.kept], x[:, self.kept:]
        mean, logs = crossed(self.conv(kept))
        return kept, (given - mean) * (-logs).exp(), -logs.sum(1)

    def decode(self, kept: Tensor, latent: Tensor) -> Tensor:
        """x."""
        mean, logs = crossed(self.conv(kept))
        return torch.cat([kept, mean + logs.exp() * latent], 1)


class Upsampler(nn.Module):
    """The flow alone: an image [n, 3, H, W] in [0, 1] and a condition for each level -> latents."""

    def __init__(self, shape: SRFlowShape):
        super().__init__()
        self.layers = nn.ModuleList()
        channels, plain = 3, shape.plain_steps
        for level in range(1, shape.levels + 1):
            channels *= 4
            self.layers.append(Squeeze())
            for i in range(plain + shape.steps):
                self.layers.append(FlowStep(channels, shape, coupled=i >= plain))
            if level <= shape.levels - 2:
                self.layers.append(Split(channels))
                channels //= 2
        self.f = nn.Sequential(nn.Conv2d(shape.condition, DEAD_CHANNELS, 3, padding=1))

    def encode(self, x: Tensor, conditions: list[Tensor]) -> tuple[list[Tensor], Tensor]:
        """The latents, finest first, and log |d latents / d x| [n]."""
        latents, level, total = [], -1, 0.0
        for layer in self.layers:
            if isinstance(layer, Squeeze):
                x, level = F.pixel_unshuffle(x, 2), level + 1
                continue
            if isinstance(layer, Split):
                x, latent, log_det = layer.encode(x)
                latents.append(latent)
            else:
                x, log_det = layer.encode(x, conditions[level])
            total = total + (log_det + torch.zeros_like(x[:, 0])).sum((1, 2))
        return [*latents, x], total

    def decode(self, latents: list[Tensor], conditions: list[Tensor]) -> Tensor:
        """The image."""
        *left, x = latents
        level = len(conditions) - 1
        for layer in reversed(self.layers):
            if isinstance(layer, Squeeze):
                x, level = F.pixel_shuffle(x, 2), level - 1
            elif isinstance(layer, Split):
                x = layer.decode(x, left.pop())
            else:
                x = layer.decode(x, conditions[level])
        return x


class SRFlow(nn.Module):
    """Encoder and flow."""

    def __init__(self, shape: SRFlowShape):
        super().__init__()
        self.shape = shape
        self.RRDB = RRDBNet(shape.features, shape.blocks, shape.scale, shape.growth)
        self.flowUpsamplerNet = Upsampler(shape)

    @property
    def trained(self) -> tuple[str, ...]:
        """Prefixes of the names of trained weights: the flow, and the convolutions between its levels."""
        between = [f"RRDB.upconv{i}." for i in range(1, self.shape.levels - 1)]
        return "flowUpsamplerNet.layers.", *between

    def conditions(self, features: Tensor) -> list[Tensor]:
        """The condition of each level, the finest first; h and w must be even."""
        width = self.shape.features
        trunk, stacked = features[:, :width], features[:, width:]
        half = torch.cat([F.avg_pool2d(trunk, 2), stacked[:, :, ::2, ::2]], 1)
        found, x = [half, features], trunk
        for i in range(1, self.shape.levels - 1):
            x = getattr(self.RRDB, f"upconv{i}")(F.interpolate(x, scale_factor=2.0, mode="nearest"))
            x = F.leaky_relu(x, 0.2)
            wide = F.interpolate(stacked, scale_factor=float(2**i), mode="nearest")
            found.append(torch.cat([x, wide], 1))
        return found[::-1]

    def encode(self, image: Tensor, features: Tensor) -> tuple[list[Tensor], Tensor]:
        """Latents, finest first, and the log-determinant [n]; the image [n, 3, H, W] is in [-1, 1]."""
        latents, log_det = self.flowUpsamplerNet.encode((image.float() + 1) / 2, self.conditions(features))
        return latents, log_det - math.log(2) * image[0].numel()

    def decode(self, latents: list[Tensor], features: Tensor) -> Tensor:
        """The image [n, 3, H, W], about in [-1, 1]."""
        return self.flowUpsamplerNet.decode(list(latents), self.conditions(features)) * 2 - 1

    def forward(
        self,
        features: Tensor,
        residual: Tensor | None = None,
        latents: list[Tensor] | None = None,
    ) -> tuple[list[Tensor] | None, Tensor | None, Tensor | None]:
        """As in the compact flow; `residual` is the image itself, since there is no base."""
        found = log_det = sample = None
        if residual is not None:
            found, log_det = self.encode(residual, features)
        if latents is not None:
            sample = self.decode(latents, features.repeat(len(latents[0]) // len(features), 1, 1, 1))
        return found, log_det, sample

    @torch.no_grad()
    def start(self, features: Tensor, residual: Tensor) -> None:
        """Sets every actnorm by a first batch."""
        norms = [layer for layer in self.modules() if isinstance(layer, ActNorm)]
        for norm in norms:
            norm.starting = True
        self.encode(residual, features)
        for norm in norms:
            norm.starting = False

    def fix(self) -> SRFlow:
        """Replaces the 1x1 convolutions by computed ones, as graphs have them; for inference only."""
        for layer in self.flowUpsamplerNet.layers:
            if isinstance(layer, FlowStep):
                layer.invconv = layer.invconv.fixed()
        return self


class Encoder(nn.Module):
    """The graph `encoder`: lr [n, 3, h, w] in [-1, 1] -> the trunk's sum and the stacked blocks' outputs."""

    def __init__(self, rrdb: RRDBNet, stacked: tuple[int, ...]):
        super().__init__()
        self.rrdb, self.stacked = rrdb, stacked

    def forward(self, lr: Tensor) -> Tensor:
        *blocks, _ = self.rrdb.features((lr + 1) / 2)
        # SRFlow adds the last block's output to the trunk's convolution, where ESRGAN adds the first layer's.
        trunk = blocks[-1] + self.rrdb.trunk_conv(blocks[-1])
        return torch.cat([trunk, *(blocks[i] for i in self.stacked)], 1)


class Inverse(nn.Module):
    """The graph `inverse`: latents, finest first, and features -> image."""

    def __init__(self, network: SRFlow):
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Tensor:
        *latents, features = inputs
        return self.network.decode(latents, features)


class Forward(nn.Module):
    """The graph `forward`: image and features -> latents, finest first, and the log-determinant."""

    def __init__(self, network: SRFlow):
        super().__init__()
        self.network = network

    def forward(self, residual: Tensor, features: Tensor) -> tuple[Tensor, ...]:
        latents, log_det = self.network.encode(residual, features)
        return *latents, log_det
