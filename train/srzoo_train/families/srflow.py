"""Family srflow: what is drawn is a latent, and the network is its invertible way to the residual."""

import copy
import math
from pathlib import Path

import torch
from torch import Tensor, nn

from .. import graphs, networks
from ..graphs import Graph
from ..judgement import Judgement
from ..models.flow import Flow, Forward, Inverse, log_normal
from ..recipe import Recipe, Stage

BYTE = 2 / 255       # between two bytes, where images lie in [-1, 1]
DEQUANTISE, LATENT = 1, 0  # draws of a batch's noise


class Likelihood(nn.Module):
    """Bits per dimension of the residual over the frozen encoder's estimate, given its features.

    A byte stands for the interval around it: uniform noise of that width makes the likelihood a
    density's (Theis et al. 2016, section 3.1), and the bits those that a byte would cost.
    """

    def __init__(self, recipe: Recipe, encoder: nn.Module, residual_scale: float):
        super().__init__()
        self.recipe = recipe
        self.encoder = encoder.requires_grad_(False).eval()
        self.residual_scale = residual_scale

    @torch.no_grad()
    def encode(self, lr: Tensor) -> tuple[Tensor, Tensor]:
        """Features, and the estimate [n, 3, H, W] that the residual is added to."""
        features, estimate = self.encoder(lr)
        return features, estimate.float()

    def residual(self, hr: Tensor, estimate: Tensor, noise: Tensor) -> Tensor:
        """residualScale * (hr - estimate), the bytes spread evenly by standard normal noise."""
        spread = torch.special.ndtr(noise) - 0.5
        return self.residual_scale * (hr + BYTE * spread - estimate)

    def bits(self, z0: Tensor, log_det: Tensor) -> Tensor:
        """-log2 of the mean probability of one byte: the density's, by the change of variables."""
        nats = -(log_normal(z0) + log_det) / z0[0].numel()
        return nats.mean() / math.log(2) - math.log2(self.residual_scale * BYTE)

    def forward(self, network: nn.Module, batch) -> tuple[Tensor, dict[str, float]]:
        features, estimate = self.encode(batch.lr)
        noise = batch.noise(DEQUANTISE, estimate.shape)
        z0, log_det, _ = network(features, self.residual(batch.hr, estimate, noise))
        loss = self.bits(z0, log_det)
        return loss, {"nll": loss.item()}

    @torch.no_grad()
    def sample(self, network: nn.Module, lr: Tensor, latent: Tensor) -> Tensor:
        """Images [n, 3, H, W] of latents z0 [n, 3 * scale^2, h, w]."""
        features, estimate = self.encode(lr)
        return estimate + network(features, latent=latent)[2].float() / self.residual_scale


class FlowSample(Likelihood):
    """Judges two samples of every crop, drawn at the temperature of sampling through the inverse.

    The likelihood stays as a regulariser, as in HCFlow++ (Liang et al. 2021, section 3.4): without it
    the latents of photographs would drift away from the normal distribution.
    """

    def __init__(self, recipe: Recipe, encoder: nn.Module, residual_scale: float, stage: Stage, lpips: Path):
        super().__init__(recipe, encoder, residual_scale)
        self.stage = stage
        self.judgement = Judgement(stage, recipe.scale, lpips)

    def forward(self, network: nn.Module, batch) -> tuple[Tensor, dict[str, float]]:
        features, estimate = self.encode(batch.lr)
        noise = batch.noise(DEQUANTISE, estimate.shape)
        least, most = self.stage.temperature
        temperature = least + (most - least) * batch.shared
        latent = temperature * batch.noise(LATENT, latent_shape(self.recipe.scale, batch.lr, 2))
        z0, log_det, sample = network(features, self.residual(batch.hr, estimate, noise), latent)
        pair = (estimate.repeat(2, 1, 1, 1) + sample / self.residual_scale).chunk(2)
        loss, parts = self.judgement(pair, batch.hr, batch.corner)
        nll = self.bits(z0, log_det)
        return loss + self.stage.nll * nll, {**parts, "nll": nll.item()}


def latent_shape(scale: int, lr: Tensor, copies: int) -> torch.Size:
    """Of the latents of so many samples of every image."""
    return torch.Size((copies * len(lr), 3 * scale * scale, *lr.shape[2:]))


def temperature_of(recipe: Recipe) -> float:
    """The default: the middle of what the last stage trained, or what SRFlow's authors use with likelihood alone."""
    stages = [stage for stage in recipe.stages if stage.loss == "flow_sample"]
    return round(sum(stages[-1].temperature) / 2, 4) if stages else 0.9


def build(recipe: Recipe) -> nn.Module:
    """The flow that the recipe trains."""
    size = recipe.network
    return Flow(
        scale=recipe.scale,
        features=networks.encoder_channels(networks.released(recipe.encoder, "network")),
        channels=size.channels,
        blocks=size.blocks,
        couplings=size.couplings,
        hidden=size.hidden,
    )


def start(network: Flow, objective: Likelihood, lr: Tensor, hr: Tensor) -> None:
    """Sets the actnorms by a first batch."""
    features, estimate = objective.encode(lr)
    network.start(features, objective.residual(hr, estimate, torch.randn_like(hr)))


def graphs_of(recipe: Recipe, network: Flow, encoder: nn.Module) -> dict[str, Graph]:
    """The graphs `encoder`, `inverse` and `forward`, of weights rounded to fp16.

    The matrices are computed from the trained triangles, inverted in float64, and stay fp32: were
    they rounded one by one, one graph would not invert the other.
    """
    features = encoder(torch.zeros(1, 3, 8, 8))[0].shape[1]
    flow = graphs.halved(copy.deepcopy(network).fix())
    side = recipe.scale

    def latents(height: int, width: int, n: int) -> dict[str, Tensor]:
        return {
            "z0": 0.9 * torch.randn(n, 3 * side * side, height, width),
            "features": torch.randn(n, features, height, width),
        }

    def residuals(height: int, width: int, n: int) -> dict[str, Tensor]:
        return {
            "residual": torch.randn(n, 3, height * side, width * side),
            "features": torch.randn(n, features, height, width),
        }

    pictures = lambda height, width, n: {"lr": torch.rand(n, 3, height, width) * 2 - 1}
    return {
        "encoder": Graph("encoder", graphs.halved(encoder), pictures, {"features": 0, "estimate": 1}),
        "inverse": Graph("inverse", Inverse(flow), latents, {"residual": 0}),
        "forward": Graph("forward", Forward(flow), residuals, {"z0": 0, "logdet": 1}),
    }


def card(recipe: Recipe, residual_scale: float) -> dict:
    """What sampling must know."""
    return {
        "flow": {
            "latents": [{"name": "z0", "channels": 3 * recipe.scale**2, "ratio": 1}],
            "temperature": temperature_of(recipe),
            "residualScale": residual_scale,
            "base": "estimate",
        },
    }
