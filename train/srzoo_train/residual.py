"""What a generative network models: x0 = residualScale * (hr - base), of about unit variance."""

import torch
from torch import Tensor, nn

from .bicubic import matrix
from .networks import restores


class Encoded(nn.Module):
    """An encoder: what a network is fed with, and the base of the residual.

    Args:
        enlarge: the base, where it is not the encoder's estimate.
        trained: whether the encoder is trained with the network; otherwise it is frozen.
    """

    def __init__(self, encoder: nn.Module, enlarge: nn.Module | None = None, trained: bool = False):
        super().__init__()
        self.encoder = encoder if trained else encoder.requires_grad_(False).eval()
        self.enlarge, self.trained = enlarge, trained
        self.restores = restores(encoder)

    def forward(self, lr: Tensor, restore: Tensor | None = None) -> tuple[tuple[Tensor, ...], Tensor]:
        """Features [n, c, h, w] (and `restore`), and the base [n, 3, H, W]."""
        with torch.set_grad_enabled(self.trained and torch.is_grad_enabled()):
            features, estimate = self.encoder(lr, restore) if self.restores else self.encoder(lr)
        base = self.enlarge(lr) if self.enlarge else estimate.float()
        return ((features,) if restore is None else (features, restore)), base


class Enlarged(nn.Module):
    """Bicubic enlargement as lib/models/enlargements.ts makes it; `bytes256` is SRDiff's, of byte/256."""

    def __init__(self, scale: int, bytes256: bool = False):
        super().__init__()
        self.scale, self.bytes256 = scale, bytes256
        self._kept: dict[tuple, Tensor] = {}

    @torch.no_grad()
    def forward(self, lr: Tensor) -> Tensor:
        # Under autocast products of matrices would be rounded to eight bits.
        with torch.autocast(lr.device.type, enabled=False):
            rows, columns = (self._matrix(side, lr.device) for side in lr.shape[2:])
            if not self.bytes256:
                return rows @ lr.float() @ columns.T
            return rows @ ((lr.float() + 1) * (255 / 256)) @ columns.T - 1

    def _matrix(self, side: int, device: torch.device) -> Tensor:
        key = side, device
        if key not in self._kept:
            found = torch.from_numpy(matrix(side, side * self.scale, self.bytes256))
            self._kept[key] = found.float().to(device)
        return self._kept[key]


class Residuals(nn.Module):
    """The state of a generative family: what is sampled, and the image that it stands for.

    Args:
        given: LR (and `restore`) -> what the network is fed with, and the base.
        scale: residualScale.
        clip: x0 is clamped to +-clip.
    """

    def __init__(self, given: nn.Module, scale: float, clip: float | None = None):
        super().__init__()
        self.given, self.residual_scale, self.clip = given, scale, clip

    def residual(self, hr: Tensor, base: Tensor) -> Tensor:
        """x0 of an image."""
        return self.clipped(self.residual_scale * (hr - base))

    def image(self, x0: Tensor, base: Tensor) -> Tensor:
        """The image [n, 3, H, W] of x0."""
        return base + x0 / self.residual_scale

    def clipped(self, x0: Tensor) -> Tensor:
        """x0 clamped to +-clip, if there is a clip."""
        return x0 if self.clip is None else x0.clamp(-self.clip, self.clip)


@torch.no_grad()
def measured_scale(given: nn.Module, batches) -> float:
    """1 / standard deviation of hr - base over (lr, hr, restore), so that x0 has unit variance."""
    squares = [(hr - given(lr, restore)[1]).square().mean() for lr, hr, restore in batches]
    return float(1 / torch.stack(squares).mean().sqrt())
