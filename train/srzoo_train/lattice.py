"""The lattice that a network of the LR grid leaves in its images: what repeats with its period.

Where a network shuffles its channels to pixels, or works at half the grid, each place within the
period has weights of its own. Photographs do not have that period: the mean of their colours over many
periods is flat except for chance.
"""

from torch import Tensor, nn

PERIODS = 6  # a window's side in periods: enough to tell a lattice from a texture
HOP = 3


class LatticeDistance(nn.Module):
    """Mean absolute difference of the folded windows of two lists of images."""

    def __init__(self, scale: int):
        super().__init__()
        self.period = 2 * scale  # of half the LR grid, a multiple of the grid's own

    def folded(self, images: Tensor) -> Tensor:
        """images [n, 3, H, W] -> [n, 3, y, period, x, period]: windows folded to one period, less their mean."""
        period, images = self.period, images.float()
        rows, columns = (side // period for side in images.shape[2:])
        cells = images[:, :, : rows * period, : columns * period]
        cells = cells.unflatten(3, (columns, period)).unflatten(2, (rows, period))
        # [n, 3, rows, period, columns, period] -> windows of cells -> their means
        size = min(PERIODS, rows, columns)
        windows = cells.unfold(2, size, HOP).unfold(4, size, HOP).mean((6, 7))
        return windows - windows.mean((3, 5), keepdim=True)

    def forward(self, folded: Tensor, truth: Tensor) -> Tensor:
        """The distance of two results of `folded`."""
        return (folded - truth).abs().mean()
