"""The flows are invertible and know their log-determinants, even with fixed matrices and under autocast."""

import copy
import math

import pytest
import torch
from torch import Tensor

from srzoo_train.models.flow import Flow, Linear, Mix, Step, log_normal
from srzoo_train.models.srflow import SRFlow, SRFlowShape


def tiny(scale: int = 2, couplings: int = 3, seed: int = 0, spread: float = 0.1) -> Flow:
    """A flow with all weights away from their start, and actnorms that were set by data."""
    torch.manual_seed(seed)
    flow = Flow(scale, features=4, channels=8, blocks=1, couplings=couplings, hidden=8)
    for step in flow.steps:
        for layer in (step.injector.head, step.coupling.head):
            layer.weight.data.normal_(0, spread)
    flow.start(*inputs(flow, 16))
    return flow


def inputs(flow: Flow, n: int, side: int = 4) -> tuple[Tensor, Tensor]:
    """Features and residuals."""
    return torch.randn(n, 4, side, side), torch.randn(n, 3, side * flow.scale, side * flow.scale)


def test_decode_inverts_encode_over_a_thousand_inputs():
    for seed in range(4):
        flow = tiny(4, couplings=8, seed=seed)
        features, residual = inputs(flow, 250, side=6)
        with torch.no_grad():
            latents, _, _ = flow(features, residual)
            _, _, again = flow(features, latents=latents)
        assert float((again - residual).abs().max()) < 1e-3


def test_encode_inverts_decode_at_every_temperature():
    flow = tiny(4, couplings=8)
    features, _ = inputs(flow, 50)
    with torch.no_grad():
        for temperature in (0.0, 0.5, 1.0):
            z0 = temperature * torch.randn(50, 48, 4, 4)
            _, _, residual = flow(features, latents=[z0])
            (again,), _, _ = flow(features, residual)
            assert float((again - z0).abs().max()) < 1e-3


def test_the_log_determinant_equals_that_of_autograds_jacobian():
    flow = tiny()
    with torch.no_grad():
        features, residual = inputs(flow, 1, side=2)
        context = flow.context(features)
        _, log_det = flow.encode(residual, context)

    def encoded(flat: Tensor) -> Tensor:
        return flow.encode(flat.view_as(residual), context)[0][0].flatten()

    jacobian = torch.autograd.functional.jacobian(encoded, residual.flatten()).double()
    exact = float(torch.linalg.slogdet(jacobian).logabsdet)
    assert float(log_det) == pytest.approx(exact, abs=1e-3)
    assert abs(exact) > 1


def test_the_published_flow_inverts_itself_and_knows_its_log_determinant():
    """Over a thousand images, and against autograd's Jacobian of one, with all weights away from their start."""
    torch.manual_seed(4)
    shape = SRFlowShape(features=4, growth=2, blocks=2, stacked=(0,), steps=2, plain_steps=1, hidden=4)
    network = SRFlow(shape)
    for name, parameter in network.flowUpsamplerNet.named_parameters():
        if not name.endswith("invconv.weight"):
            parameter.data += 0.05 * torch.randn_like(parameter)
    images, features = torch.rand(1000, 3, 8, 8) * 2 - 1, torch.randn(1000, shape.condition, 2, 2)
    with torch.no_grad():
        latents, log_det, _ = network(features, images)
        _, _, again = network(features, latents=latents)
    assert float((again - images).abs().max()) < 1e-3

    def encoded(flat: Tensor) -> Tensor:
        found, _ = network.encode(flat.view(1, 3, 8, 8), features[:1])
        return torch.cat([latent.flatten() for latent in found])

    jacobian = torch.autograd.functional.jacobian(encoded, images[0].flatten()).double()
    assert float(log_det[0]) == pytest.approx(float(torch.linalg.slogdet(jacobian).logabsdet), abs=1e-3)


def test_the_matrix_is_inverted_and_its_determinant_known():
    torch.manual_seed(1)
    linear = Linear(48, 3).double()
    for values in linear.parameters():
        values.data.normal_(0, 0.1)
    matrix = linear.matrix().detach()
    assert torch.allclose(matrix @ linear.inverse(), torch.eye(48, dtype=torch.float64), atol=1e-9)
    assert float(torch.linalg.slogdet(matrix).logabsdet) == pytest.approx(float(linear.log_diagonal.detach().sum()))


