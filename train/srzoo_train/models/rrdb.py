"""The RRDB encoder of ESRGAN (Wang et al. 2018, section 3.1) as SRDiff and SRFlow use it.

Module names follow the official files, so that their state dicts load unchanged.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class DenseBlock(nn.Module):
    """Five 3x3 convolutions, each fed with all before it; a scaled residual around them."""

    def __init__(self, features: int, growth: int):
        super().__init__()
        for i in range(1, 6):
            width = features if i == 5 else growth
            setattr(self, f"conv{i}", nn.Conv2d(features + (i - 1) * growth, width, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:  # (B, features, h, w) -> the same
        grown = x
        for i in range(1, 5):
            conv = getattr(self, f"conv{i}")
            grown = torch.cat([grown, F.leaky_relu(conv(grown), 0.2)], 1)
        return x + 0.2 * self.conv5(grown)


class RRDB(nn.Module):
    """Three dense blocks in a scaled residual."""

    def __init__(self, features: int, growth: int):
        super().__init__()
        self.RDB1 = DenseBlock(features, growth)
        self.RDB2 = DenseBlock(features, growth)
        self.RDB3 = DenseBlock(features, growth)

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.2 * self.RDB3(self.RDB2(self.RDB1(x)))


class RRDBNet(nn.Module):
    """Encoder with the head that turns its features into an image.

    Args:
        features: channels of the trunk.
        blocks: number of RRDB blocks.
        scale: 4 or 8; the head doubles the size once for each factor of two.
        growth: channels that each dense convolution adds; half of `features` in SRDiff.
    """

    def __init__(self, features: int, blocks: int, scale: int = 4, growth: int | None = None):
        super().__init__()
        growth = features // 2 if growth is None else growth
        self.conv_first = nn.Conv2d(3, features, 3, 1, 1)
        self.RRDB_trunk = nn.Sequential(*(RRDB(features, growth) for _ in range(blocks)))
        self.trunk_conv = nn.Conv2d(features, features, 3, 1, 1)
        self.doublings = scale.bit_length() - 1
        for i in range(1, self.doublings + 1):
            setattr(self, f"upconv{i}", nn.Conv2d(features, features, 3, 1, 1))
        self.HRconv = nn.Conv2d(features, features, 3, 1, 1)
        self.conv_last = nn.Conv2d(features, 3, 3, 1, 1)

    def features(self, lr: Tensor) -> list[Tensor]:
        """Outputs of every block in order, then the trunk's sum; `lr` (B, 3, h, w) in [0, 1]."""
        first = self.conv_first(lr)
        x, outputs = first, []
        for block in self.RRDB_trunk:
            x = block(x)
            outputs.append(x)
        return [*outputs, first + self.trunk_conv(x)]

    def head(self, trunk: Tensor) -> Tensor:
        """Image (B, 3, h*scale, w*scale) in [0, 1] from the last entry of `features()`."""
        x = trunk
        for i in range(1, self.doublings + 1):
            conv = getattr(self, f"upconv{i}")
            x = F.leaky_relu(conv(F.interpolate(x, scale_factor=2.0, mode="nearest")), 0.2)
        return self.conv_last(F.leaky_relu(self.HRconv(x), 0.2)).clamp(0, 1)

    def forward(self, lr: Tensor) -> Tensor:
        """Regression of the image: `lr` and the result in [-1, 1]."""
        return self.head(self.features((lr + 1) / 2)[-1]) * 2 - 1
