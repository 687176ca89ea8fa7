"""Family srflow: what is drawn is a latent, and the network is its invertible way to the residual."""

import copy
import math
from pathlib import Path

import torch
from torch import Tensor, nn

from .. import graphs as onnx_graphs
from ..batches import Batch
from ..graphs import Graph
from ..judgement import Judgement
from ..models.flow import Flow, Forward, Inverse, log_normal
from ..networks import channels_of
from ..recipe import Recipe, RecipeError, Stage
from ..residual import Encoded, Residuals

NAME, ABOUT = "SRFlow", "an invertible flow of the residual over a regression, in one pass"
LOSSES = ("nll", "flow_sample")
TILED = ("encoder", "inverse")  # only sampling is tiled; the way back to the latents is not

BYTE = 2 / 255       # between two bytes, where images lie in [-1, 1]
DEQUANTISE, LATENT = 1, 0  # draws of a batch's noise


class Likelihood(Residuals):
    """Bits per dimension of the residual over the frozen encoder's estimate, given its features.

    A byte stands for the interval around it: uniform noise of that width makes the likelihood a
    density's (Theis et al. 2016, section 3.1), and the bits those that a byte would cost.
    """

    def __init__(self, recipe: Recipe, encoder: nn.Module, residual_scale: float):
        super().__init__(Encoded(encoder), residual_scale)
        self.recipe = recipe

    def spread(self, hr: Tensor, noise: Tensor) -> Tensor:
        """Images whose bytes are spread evenly, by standard normal noise."""
        return hr + BYTE * (torch.special.ndtr(noise) - 0.5)

    def bits(self, z0: Tensor, log_det: Tensor) -> Tensor:
        """-log2 of the mean probability of one byte: the density's, by the change of variables."""
        nats = -(log_normal(z0) + log_det) / z0[0].numel()
        return nats.mean() / math.log(2) - math.log2(self.residual_scale * BYTE)

    def forward(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        (features,), estimate = self.given(batch.lr)
        noise = batch.noise(DEQUANTISE, estimate.shape)
        z0, log_det, _ = network(features, self.residual(self.spread(batch.hr, noise), estimate))
        loss = self.bits(z0, log_det)
        return loss, {"nll": loss.detach()}

    @torch.no_grad()
    def sample(self, network: nn.Module, lr: Tensor, latent: Tensor) -> Tensor:
        """Images [n, 3, H, W] of latents z0 [n, 3 * scale^2, h, w]."""
        (features,), estimate = self.given(lr)
        return self.image(network(features, latent=latent)[2].float(), estimate)


class FlowSample(Likelihood):
    """Judges two samples of every crop, drawn at the temperature of sampling through the inverse.

    The likelihood stays as a regulariser, as in HCFlow++ (Liang et al. 2021, section 3.4): without it
    the latents of photographs would drift away from the normal distribution.
    """

    def __init__(self, recipe: Recipe, encoder: nn.Module, residual_scale: float, stage: Stage, lpips: Path):
        super().__init__(recipe, encoder, residual_scale)
        self.stage = stage
        self.judgement = Judgement(stage, recipe.scale, lpips)

    def forward(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        (features,), estimate = self.given(batch.lr)
        noise = batch.noise(DEQUANTISE, estimate.shape)
        least, most = self.stage.temperature
        temperature = least + (most - least) * batch.shared
        latent = temperature * batch.noise(LATENT, latent_shape(self.recipe.scale, batch.lr, 2))
        z0, log_det, sample = network(
            features, self.residual(self.spread(batch.hr, noise), estimate), latent
        )
        pair = self.image(sample, estimate.repeat(2, 1, 1, 1)).chunk(2)
        loss, parts = self.judgement(pair, batch.hr, batch.corner)
        nll = self.bits(z0, log_det)
        return loss + self.stage.nll * nll, {**parts, "nll": nll.detach()}


def latent_shape(scale: int, lr: Tensor, copies: int) -> torch.Size:
    """Of the latents of so many samples of every image."""
    return torch.Size((copies * len(lr), 3 * scale * scale, *lr.shape[2:]))


def temperature_of(recipe: Recipe) -> float:
    """The default: the middle of what the last stage trained, or what SRFlow's authors use with likelihood alone."""
    stages = [stage for stage in recipe.stages if stage.loss == "flow_sample"]
    return round(sum(stages[-1].temperature) / 2, 4) if stages else 0.9


def rules(recipe: Recipe) -> list[tuple[bool, str]]:
    """What must hold of a recipe."""
    rising = lambda range_: len(range_) == 2 and 0 < range_[0] <= range_[1] <= 1
    return [
        (bool(recipe.encoder), "encoder: srflow needs a regression entry"),
        (recipe.base == "estimate", "base: srflow takes estimate"),
        (not recipe.restores, "data.damage: srflow has no input restore"),
        *(
            (stage.loss != "flow_sample" or rising(stage.temperature),
             f"stages.{i}.temperature: must be two numbers that rise, above 0 and up to 1")
            for i, stage in enumerate(recipe.stages)
        ),
    ]


def build(recipe: Recipe, encoder: nn.Module) -> nn.Module:
    """The flow that the recipe trains."""
    size = recipe.network
    return Flow(
        scale=recipe.scale,
        features=channels_of(encoder),
        channels=size.channels,
        blocks=size.blocks,
        couplings=size.couplings,
        hidden=size.hidden,
    )


def objective(
    recipe: Recipe, stage: Stage, encoder: nn.Module, residual_scale: float, lpips: Path | None
) -> Likelihood:
    """What a stage minimises."""
    if stage.loss == "nll":
        return Likelihood(recipe, encoder, residual_scale)
    if lpips is None:
        raise RecipeError("cannot train with LPIPS: give --lpips lpips_alex.onnx")
    return FlowSample(recipe, encoder, residual_scale, stage, lpips)


def start(network: Flow, objective: Likelihood, lr: Tensor, hr: Tensor, restore: None) -> None:
    """Sets the actnorms by a first batch."""
    (features,), estimate = objective.given(lr)
    network.start(features, objective.residual(objective.spread(hr, torch.randn_like(hr)), estimate))


def sample(
    objective: Likelihood, network: nn.Module, lr: Tensor, restore: None, seed: int
) -> list[Tensor]:
    """Images of temperature 0, of half the card's, and of the card's."""
    temperature = temperature_of(objective.recipe)
    shape = latent_shape(objective.recipe.scale, lr, 1)
    latent = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(lr.device)
    return [objective.sample(network, lr, part * temperature * latent) for part in (0, 0.5, 1)]


def multiple(recipe: Recipe) -> int:
    """LR sizes are multiples of this."""
    return 1


def graphs(recipe: Recipe, network: Flow, encoder: nn.Module) -> dict[str, Graph]:
    """The graphs `encoder`, `inverse` and `forward`, of weights rounded to fp16.

    The matrices are computed from the trained triangles, inverted in float64, and stay fp32: were
    they rounded one by one, one graph would not invert the other.
    """
    features = channels_of(encoder)
    flow = onnx_graphs.halved(copy.deepcopy(network).fix())
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

    return {
        "encoder": Graph(
            "encoder", onnx_graphs.halved(encoder), onnx_graphs.low_images(False),
            {"features": 0, "estimate": 1},
        ),
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
