"""Muon's updates are orthogonal and as large as AdamW's; vectors are updated by AdamW."""

import pytest
import torch
from torch import nn

from srzoo_train.muon import RMS, Muon, orthogonal

BETAS = (0.9, 0.99)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(8, 72), (72, 8), (16, 16)])
def test_orthogonal_brings_singular_values_near_one_and_keeps_directions(shape, kind):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    near = torch.diagonal(u.T @ orthogonal(matrix.to(kind)).float() @ v.T)
    well = s > 0.05 * s[0]  # tiny components cannot grow enough in so few rounds
    assert near[well].min() > 0.6 and near[well].max() < 1.3


def step_of(layer: nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor) -> dict:
    before = {name: p.detach().clone() for name, p in layer.named_parameters()}
    layer(x).square().sum().backward()
    optimizer.step()
    return {name: p.detach() - before[name] for name, p in layer.named_parameters()}


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_weights_move_as_far_as_adamw_moves_them_and_biases_just_as_adamw_does(kind):
    torch.manual_seed(2)
    x = torch.randn(4, 16, 9, 9)
    layer = nn.Conv2d(16, 32, 3)
    twin = nn.Conv2d(16, 32, 3)
    twin.load_state_dict(layer.state_dict())
    mine = step_of(layer, Muon(layer.parameters(), 1e-3, BETAS, rounds_in=kind), x)
    adam = torch.optim.AdamW(twin.parameters(), 1e-3, BETAS, weight_decay=0.0)
    assert torch.equal(mine["bias"], step_of(twin, adam, x)["bias"])
    assert float(mine["weight"].square().mean().sqrt()) == pytest.approx(RMS * 1e-3, rel=0.25)


def test_a_loaded_state_continues_in_the_same_way():
    def run(stops: bool) -> torch.Tensor:
        torch.manual_seed(3)
        x, layer = torch.randn(8, 5), nn.Linear(5, 4)
        optimizer = Muon(layer.parameters(), 1e-2, BETAS)
        for i in range(6):
            if stops and i == 3:
                state = optimizer.state_dict()
                optimizer = Muon(layer.parameters(), 1e-2, BETAS)
                optimizer.load_state_dict(state)
            optimizer.zero_grad()
            step_of(layer, optimizer, x)
        return layer.weight.detach()

    assert torch.equal(run(False), run(True))
