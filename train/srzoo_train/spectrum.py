"""The distance of the power spectra of two images, window by window.

Networks that draw on the LR grid leave a weave whose period is the scale, and noise in smooth areas;
both are plain in the spectrum (Durall et al. 2020), and LPIPS hardly sees them. Channels are taken
apart as luma and two colour differences, since photographs have little power in the latter: noise
that differs from channel to channel would pass as photograph otherwise.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WINDOW = 32             # pixels square; every lattice of 2, 4, 8 or 16 pixels falls on its frequencies
HOP = 16
GROUP = 3               # windows square whose powers are averaged before they are compared
FLOOR = (0.5 / 127.5) ** 2  # power of noise of half a byte: less is invisible
TINY = 1e-12            # keeps the slope of the fourth root finite


# Rows: luma, red - blue, and what is left of green; orthonormal, so white noise stays white noise.
OPPONENT = ((3**-0.5, 3**-0.5, 3**-0.5), (2**-0.5, 0.0, -(2**-0.5)), (6**-0.5, -2 * 6**-0.5, 6**-0.5))


class SpectrumDistance(nn.Module):
    """The distance of log powers, d = log p - log q: mean |d|, and the lines of the mean of d.

    The first term compares neighbourhood by neighbourhood. What all of them have in common, such as
    a lattice, is the mean of d over them; its norm of degree 4 over frequencies, luma and colours
    grows with the worst of these, so that a single line can't hide among hundreds.
    """

    def __init__(self):
        super().__init__()
        row = torch.hann_window(WINDOW)
        taper = row[:, None] * row[None]
        self.register_buffer("axes", torch.tensor(OPPONENT), persistent=False)
        self.register_buffer("taper", taper / taper.square().sum().sqrt(), persistent=False)

    def log_power(self, images: Tensor) -> Tensor:
        """images [n, 3, H, W] in [-1, 1], sides of at least 32 -> logs of power [n, 3 * 32 * 17, y, x]."""
        # A product of matrices would be rounded to eight bits under autocast: more than the floor.
        channels = (self.axes[None, :, :, None, None] * images.float()[:, None]).sum(2)
        windows = channels.unfold(2, WINDOW, HOP).unfold(3, WINDOW, HOP)
        centred = windows - windows.mean((4, 5), keepdim=True)
        power = torch.fft.rfft2(centred * self.taper).abs().square()
        rows, columns = power.shape[2:4]
        flat = power.permute(0, 1, 4, 5, 2, 3).flatten(1, 3)
        pooled = F.avg_pool2d(flat, min(GROUP, rows, columns))
        return (pooled + FLOOR).log()

    def forward(self, logs: Tensor, truth: Tensor) -> Tensor:
        """The distance of two results of `log_power`."""
        apart = logs - truth
        lines = apart.mean((0, 2, 3)).square().square().mean()
        return apart.abs().mean() + (lines + TINY) ** 0.25
