"""Every loss satisfies an identity, or has a closed form on a Gaussian toy whose best denoiser is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import joint, needs_lpips, srdiff
from torch import Tensor, nn

from srzoo_train import families, origins
from srzoo_train.batches import Batch
from srzoo_train.bicubic import matrix
from srzoo_train.data.synthetic import picture
from srzoo_train.diffusion import Chain, Diffusion, FewStep, noise_level, timestep
from srzoo_train.families.regression import Error
from srzoo_train.lpips import PERIOD, SMALLEST, LpipsAlex, find_lpips, window
from srzoo_train.noise_schedule import alpha_bar_of
from srzoo_train.recipe import Stage, Way, spaced
from srzoo_train.residual import Enlarged, Encoded, measured_scale
from srzoo_train.schedule import add_noise, target_of, x0_of

KINDS = ["v", "eps", "x0"]


class FlatEncoder(nn.Module):
    """A base of one colour, so that the residual is the image itself."""

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


def given() -> Encoded:
    return Encoded(FlatEncoder())


def few_step(encoder: str, *ways: Way, scale: float = 1.0, **weights: float) -> FewStep:
    stage = Stage("few_step", ways=ways, **weights)
    return FewStep(srdiff(encoder), given(), timestep, scale, stage, find_lpips())


def gaussian_denoiser(kind: str, objective: Chain, mean: float, deviation: float):
    """E[target | x_t] of normal pixels with this mean and deviation."""

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
    level = alpha_bar_of({"kind": "cosine", "timesteps": 100}).view(-1, 1, 1, 1)
    x = add_noise(x0, noise, level)
    again = x0_of(kind, x, target_of(kind, x0, noise, level), level)
    assert torch.allclose(again, x0, atol=1e-9)


def test_the_error_is_zero_for_the_truth():
    hr = torch.rand(2, 3, 32, 32)
    for name in ("l1", "l2"):
        loss, parts = Error(name)(lambda lr: (None, hr), batch(2, 8, hr))
        assert loss == 0 and parts == {name: 0}


@pytest.mark.parametrize("kind", KINDS)
def test_diffusion_is_zero_for_an_oracle(kind, encoder):
    recipe = srdiff(encoder, prediction=kind)
    objective = Diffusion(recipe, given(), timestep, 2.0, Stage("diffusion"))
    hr = torch.rand(4, 3, 32, 32) - 0.5

    def oracle(x: Tensor, t: Tensor, _: Tensor) -> Tensor:
        level = objective.level(t.long())
        noise = (x - level.sqrt() * 2 * hr) / (1 - level).sqrt()
        return target_of(kind, 2 * hr, noise, level)

    assert objective(oracle, batch(4, 8, hr))[0] < 1e-3


@pytest.mark.parametrize("norm", ["l1", "l2"])
@pytest.mark.parametrize("kind", KINDS)
def test_diffusion_of_a_gaussian_reaches_its_closed_form(kind, norm, encoder):
    """The residual error is normal: its mean absolute value is sqrt(2 / pi) of its deviation, its mean square the variance."""
    recipe, deviation = srdiff(encoder, prediction=kind), 0.5
    objective = Diffusion(recipe, given(), timestep, 1.0, Stage("diffusion", norm=norm))
    hr = 0.2 + deviation * torch.randn(100, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    loss, _ = objective(gaussian_denoiser(kind, objective, 0.2, deviation), batch(100, 8, hr))
    level = objective.alpha_bar.double()
    of_x0 = (deviation**2 * (1 - level) / (level * deviation**2 + 1 - level)).sqrt()
    factor = {"x0": 1, "eps": (level / (1 - level)).sqrt(), "v": 1 / (1 - level).sqrt()}[kind]
    error = factor * of_x0
    expected = float(error.square().mean() if norm == "l2" else error.mean() * (2 / np.pi) ** 0.5)
    assert abs(float(loss) - expected) < 0.01 * expected


def test_ancestral_steps_recover_a_gaussian(encoder):
    """Sampling with the exact denoiser gives the mean and the variance back."""
    objective = Chain(srdiff(encoder), given(), timestep, 1.0)
    network = gaussian_denoiser("v", objective, 0.3, 0.5)
    draws = torch.Generator().manual_seed(0)
    noise = lambda _, shape: torch.randn(shape, generator=draws)
    times, x = tuple(range(99, -1, -1)), torch.randn(40, 3, 32, 32, generator=draws)
    for i in range(len(times) - 1):
        x, x0 = objective.advance(network, x, (x[:, :1],), times, i, noise)
    assert abs(float(x.mean()) - 0.3) < 0.01
    assert abs(float(x.std()) - 0.5) < 0.02


@needs_lpips
def test_few_step_is_zero_for_an_oracle_without_diversity(encoder):
    objective = few_step(encoder, Way(1.0, (59, 29)), diversity=0.0)
    hr = torch.rand(2, 3, 64, 64) - 0.5

    def oracle(x: Tensor, t: Tensor, _: Tensor) -> Tensor:
        level = objective.level(t.long())
        x0 = hr.repeat(2, 1, 1, 1)
        return target_of("v", x0, (x - level.sqrt() * x0) / (1 - level).sqrt(), level)

    loss, parts = objective(oracle, batch(2, 16, hr))
    assert loss < 1e-4 and parts["apart"] < 1e-4


@needs_lpips
@pytest.mark.parametrize("pairs", [1.0, 0.25])
def test_the_energy_score_of_a_gaussian_has_its_closed_form(encoder, pairs):
    """E|X - y| - 1/2 E|X - X'| = sigma / sqrt(pi) where X, X' and y are alike, however few pairs there are."""
    objective = few_step(encoder, Way(1.0, (99,)), diversity=1.0, pairs=pairs, pixel=1.0, lpips=0.0)
    hr = 0.1 * torch.randn(40, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    level = objective.alpha_bar[99]

    def sampler(x: Tensor, t: Tensor, _: Tensor) -> Tensor:
        x0 = 0.1 * x / (1 - level).sqrt()
        return target_of("v", x0, (x - level.sqrt() * x0) / (1 - level).sqrt(), level)

    loss, _ = objective(sampler, batch(40, 16, hr))
    assert abs(float(loss) - 0.1 / np.pi**0.5) < 0.001


@needs_lpips
def test_the_estimate_of_a_trained_encoder_follows_its_l1_alone(encoder):
    """Only the part of the encoder that makes the features gets gradients from the samples."""

    def gradients(of_samples: bool) -> dict[str, Tensor]:
        recipe = joint(encoder)
        network = families.build(recipe, origins.encoder(recipe))
        objective = families.of(recipe).objective(
            recipe, recipe.stages[0], network.encoder, 1.0, find_lpips()
        )
        told = replace(batch(2, 16, torch.rand(2, 3, 64, 64)), lr=torch.rand(2, 3, 16, 16))
        if of_samples:
            objective(network, told)[0].backward()
        else:
            base = network.encoder(told.lr)[1]
            (recipe.stages[0].pixel * (base - told.hr).abs().mean()).backward()
        return {name: p.grad for name, p in network.encoder.named_parameters()}

    torch.manual_seed(1)
    with_samples = gradients(True)
    torch.manual_seed(1)
    alone = gradients(False)
    assert torch.allclose(with_samples["head.weight"], alone["head.weight"], atol=1e-7)
    assert not torch.allclose(with_samples["fuse.weight"], alone["fuse.weight"], rtol=1e-2)


@needs_lpips
def test_few_step_gives_gradients_after_steps_without_gradients(encoder):
    objective = few_step(encoder, Way(1.0, (59, 29)))
    layer = nn.Conv2d(3, 3, 3, padding=1)
    with torch.autocast("cpu", torch.bfloat16):
        loss, _ = objective(lambda x, t, f: layer(x), batch(2, 16, torch.rand(2, 3, 64, 64)))
    loss.backward()
    assert float(layer.weight.grad.abs().sum()) > 0


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


@needs_lpips
def test_no_window_of_lpips_below_the_smallest_works():
    lpips, corner = LpipsAlex(find_lpips()), (PERIOD - 1, PERIOD - 1)
    assert lpips.features(window(torch.zeros(1, 3, SMALLEST, SMALLEST), corner))[-1].numel() > 0
    with pytest.raises(RuntimeError, match="too small"):
        lpips.features(window(torch.zeros(1, 3, SMALLEST - 1, SMALLEST - 1), corner))


def test_bicubic256_is_srdiffs_enlargement():
    """Away from the border it enlarges the bytes as if each were 1/256 of white."""
    lr = picture(24, 3)
    up = Enlarged(4, True)(torch.from_numpy(lr).permute(2, 0, 1)[None] / 127.5 - 1)
    exact = matrix(24, 96, False) @ lr[:, :, 0].astype(float) @ matrix(24, 96, False).T
    shown = (up[0, 0].double().numpy() + 1) / 2 * 256
    assert np.abs(shown - exact)[12:-12, 12:-12].max() < 1e-3


def test_enlargement_stays_exact_under_autocast():
    lr = torch.rand(1, 3, 12, 12) * 2 - 1
    with torch.autocast("cpu", torch.bfloat16):
        found = Enlarged(4)(lr)
    assert found.dtype == torch.float32
    rows = torch.from_numpy(matrix(12, 48, False)).float()
    assert torch.allclose(found, rows @ lr @ rows.T, atol=1e-6)


def test_the_measured_scale_makes_unit_variance():
    hr = 0.05 * torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    scale = measured_scale(given(), [(torch.zeros(4, 3, 8, 8), hr, None)])
    assert float((scale * hr).square().mean()) == pytest.approx(1)


@needs_lpips
def test_draws_take_every_way_by_its_share(encoder):
    ways = Way(0.5, (59,)), Way(0.25, (59, 44, 29, 14)), Way(0.25, steps=5)
    assert spaced(100, 5) == (99, 74, 50, 25, 0) and spaced(100, 1) == (99,)
    few, counts = few_step(encoder, *ways), {}
    for i in range(3200):
        times, last, from_noise = few.drawn((i + 0.5) / 3200)
        assert from_noise == (len(times) == 5)
        counts[times, last] = counts.get((times, last), 0) + 1
    takes = {(59,): 0.5, (59, 44, 29, 14): 0.25, (99, 74, 50, 25, 0): 0.25}
    assert counts == {(t, i): 3200 * share / len(t) for t, share in takes.items() for i in range(len(t))}


@needs_lpips
def test_the_whole_chain_starts_from_noise_alone(encoder):
    few = few_step(encoder, Way(1.0, (59,)))
    noise = torch.randn(1, 3, 64, 64)
    assert torch.equal(few.start(noise, 99, True), noise)
    assert 0.5 < float(few.start(noise, 59, False).std()) < 0.95


def test_noise_levels_lie_anywhere_between_timesteps(encoder):
    """SR3 takes sqrt(alphaBar), drawn between those of two timesteps (Saharia et al., section 2.4)."""
    told = []

    def network(x: Tensor, level: Tensor, *_: Tensor) -> Tensor:
        told.append(level)
        return torch.zeros_like(x)

    objective = Diffusion(srdiff(encoder), given(), noise_level, 1.0, Stage("diffusion"))
    objective(network, batch(1000, 2, torch.zeros(1000, 3, 8, 8)))
    levels, table = told[0].square(), objective.alpha_bar
    t = (batch(1000, 2, torch.zeros(1)).uniform * 100).long()
    above = table[(t - 1).clamp(min=0)]
    assert bool((levels <= above + 1e-6).all() and (levels >= table[t] - 1e-6).all())
    assert len(levels.unique()) > 900
