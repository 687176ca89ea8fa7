"""A small network that estimates how much damage to remove from an LR image."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

GAIN = 8.0  # of the difference from the surroundings: blocks and grain are faint


class Damage(nn.Module):
    """lr [n, 3, h, w] in [-1, 1] -> damage [n, 1, h, w] in [0, 1], the same at every pixel.

    Convolutions look for blocks, grain and blur; the mean and spread of their outputs over the image
    give its severity (data.damage). The output is the value of `restore`: `least` up to the severity
    `low`, `most` from `high` on, and linear between them. These four are not trained; `train_damage`
    and `dial` set them.
    """

    def __init__(
        self, channels: int = 32, low: float = 0.0, high: float = 1.0, least: float = 0.0, most: float = 1.0
    ):
        super().__init__()
        steps = ((6, 1), (channels, 1), (channels, 2), (channels, 2))
        self.body = nn.ModuleList(
            nn.Conv2d(inputs, channels, 3, stride, 1) for inputs, stride in steps
        )
        self.hidden = nn.Linear(2 * channels, channels)
        self.head = nn.Linear(channels, 1)
        # A parameter, so that the exported graph keeps it under its name.
        self.curve = nn.Parameter(torch.tensor([low, high, least, most]), requires_grad=False)

    def set_curve(self, low: float, high: float, least: float = 0.0, most: float = 1.0) -> None:
        """The severities between which `restore` rises, and its values at them."""
        self.curve.copy_(torch.tensor([low, high, least, most]))

    def logit(self, lr: Tensor) -> Tensor:
        """Log-odds of the severity, [n]."""
        return self.judged(self.signs(lr))

    def signs(self, lr: Tensor) -> Tensor:
        """Statistics of the convolutions over the whole image: [n, 2 * channels]."""
        fine = lr - F.avg_pool2d(lr, 3, 1, 1, count_include_pad=False)
        x = torch.cat([lr, (GAIN * fine).clamp(-4, 4)], 1)
        for layer in self.body:
            x = F.relu(layer(x))
        mean = x.mean((2, 3))
        spread = x.square().mean((2, 3)) - mean.square()
        return torch.cat([mean, (spread + 1e-4).sqrt()], 1)

    def judged(self, signs: Tensor) -> Tensor:
        """Log-odds [n] of the severity from these statistics."""
        return self.head(F.relu(self.hidden(signs)))[:, 0]

    def forward(self, lr: Tensor) -> Tensor:
        restore = risen(torch.sigmoid(self.logit(lr)), *self.curve)
        return restore[:, None, None, None] * torch.ones_like(lr[:, :1])


def risen(severity: Tensor, low: Tensor, high: Tensor, least: Tensor, most: Tensor) -> Tensor:
    """The curve: `least` up to the severity `low`, `most` from `high` on, linear between them."""
    return least + (most - least) * ((severity - low) / (high - low)).clamp(0, 1)
