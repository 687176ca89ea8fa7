"""Every loss has an identity, or a closed form on a Gaussian toy whose best denoiser is known."""

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from conftest import needs_lpips, srdiff
from torch import Tensor, nn

from srzoo_train import objectives
from srzoo_train.adversarial import Opponent, surprise
from srzoo_train.bicubic import matrix
from srzoo_train.lpips import LpipsAlex, find_lpips
from srzoo_train.objectives import Batch, Diffusion, FewStep, L1, Residuals
from srzoo_train.recipe import Stage, spaced
from srzoo_train.schedule import add_noise, cosine_alpha_bar, target_of, x0_of
from srzoo_train.data.synthetic import picture

KINDS = ["v", "eps", "x0"]


class FlatEncoder(nn.Module):
    """A base of one colour, which makes the residual the picture itself."""

    def forward(self, lr: Tensor) -> tuple[Tensor, Tensor]:
        flat = torch.zeros(len(lr), 3, lr.shape[2] * 4, lr.shape[3] * 4)
        return lr[:, :1], flat


def batch(n: int, side: int, hr: Tensor, seed: int = 0) -> Batch:
    draws = torch.Generator().manual_seed(seed)
    return Batch(
        lr=torch.zeros(n, 3, side, side),
        hr=hr,
        noise=lambda _, shape: torch.randn(shape, generator=draws),
        uniform=(torch.arange(n) + 0.5) / n,
        shared=0.99,
    )


def gaussian_denoiser(kind: str, objective: Residuals, mean: float, deviation: float):
    """E[target | x_t] of pixels that are normal with that mean and deviation."""

    def network(x: Tensor, t: Tensor, _: Tensor) -> Tensor:
        level = objective.level(t.long())
        gain = level.sqrt() * deviation**2 / (level * deviation**2 + 1 - level)
        x0 = mean + gain * (x - level.sqrt() * mean)
        noise = (x - level.sqrt() * x0) / (1 - level).sqrt()
        return target_of(kind, x0, noise, level)

    return network


@pytest.mark.parametrize("kind", KINDS)
def test_x0_of_inverts_target_of(kind):
    x0, noise = torch.randn(2, 100, 1, 1, 1, dtype=torch.float64)
    level = cosine_alpha_bar(100).view(-1, 1, 1, 1)
    x = add_noise(x0, noise, level)
    again = x0_of(kind, x, target_of(kind, x0, noise, level), level)
    assert torch.allclose(again, x0, atol=1e-9)


def test_l1_is_zero_for_the_truth():
    hr = torch.rand(2, 3, 32, 32)
    loss, parts = L1()(lambda lr: (None, hr), batch(2, 8, hr))
    assert loss == 0 and parts == {"l1": 0}


