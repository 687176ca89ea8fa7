"""The published U-Nets have the published sizes and compute what their authors' code computes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import TRAIN
from torch import Tensor

from srzoo_train import families
from srzoo_train.recipe import RecipeError
from srzoo_train.recipe_rules import read_recipe
from srzoo_train.models.janspiry_unet import JanspiryShape, JanspiryUNet
from srzoo_train.models.novwaul_unet import NovwaulShape, NovwaulUNet

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"

# Parameters in thousands and entries of the official state dict, of which the tables of the noise
# schedule are 12 (Janspiry) or 5 (novwaul): ../shared/REFERENCE.md, section 0.
PUBLISHED = {
    "sr3-16-128": (JanspiryShape("level"), 97_807, 374),
    "sr3-128, unconditional": (JanspiryShape("level", inputs=3), 97_806, 374),
    "ddpm-16-128": (JanspiryShape("timestep", widths=(64, 64, 128, 128, 256, 256)), 26_452, 433),
    "ddpm-128, unconditional":
        (JanspiryShape("timestep", 3, widths=(64, 64, 128, 128, 256, 256)), 26_450, 433),
    "sr3-64-512": (JanspiryShape("level", widths=(64, 128, 256, 512, 1024), blocks=1, groups=16,
                                 attention=frozenset()), 155_334, 241),
    "sr3-64-256": (NovwaulShape(), 110_142, 578),
    "sr3-32-128": (NovwaulShape(64, (64, 128, 256, 256, 512, 512), embedding=256), 143_838, 578),
}


def built(shape: JanspiryShape | NovwaulShape) -> JanspiryUNet | NovwaulUNet:
    return JanspiryUNet(shape) if isinstance(shape, JanspiryShape) else NovwaulUNet(shape)


@pytest.mark.parametrize("name", PUBLISHED)
def test_networks_have_the_published_sizes(name):
    shape, thousands, entries = PUBLISHED[name]
    with torch.device("meta"):
        network = built(shape)
    tables = 12 if isinstance(shape, JanspiryShape) else 5
    assert round(sum(p.numel() for p in network.parameters()) / 1000) == thousands
    assert len(network.state_dict()) + tables == entries


def case(name: str) -> tuple[dict, dict[str, Tensor], dict]:
    """Configuration, arrays and checkpoint of a recorded case."""
    folder = VECTORS / name
    if not folder.is_dir():
        pytest.skip(f"{name} is absent (needs shared)")
    arrays = {key: torch.from_numpy(value) for key, value in np.load(folder / "io.npz").items()}
    checkpoint = torch.load(folder / "checkpoint.pth", map_location="cpu", weights_only=True)
    return json.loads((folder / "config.json").read_text()), arrays, checkpoint


def below(prefix: str, weights: dict) -> dict:
    return {key[len(prefix):]: v for key, v in weights.items() if key.startswith(prefix)}


@torch.no_grad()
@pytest.mark.parametrize("time", ["sr3", "ddpm"])
@pytest.mark.parametrize("condition", ["cond", "uncond"])
def test_janspirys_network_reproduces_the_recorded_call(time, condition):
    config, arrays, checkpoint = case(f"janspiry_{time}_{condition}")
    told = config["unet"]
    widths = tuple(told["inner_channels"] * m for m in told["channel_multiplier"])
    sides = [config["nominal_image_size"] // 2**level for level in range(len(widths))]
    levels = frozenset(
        level for level, side in enumerate(sides) if side in told["attention_at_nominal_resolutions"]
    )
    network = JanspiryUNet(JanspiryShape(
        "level" if time == "sr3" else "timestep", told["in_channels"], told["inner_channels"], widths,
        told["res_blocks_per_level"], levels, told["group_norm_groups"],
    )).eval()
    network.load_state_dict(below("denoise_fn.", checkpoint))
    joined, told_time = arrays["step_input"], arrays["step_time"].flatten()
    inputs = (joined, told_time)
    if condition == "cond":
        inputs = (joined[:, 3:], told_time, joined[:, :3])
    assert (network(*inputs) - arrays["step_eps"]).abs().max() < 2e-5


@torch.no_grad()
def test_novwauls_network_reproduces_the_recorded_call():
    config, arrays, checkpoint = case("novwaul_sr3")
    told = config["unet"]
    base = told["base_channels"]
    widths = tuple(base * m for m in told["channel_expansions"])
    network = NovwaulUNet(NovwaulShape(
        base, widths, told["res_blocks_per_down_level"], frozenset({len(widths) - 2}),
        embedding=base * told["embedding_expansion"],
    )).eval()
    network.load_state_dict(below("model.", checkpoint["ema_net"]))
    x, condition = arrays["step_input"].chunk(2, 1)
    found = network(x, arrays["step_sqrt_gamma"].flatten(), condition)
    assert (found - arrays["step_eps"]).abs().max() < 2e-5


@pytest.mark.parametrize("name", ["sr3-16-128", "ddpm-16-128", "sr3-64-512", "sr3-64-256", "sr3-32-128"])
def test_recipes_build_the_published_networks(name):
    recipe = read_recipe(TRAIN / "recipes" / f"{name}.yml")
    shape, thousands, _ = PUBLISHED[name]
    with torch.device("meta"):
        network = families.build(recipe)
    assert replace(network.shape, dropout=0.0) == shape
    assert round(sum(p.numel() for p in network.parameters()) / 1000) == thousands


@pytest.mark.parametrize("change,why", [
    ({"network": {"kind": "janspiry", "hidden": 48, "multipliers": [1, 2], "groups": 32}}, "32 groups"),
    ({"network": {"kind": "janspiry", "multipliers": [1, 2], "attention": [2]}}, "levels are 0 ... 1"),
    ({"network": {"kind": "novwaul", "multipliers": [1, 2]}, "condition": "none", "scale": 4},
     "trained with one"),
    ({"base": "bicubic"}, "base"),
    ({"crop": 8, "network": {"kind": "janspiry", "multipliers": [1] * 8}}, "a multiple of 128"),
    ({"schedule": {"kind": "bent"}}, "must be one of linear, quad"),
])
def test_wrong_recipes_of_published_networks_are_refused(change, why):
    with pytest.raises(RecipeError, match=why):
        read_recipe(TRAIN / "recipes" / "sr3-16-128.yml", **change)


def test_ddpm_has_the_published_schedule_and_condition():
    recipe = read_recipe(TRAIN / "recipes" / "ddpm-16-128.yml")
    levels = torch.cumprod(1 - torch.linspace(1e-4, 2e-2, 2000, dtype=torch.float64), 0)
    objective = families.of(recipe).objective(recipe, recipe.stages[0], None, 1.0, None)
    assert torch.allclose(objective.alpha_bar.double(), levels, atol=1e-7)
    (condition,), base = objective.given(torch.zeros(1, 3, 16, 16), None)
    assert condition.shape == base.shape == (1, 3, 128, 128) and not base.any()
