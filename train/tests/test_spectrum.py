"""The distance of spectra is checked on noise and lattices of known power."""

import math

import torch

from srzoo_train.spectrum import FLOOR, WINDOW, SpectrumDistance

SPECTRUM = SpectrumDistance()


def white(deviation: float, seed: int = 0) -> torch.Tensor:
    return deviation * torch.randn(4, 3, 160, 160, generator=torch.Generator().manual_seed(seed))


def test_white_noise_has_its_variance_as_power_at_every_frequency():
    power = SPECTRUM.log_power(white(0.1)).exp().view(4, 3, WINDOW, WINDOW // 2 + 1, 3, 3)
    assert math.isclose(float(power[:, :, 2:-2, 2:].mean()), 0.01 + FLOOR, rel_tol=0.03)


def test_equal_pictures_have_distance_zero_and_twice_the_noise_log_four_in_both_terms():
    a = white(0.1)
    logs = SPECTRUM.log_power(a)
    assert float(SPECTRUM(logs, logs)) < 0.002
    assert abs(float(SPECTRUM(SPECTRUM.log_power(2 * a), logs)) - 2 * math.log(4)) < 0.02


def test_one_line_counts_more_than_the_same_amount_over_all_frequencies():
    truth = torch.zeros(1, 100, 3, 3)
    line, spread = truth.clone(), truth + 0.02
    line[:, 7] = 2.0
    assert float(SPECTRUM(line, truth)) > 10 * float(SPECTRUM(spread, truth))


def test_the_gradient_is_finite_at_zero_distance():
    logs = torch.zeros(1, 100, 3, 3, requires_grad=True)
    SPECTRUM(logs, torch.zeros(1, 100, 3, 3)).backward()
    assert torch.isfinite(logs.grad).all()


def test_a_weave_of_four_pixels_shows_only_at_the_frequencies_of_its_lattice():
    noise = white(0.02)
    weave = torch.zeros_like(noise)
    weave[:, :, ::4, ::4] = 0.2
    apart = SPECTRUM.log_power(noise + weave) - SPECTRUM.log_power(noise)
    apart = apart.abs().mean((0, 2, 3)).view(3, WINDOW, WINDOW // 2 + 1)[0]
    assert apart[8, 8] > 1 and apart[16, 8] > 1 and apart[0, 16] > 1
    assert apart[4, 4] < 0.01 and apart[12, 12] < 0.01


def test_coloured_noise_does_not_pass_for_gray_noise_of_the_same_power():
    coloured = white(0.1)
    gray = coloured[:, :1].expand(-1, 3, -1, -1)
    apart = SPECTRUM.log_power(coloured) - SPECTRUM.log_power(gray)
    luma, *colours = apart.mean((0, 2, 3)).view(3, -1).mean(1).tolist()
    assert abs(luma + math.log(3)) < 0.1  # a third of gray's luma power
    assert min(colours) > 5


def test_autocast_changes_nothing():
    images = white(0.1)[:1]
    with torch.autocast("cpu", torch.bfloat16):
        cast = SPECTRUM.log_power(images)
    assert torch.equal(cast, SPECTRUM.log_power(images))


def test_invisible_noise_hardly_counts():
    flat = SPECTRUM.log_power(torch.zeros(1, 3, 64, 64))
    faint = SPECTRUM.log_power(white(0.1 / 127.5)[:1, :, :64, :64])
    assert float(SPECTRUM(faint, flat)) < 0.1
