"""The lattice found in an image equals the one that was drawn into it."""

import torch

from srzoo_train.lattice import LatticeDistance


def noise(side: int, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(seed))


def test_folded_finds_a_drawn_lattice_under_noise():
    distance = LatticeDistance(4)
    pattern = 0.05 * torch.randn(8, 8, generator=torch.Generator().manual_seed(1))
    pattern -= pattern.mean()
    plain = noise(164)  # four pixels more than twenty periods
    drawn = plain + pattern.repeat(21, 21)[:164, :164]
    found = distance.folded(drawn) - distance.folded(plain)
    assert torch.allclose(found, pattern[:, None, :].expand_as(found), atol=1e-6)
    assert abs(float(distance(distance.folded(drawn), distance.folded(plain))) - float(pattern.abs().mean())) < 1e-6


def test_noise_without_a_lattice_averages_out():
    folded = LatticeDistance(4).folded(noise(160))
    assert abs(float(folded.std()) - 0.1 / 6) < 0.001  # 36 cells per window


def test_a_picture_of_few_periods_is_one_window_and_has_a_gradient():
    images = noise(40).requires_grad_()
    distance = LatticeDistance(8)
    folded = distance.folded(images)
    assert folded.shape == (2, 3, 1, 16, 1, 16)
    distance(folded, torch.zeros_like(folded)).backward()
    assert torch.isfinite(images.grad).all() and float(images.grad.abs().sum()) > 0