def test_the_start_gives_every_channel_mean_0_and_variance_1():
    torch.manual_seed(2)
    mix = Mix(12, 0)
    x = torch.randn(64, 12, 5, 5) * torch.linspace(0.1, 9, 12)[:, None, None] + 3
    mix.norm.start(x)
    y = mix.norm.log_scale.exp()[:, None, None] * (x + mix.norm.bias[:, None, None])
    assert float(y.mean((0, 2, 3)).abs().max()) < 1e-4
    assert float((y.std((0, 2, 3)) - 1).abs().max()) < 1e-3


def test_the_likelihood_of_a_gaussian_equals_its_closed_form():
    """An affine map of white noise is normal: log p(x) = log N(x; mean, covariance)."""
    torch.manual_seed(3)
    step = Step(12, 4, 8, 0)
    with torch.no_grad():
        for values in step.mix.parameters():
            values.normal_(0, 0.2)
        step.injector.head.bias.normal_(0, 0.3)
    x, context = torch.randn(5, 12, 1, 1), torch.zeros(5, 4, 1, 1)
    with torch.no_grad():
        z, log_det = step.encode(x, context)
        mean = step.decode(torch.zeros(1, 12, 1, 1), context[:1]).flatten()
        columns = step.decode(torch.eye(12)[:, :, None, None], context[:1].expand(12, -1, -1, -1))
    root = (columns.flatten(1) - mean).double()
    normal = torch.distributions.MultivariateNormal(mean.double(), root.T @ root)
    found = log_normal(z) + log_det.flatten()
    assert torch.allclose(found.double(), normal.log_prob(x.flatten(1).double()), atol=1e-3)


def test_log_normal_has_its_closed_form():
    z = torch.tensor([[0.0, 0.0], [1.0, -2.0]])
    assert torch.allclose(log_normal(z), torch.tensor([0.0, -2.5]) - math.log(2 * math.pi))


def test_residuals_stay_finite_for_features_64_times_as_large():
    flow = tiny(4, couplings=8)
    features, _ = inputs(flow, 20)
    with torch.no_grad():
        _, _, residual = flow(64 * features, latents=[torch.randn(20, 48, 4, 4)])
    assert bool(torch.isfinite(residual).all())


def test_fixed_matrices_do_not_change_the_results():
    flow = tiny(4, couplings=8)
    features, residual = inputs(flow, 4)
    fixed = copy.deepcopy(flow).fix()
    with torch.no_grad():
        one, other = (net(features, residual, [torch.ones(4, 48, 4, 4)]) for net in (flow, fixed))
        for wanted, got in zip((*one[0], *one[1:]), (*other[0], *other[1:])):
            assert torch.allclose(wanted, got, rtol=1e-4, atol=1e-3)


def test_parameters_can_be_recovered_from_fixed_matrices():
    flow = tiny(4, couplings=8)
    features, residual = inputs(flow, 4)
    for step in flow.steps:
        fixed = copy.deepcopy(step.mix).fixed()
        mix = Mix(48, 0)
        mix.linear.order = step.mix.linear.order
        for name, value in mix.unfixed(fixed.back, fixed.back_bias).items():
            mix.get_parameter(name).data.copy_(value)
        again = mix.fixed()
        for name in ("forth", "forth_bias", "back", "back_bias", "log_det"):
            assert torch.allclose(getattr(again, name), getattr(fixed, name), rtol=1e-4, atol=1e-5), name
    with pytest.raises(ValueError, match="not positive"):
        step.mix.unfixed(-fixed.back, fixed.back_bias)


def test_under_autocast_the_flow_still_inverts_itself():
    flow = tiny(4, couplings=8)
    features, residual = inputs(flow, 4)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        (z0,), log_det, _ = flow(features, residual)
        _, _, again = flow(features, latents=[z0])
    assert z0.dtype == log_det.dtype == again.dtype == torch.float32
    assert float((again - residual).square().mean().sqrt()) < 0.02
