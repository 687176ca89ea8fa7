"""SRDiff's published encoder, called as the training loop calls every encoder."""

import torch
from torch import Tensor

from .rrdb import RRDBNet

FIRST_USED, EACH = 2, 3  # of the outputs of the trunk's blocks, and of the trunk's sum


class RrdbEncoder(RRDBNet):
    """lr [n, 3, h, w] in [-1, 1] -> features [n, c, h, w] that SRDiff uses, and the image."""

    def forward(self, lr: Tensor) -> tuple[Tensor, Tensor]:
        outputs = self.features((lr + 1) / 2)
        return torch.cat(outputs[FIRST_USED::EACH], 1), self.head(outputs[-1]) * 2 - 1


def joined_channels(features: int, blocks: int) -> int:
    """Channels of the features that `RrdbEncoder` gives."""
    return features * len(range(FIRST_USED, blocks + 1, EACH))
