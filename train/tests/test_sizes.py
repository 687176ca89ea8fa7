"""SRDiff's and SRFlow's networks have the published sizes; they are built without memory."""

import pytest
import torch

from srzoo_train.importers.schedule_table import SCHEDULE_BUFFERS
from srzoo_train.models.compact import Denoiser, Regression
from srzoo_train.models.published import joined_channels
from srzoo_train.models.rrdb import RRDBNet
from srzoo_train.models.srdiff_unet import SRDiffUNet
from srzoo_train.models.srflow import SRFlow, SRFlowShape

# Scale, multipliers, RRDB's blocks and features; parameters of U-Net and RRDB in thousands, and the
# entries of the whole model's state: ../shared/REFERENCE.md, section 0.
PUBLISHED = [
    (4, (1, 2, 3, 4), 17, 64, 12_935, 12_381, 666),
    (4, (1, 2, 3, 4), 8, 32, 11_755, 1_479, 396),
    (8, (1, 2, 2, 4), 8, 32, 10_546, 1_488, 396),
]


def thousands(network: torch.nn.Module) -> int:
    return round(sum(p.numel() for p in network.parameters()) / 1000)


@pytest.mark.parametrize("scale,multipliers,blocks,features,unet_k,rrdb_k,entries", PUBLISHED)
def test_srdiffs_networks_have_the_published_sizes(scale, multipliers, blocks, features, unet_k, rrdb_k, entries):
    with torch.device("meta"):
        unet = SRDiffUNet(64, multipliers, joined_channels(features, blocks), scale)
        rrdb = RRDBNet(features, blocks, scale)
    assert (thousands(unet), thousands(rrdb)) == (unet_k, rrdb_k)
    assert len(unet.state_dict()) + len(rrdb.state_dict()) + len(SCHEDULE_BUFFERS) == entries


@pytest.mark.parametrize("shape,parameters,entries", [
    (SRFlowShape(), 39_542, 1733),
    (SRFlowShape(scale=8, blocks=8, stacked=(1, 3, 5, 7)), 40_031, 1630),
    (SRFlowShape(scale=8, stacked=(1, 3, 5, 7)), 50_822, 2080),
], ids=["DF2K_4X", "CelebA_8X", "DF2K_8X"])
def test_srflows_networks_have_the_published_sizes(shape, parameters, entries):
    with torch.device("meta"):
        network = SRFlow(shape)
    assert thousands(network) == parameters and len(network.state_dict()) == entries


def test_our_networks_have_at_most_two_million_parameters():
    with torch.device("meta"):
        assert thousands(Regression(4, 96, 11)) <= 2000
        assert thousands(Denoiser()) <= 2000