@pytest.mark.parametrize("kind", KINDS)
def test_diffusion_is_zero_for_an_oracle(kind, encoder):
    recipe = srdiff(encoder, prediction=kind)
    objective = Diffusion(recipe, FlatEncoder(), 2.0)
    hr = torch.rand(4, 3, 32, 32) - 0.5

    def oracle(x: Tensor, t: Tensor, _: Tensor) -> Tensor:
        level = objective.level(t.long())
        noise = (x - level.sqrt() * 2 * hr) / (1 - level).sqrt()
        return target_of(kind, 2 * hr, noise, level)

    assert objective(oracle, batch(4, 8, hr))[0] < 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_diffusion_of_a_gaussian_reaches_its_closed_form(kind, encoder):
    """The residual error is normal: its mean absolute value is sqrt(2 / pi) of its deviation."""
    recipe, deviation = srdiff(encoder, prediction=kind), 0.5
    objective = Diffusion(recipe, FlatEncoder(), 1.0)
    hr = 0.2 + deviation * torch.randn(100, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    loss, _ = objective(gaussian_denoiser(kind, objective, 0.2, deviation), batch(100, 8, hr))
    level = objective.alpha_bar.double()
    of_x0 = (deviation**2 * (1 - level) / (level * deviation**2 + 1 - level)).sqrt()
    factor = {"x0": 1, "eps": (level / (1 - level)).sqrt(), "v": 1 / (1 - level).sqrt()}[kind]
    expected = float((factor * of_x0).mean() * (2 / np.pi) ** 0.5)
    assert abs(float(loss) - expected) < 0.01 * expected


def test_ancestral_steps_recover_a_gaussian(encoder):
    """Sampling with the exact denoiser gives the mean and the variance back."""
    objective = Residuals(srdiff(encoder), FlatEncoder(), 1.0)
    network = gaussian_denoiser("v", objective, 0.3, 0.5)
    draws = torch.Generator().manual_seed(0)
    noise = lambda _, shape: torch.randn(shape, generator=draws)
    times, x = torch.arange(99, -1, -1), torch.randn(40, 3, 32, 32, generator=draws)
    for i in range(len(times) - 1):
        x, x0 = objective.advance(network, x, x[:, :1], times, i, noise)
    assert abs(float(x.mean()) - 0.3) < 0.01
    assert abs(float(x.std()) - 0.5) < 0.02


@needs_lpips
def test_few_step_is_zero_for_an_oracle_without_diversity(encoder):
    stage = Stage("few_step", timesteps=(59, 29), diversity=0.0)
    objective = FewStep(srdiff(encoder), FlatEncoder(), 1.0, stage, find_lpips())
    hr = torch.rand(2, 3, 64, 64) - 0.5

    def oracle(x: Tensor, t: Tensor, _: Tensor) -> Tensor:
        level = objective.level(t.long())
        x0 = hr.repeat(2, 1, 1, 1)
        return target_of("v", x0, (x - level.sqrt() * x0) / (1 - level).sqrt(), level)

    loss, parts = objective(oracle, batch(2, 16, hr))
    assert loss < 1e-4 and parts["apart"] < 1e-4


@needs_lpips
def test_the_energy_score_of_a_gaussian_has_its_closed_form(encoder):
    """E|X - y| - 1/2 E|X - X'| = sigma / sqrt(pi) where X, X' and y are alike."""
    stage = Stage("few_step", timesteps=(99,), diversity=1.0, pixel=1.0, lpips=0.0)
    objective = FewStep(srdiff(encoder), FlatEncoder(), 1.0, stage, find_lpips())
    hr = 0.1 * torch.randn(40, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    level = objective.alpha_bar[99]

    def sampler(x: Tensor, t: Tensor, _: Tensor) -> Tensor:
        x0 = 0.1 * x / (1 - level).sqrt()
        return target_of("v", x0, (x - level.sqrt() * x0) / (1 - level).sqrt(), level)

    loss, _ = objective(sampler, batch(40, 16, hr))
    assert abs(float(loss) - 0.1 / np.pi**0.5) < 0.001


@needs_lpips
def test_few_step_gives_gradients_after_steps_without_any(encoder):
    stage = Stage("few_step", timesteps=(59, 29))
    objective = FewStep(srdiff(encoder), FlatEncoder(), 1.0, stage, find_lpips())
    layer = nn.Conv2d(3, 3, 3, padding=1)
    with torch.autocast("cpu", torch.bfloat16):
        loss, _ = objective(lambda x, t, f: layer(x), batch(2, 16, torch.rand(2, 3, 64, 64)))
    loss.backward()
    assert float(layer.weight.grad.abs().sum()) > 0


def test_surprise_is_ln_2_for_no_opinion_and_none_for_the_truth():
    marks = torch.zeros(2, 1, 4, 4)
    assert float(surprise(marks, True)) == float(surprise(marks, False)) == pytest.approx(np.log(2))
    assert float(surprise(marks + 9, True)) < 1e-3 < 8 < float(surprise(marks + 9, False))


def test_a_critic_learns_to_tell_noise_from_a_flat_picture():
    opponent = Opponent(Stage("few_step", lr=1e-3), 1, Accelerator())
    draws = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(20):
        opponent.judge(torch.randn(2, 3, 32, 32, generator=draws), torch.zeros(2, 3, 32, 32))
        losses.append(opponent.learn())
    assert losses[0] == pytest.approx(np.log(2)) and losses[-1] < 0.2


@needs_lpips
def test_lpips_is_zero_for_the_same_and_equals_the_graph_of_the_bench():
    import onnxruntime

    lpips = LpipsAlex(find_lpips())
    a, b = (torch.rand(2, 3, 64, 80, generator=torch.Generator().manual_seed(s)) for s in (1, 2))
    in_range = lambda x: lpips.features(x * 2 - 1)
    assert float(lpips(in_range(a), in_range(a)).abs().max()) == 0
    session = onnxruntime.InferenceSession(str(find_lpips()), providers=["CPUExecutionProvider"])
    mean, std = (np.array(v, np.float32).reshape(1, 3, 1, 1)
                 for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    feeds = {"ref": (a.numpy() - mean) / std, "dist": (b.numpy() - mean) / std}
    wanted = session.run(None, feeds)[0].ravel()
    assert np.allclose(lpips(in_range(a), in_range(b)).numpy(), wanted, atol=1e-5)


def test_bicubic256_is_srdiffs_enlargement():
    """In its inner part it is the enlargement of bytes, as if they were 1/256 of white."""
    lr = picture(24, 3)
    up = objectives.bicubic256(torch.from_numpy(lr).permute(2, 0, 1)[None] / 127.5 - 1, 4)
    exact = matrix(24, 96, False) @ lr[:, :, 0].astype(float) @ matrix(24, 96, False).T
    shown = (up[0, 0].double().numpy() + 1) / 2 * 256
    assert np.abs(shown - exact)[12:-12, 12:-12].max() < 1e-3


@needs_lpips
def test_draws_take_the_timesteps_between_or_the_whole_chain(encoder):
    stage = Stage("few_step", timesteps=(59, 44, 29, 14), finer=0.25, whole=0.375)
    assert stage.between == (59, 51, 44, 36, 29, 21, 14, 7)
    assert spaced(100, 5) == (99, 74, 50, 25, 0)
    few = FewStep(srdiff(encoder), FlatEncoder(), 1.0, stage, find_lpips())
    drawn = [few._drawn((i + 0.5) / 3200) for i in range(3200)]
    counts = {}
    for times, last in drawn:
        counts[len(times), last] = counts.get((len(times), last), 0) + 1
    shares = {8: 0.25, 5: 0.125, 10: 0.125, 20: 0.125, 4: 0.375}
    even = {(n, i): 3200 * share / n for n, share in shares.items() for i in range(n)}
    assert counts == even


@needs_lpips
def test_the_whole_chain_starts_from_noise_alone(encoder):
    few = FewStep(srdiff(encoder), FlatEncoder(), 1.0, Stage("few_step", timesteps=(59,)), find_lpips())
    noise = torch.randn(1, 3, 64, 64)
    assert torch.allclose(few.start(noise, torch.tensor(99)), noise, atol=1e-4)
    assert float(few.start(noise, few.times[0]).std()) < 0.95

