"""Family srflow: latents are sampled, and an invertible network maps them to the residual.

The published networks have no base: their residual is the image itself, and the encoder's trunk stays frozen.
"""

import copy
import math
import re
from pathlib import Path

import torch
from torch import Tensor, nn

from .. import graphs as onnx_graphs
from ..batches import Batch
from ..graphs import Graph
from ..judgement import Judgement
from ..models import flow, srflow
from ..models.flow import Flow, log_normal
from ..networks import Weights, channels_of
from ..recipe import Recipe, RecipeError, Stage
from ..residual import Encoded, Residuals

NAME, ABOUT = "SRFlow", "an invertible flow of the residual over a regression, in one pass"
LOSSES = ("nll", "flow_sample")
TILED = ("encoder", "inverse")  # only sampling is tiled; encoding to latents is not

BYTE = 2 / 255       # between two bytes, for images in [-1, 1]
DEQUANTISE, LATENTS = 0, 1  # draws of a batch's noise; each latent has one of its own


class Likelihood(Residuals):
    """Bits per dimension of the residual over the frozen encoder's estimate, given its features.

    A byte stands for the interval around it: with uniform noise of that width, the likelihood is that of
    a density (Theis et al. 2016, section 3.1), and the bits are what a byte would cost.
    """

    def __init__(self, recipe: Recipe, encoder: nn.Module, residual_scale: float):
        super().__init__(given(recipe, encoder), residual_scale)
        self.recipe = recipe

    def spread(self, hr: Tensor, noise: Tensor) -> Tensor:
        """Images plus noise that is uniform over one byte, made from standard normal noise."""
        return hr + BYTE * (torch.special.ndtr(noise) - 0.5)

    def bits(self, latents: list[Tensor], log_det: Tensor) -> Tensor:
        """-log2 of the mean probability of one byte: the density's, by the change of variables."""
        values = sum(latent[0].numel() for latent in latents)
        nats = -(sum(map(log_normal, latents)) + log_det) / values
        return nats.mean() / math.log(2) - math.log2(self.residual_scale * BYTE)

    def forward(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        (features,), estimate = self.given(batch.lr)
        noise = batch.noise(DEQUANTISE, estimate.shape)
        latents, log_det, _ = network(features, self.residual(self.spread(batch.hr, noise), estimate))
        loss = self.bits(latents, log_det)
        return loss, {"nll": loss.detach()}

    @torch.no_grad()
    def sample(self, network: nn.Module, lr: Tensor, latents: list[Tensor]) -> Tensor:
        """Images [n, 3, H, W] of latents."""
        (features,), estimate = self.given(lr)
        return self.image(network(features, latents=latents)[2].float(), estimate)


class FlowSample(Likelihood):
    """Judges two samples of every crop, drawn at the temperature of sampling through the inverse.

    The likelihood stays as a regulariser, as in HCFlow++ (Liang et al. 2021, section 3.4): without it
    the latents of photographs would drift away from the normal distribution.
    """

    def __init__(
        self, recipe: Recipe, encoder: nn.Module, residual_scale: float, stage: Stage, lpips: Path | None
    ):
        super().__init__(recipe, encoder, residual_scale)
        self.stage = stage
        self.judgement = Judgement(stage, recipe.scale, lpips)

    def forward(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        (features,), estimate = self.given(batch.lr)
        noise = batch.noise(DEQUANTISE, estimate.shape)
        least, most = self.stage.temperature
        temperature = least + (most - least) * batch.shared
        drawn = [
            temperature * batch.noise(LATENTS + i, shape)
            for i, shape in enumerate(latent_shapes(self.recipe, batch.lr, 2))
        ]
        latents, log_det, sample = network(
            features, self.residual(self.spread(batch.hr, noise), estimate), drawn
        )
        samples = self.image(sample, estimate.repeat(2, 1, 1, 1))
        loss, parts = self.judgement(samples, batch.hr, batch.corner)
        nll = self.bits(latents, log_det)
        return loss + self.stage.nll * nll, {**parts, "nll": nll.detach()}


class Stacked(nn.Module):
    """Features as published flows see them, and an image of zeros in place of an estimate."""

    def __init__(self, encoder: nn.Module, recipe: Recipe):
        super().__init__()
        self.encoder, self.scale = srflow.Encoder(encoder, recipe.network.stacked), recipe.scale

    def forward(self, lr: Tensor) -> tuple[Tensor, Tensor]:
        height, width = (side * self.scale for side in lr.shape[2:])
        return self.encoder(lr), lr.new_zeros(len(lr), 3, height, width)


def given(recipe: Recipe, encoder: nn.Module) -> Encoded:
    """The features that the flow is given, and the base."""
    return Encoded(Stacked(encoder, recipe) if recipe.network.kind == "published" else encoder)


def shape_of(recipe: Recipe, encoder: nn.Module | None = None) -> srflow.SRFlowShape:
    """Sizes of a published network."""
    size, trunk = recipe.network, {}
    if encoder is not None:
        width = encoder.conv_first.out_channels
        trunk = {"features": width, "growth": width // 2, "blocks": len(encoder.RRDB_trunk)}
    return srflow.SRFlowShape(
        scale=recipe.scale, stacked=size.stacked, steps=size.couplings, hidden=size.hidden, **trunk
    )


def latents_of(recipe: Recipe) -> list[tuple[int, float]]:
    """Channels of each latent, and its size relative to the LR grid."""
    if recipe.network.kind == "published":
        return shape_of(recipe).latents
    return [(3 * recipe.scale**2, 1)]


def latent_shapes(recipe: Recipe, lr: Tensor, copies: int) -> list[torch.Size]:
    """Shapes [copies * n, c, h, w] of the latents for `copies` samples of every image."""
    n, (height, width) = copies * len(lr), lr.shape[2:]
    return [
        torch.Size((n, channels, int(height * ratio), int(width * ratio)))
        for channels, ratio in latents_of(recipe)
    ]


def temperature_of(recipe: Recipe) -> float:
    """The default: the middle of what the last stage trained, or what SRFlow's authors use with likelihood alone."""
    stages = [stage for stage in recipe.stages if stage.loss == "flow_sample"]
    return round(sum(stages[-1].temperature) / 2, 4) if stages else 0.9


def rules(recipe: Recipe) -> list[tuple[bool, str]]:
    """What must hold of a recipe."""
    rising = lambda range_: len(range_) == 2 and 0 < range_[0] <= range_[1] <= 1
    published = recipe.network.kind == "published"
    return [
        (bool(recipe.encoder), "encoder: srflow needs a regression entry"),
        (recipe.base == ("none" if published else "estimate"),
         "base: srflow takes estimate, a published one none"),
        (not published or recipe.residual_scale == 1, "residual_scale: a published srflow takes 1"),
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
    if size.kind == "published":
        if not hasattr(encoder, "RRDB_trunk"):
            raise RecipeError("cannot build a published srflow: its encoder must be a published RRDB")
        if max(size.stacked, default=0) >= len(encoder.RRDB_trunk):
            raise RecipeError(
                f"cannot use the recipe: network.stacked names a block that an encoder of "
                f"{len(encoder.RRDB_trunk)} blocks does not have"
            )
        network = srflow.SRFlow(shape_of(recipe, encoder))
        network.RRDB.load_state_dict(encoder.state_dict())
        for name, parameter in network.named_parameters():
            parameter.requires_grad = name.startswith(network.trained)
        return network
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
    return FlowSample(recipe, encoder, residual_scale, stage, lpips)


def start(network: Flow | srflow.SRFlow, objective: Likelihood, lr: Tensor, hr: Tensor, restore: None) -> None:
    """Sets the actnorms by a first batch."""
    (features,), estimate = objective.given(lr)
    network.start(features, objective.residual(objective.spread(hr, torch.randn_like(hr)), estimate))


def trainable(network: Flow | srflow.SRFlow, weights: Weights) -> Weights:
    """Weights of a released graph `inverse` as the network has them; saved ones as they are.

    A graph has the matrices' inverses in place of what they are computed from, and of a published network
    only what is trained: the rest is the encoder's.

    Raises:
        ValueError: if a matrix is not one that the network could have.
    """
    if not any(name.endswith(".back") for name in weights):
        return weights
    own = {re.sub(r"^(network\.)*(flow\.)?", "", name): value for name, value in weights.items()}
    trained = getattr(network, "trained", ("",))
    found = {name: p for name, p in network.named_parameters() if not name.startswith(trained)} | own
    for name, layer in network.named_modules():
        fixed = {key: own[f"{name}.{key}"] for key in ("back", "back_bias") if f"{name}.{key}" in own}
        if fixed:
            found |= {f"{name}.{key}": value for key, value in layer.unfixed(**fixed).items()}
    return found


def sample(
    objective: Likelihood, network: nn.Module, lr: Tensor, restore: None, seed: int
) -> list[Tensor]:
    """Images of temperature 0, of half the card's, and of the card's."""
    temperature = temperature_of(objective.recipe)
    draws = torch.Generator().manual_seed(seed)
    shapes = latent_shapes(objective.recipe, lr, 1)
    latents = [temperature * torch.randn(shape, generator=draws).to(lr.device) for shape in shapes]
    return [objective.sample(network, lr, [part * z for z in latents]) for part in (0, 0.5, 1)]


def multiple(recipe: Recipe) -> int:
    """LR sizes are multiples of this: a published network's last level has half the LR grid."""
    return 2 if recipe.network.kind == "published" else 1


minimum = multiple


def graphs(recipe: Recipe, network: nn.Module, encoder: nn.Module) -> dict[str, Graph]:
    """The graphs `encoder`, `inverse` and `forward`, of weights rounded to fp16.

    The matrices are computed from the trained triangles, inverted in float64, and stay fp32: were
    they rounded one by one, one graph would not invert the other.
    """
    published = recipe.network.kind == "published"
    kind, side = srflow if published else flow, recipe.scale
    fixed = onnx_graphs.halved(copy.deepcopy(network).fix())
    frozen = onnx_graphs.halved(Stacked(encoder, recipe).encoder if published else encoder)
    ratios = {f"z{i}": sizes for i, sizes in enumerate(latents_of(recipe))}

    @torch.no_grad()
    def features(height: int, width: int, n: int) -> Tensor:
        found = frozen(torch.rand(n, 3, height, width) * 2 - 1)
        return found if published else found[0]

    def latents(height: int, width: int, n: int) -> dict[str, Tensor]:
        drawn = {
            name: 0.9 * torch.randn(n, channels, int(height * ratio), int(width * ratio))
            for name, (channels, ratio) in ratios.items()
        }
        return {**drawn, "features": features(height, width, n)}

    def residuals(height: int, width: int, n: int) -> dict[str, Tensor]:
        return {
            "residual": torch.randn(n, 3, height * side, width * side),
            "features": features(height, width, n),
        }

    gives = {**{name: i for i, name in enumerate(ratios)}, "logdet": len(ratios)}
    estimate = {} if published else {"estimate": 1}
    return {
        "encoder": Graph("encoder", frozen, onnx_graphs.low_images(False), {"features": 0, **estimate}),
        "inverse": Graph("inverse", kind.Inverse(fixed), latents, {"residual": 0}),
        "forward": Graph("forward", kind.Forward(fixed), residuals, gives),
    }


def card(recipe: Recipe, residual_scale: float) -> dict:
    """What the card says for sampling."""
    return {
        "flow": {
            "latents": [
                {"name": f"z{i}", "channels": channels, "ratio": ratio}
                for i, (channels, ratio) in enumerate(latents_of(recipe))
            ],
            "temperature": temperature_of(recipe),
            "residualScale": residual_scale,
            "base": recipe.base,
        },
    }
