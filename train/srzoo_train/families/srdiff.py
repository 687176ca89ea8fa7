"""Family srdiff: diffusion of the residual over the image of an encoder, given its features."""

import math
from pathlib import Path

import torch
from torch import Tensor, nn

from .. import diffusion
from .. import graphs as onnx_graphs
from ..diffusion import Chain, sample, timestep
from ..graphs import Graph
from ..models.compact import Denoiser
from ..models.joint import Joint
from ..models.srdiff_unet import SRDiffUNet
from ..networks import channels_of
from ..recipe import Recipe, Stage
from ..residual import Encoded, Enlarged

__all__ = ["build", "card", "graphs", "minimum", "multiple", "objective", "rules", "sample"]

NAME, ABOUT = "SRDiff", "diffusion of the residual over a regression, in a few steps"
LOSSES = diffusion.LOSSES
TILED = ("encoder", "denoiser")


def rules(recipe: Recipe) -> list[tuple[bool, str]]:
    """What must hold of a recipe."""
    return [
        (bool(recipe.encoder), "encoder: srdiff needs a regression entry"),
        (recipe.base in ("estimate", "bicubic256"), "base: srdiff takes estimate and bicubic256"),
        (not recipe.trains_encoder or recipe.base == "estimate", "trains_encoder: the base must be estimate"),
        (not recipe.trains_encoder or recipe.network.kind != "published",
         "trains_encoder: published networks keep their encoder"),
        (not recipe.trains_encoder or all(stage.loss == "few_step" for stage in recipe.stages),
         "trains_encoder: every stage must be few_step"),
        (not recipe.restores or recipe.network.kind != "published",
         "data.damage: published networks have no input restore"),
        *diffusion.rules(recipe),
    ]


def build(recipe: Recipe, encoder: nn.Module) -> nn.Module:
    """The denoiser, with the encoder if that is trained too."""
    size, features = recipe.network, channels_of(encoder)
    if size.kind == "published":
        return SRDiffUNet(size.hidden, size.multipliers, features, recipe.scale)
    denoiser = Denoiser(
        scale=recipe.scale,
        features=features,
        channels=size.channels,
        deep=size.deep,
        blocks=size.blocks // 2,
        deep_blocks=size.deep_blocks,
        timesteps=recipe.diffusion_steps,
        restores=recipe.restores,
    )
    return Joint(encoder, denoiser) if recipe.trains_encoder else denoiser


def trainable(network: nn.Module, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a denoiser for a network that has the encoder too, which keeps its own."""
    if not isinstance(network, Joint) or "denoiser.stem.weight" in weights:
        return weights
    mine = {f"encoder.{name}": value.detach() for name, value in network.encoder.named_parameters()}
    return mine | {f"denoiser.{name}": value for name, value in weights.items()}


def objective(
    recipe: Recipe, stage: Stage, encoder: nn.Module, residual_scale: float, lpips: Path | None
) -> Chain:
    """What a stage minimises."""
    return diffusion.objective(recipe, stage, given(recipe, encoder), timestep, residual_scale, lpips)


def given(recipe: Recipe, encoder: nn.Module) -> nn.Module:
    """What the denoiser is fed with, and the base."""
    enlarged = Enlarged(recipe.scale, True) if recipe.base == "bicubic256" else None
    return Encoded(encoder, enlarged, recipe.trains_encoder)


def graphs(recipe: Recipe, network: nn.Module, encoder: nn.Module) -> dict[str, Graph]:
    """The graphs `encoder` and `denoiser`, their weights rounded to fp16."""
    features, asked = channels_of(encoder), given(recipe, encoder).restores

    def states(height: int, width: int, n: int) -> dict[str, Tensor]:
        return {
            "x": torch.randn(n, 3, height * recipe.scale, width * recipe.scale),
            "t": torch.arange(n).float() + recipe.diffusion_steps // 2,
            "features": torch.randn(n, features, height, width),
            **({"restore": torch.rand(n)} if recipe.restores else {}),
        }

    gives = {"features": 0, **({"estimate": 1} if recipe.base == "estimate" else {})}
    denoiser = network.denoiser if isinstance(network, Joint) else network
    encodes = onnx_graphs.halved(encoder)
    return {
        "encoder": Graph("encoder", encodes, onnx_graphs.low_images(asked), gives),
        "denoiser": Graph("denoiser", onnx_graphs.halved(denoiser), states, {"prediction": 0}),
    }


def multiple(recipe: Recipe) -> int:
    """LR sizes are multiples of this: our U-Net's second level has half the LR grid; published ones go deeper."""
    if recipe.network.kind == "published":
        levels = _stride(recipe)
        return levels // math.gcd(levels, recipe.scale)
    return 2


def minimum(recipe: Recipe) -> int:
    """The smallest LR side: a published network's mirrored borders need two pixels at its deepest level."""
    return -(-2 * _stride(recipe) // recipe.scale)


def _stride(recipe: Recipe) -> int:
    """HR pixels that one pixel of a published network's deepest level stands for."""
    return 2 ** (len(recipe.network.multipliers) - 1)


def card(recipe: Recipe, residual_scale: float) -> dict:
    """What the card says beyond files."""
    restore = {"restore": {"default": 1}} if recipe.restores else {}
    return {**diffusion.card(recipe, residual_scale), **restore}
