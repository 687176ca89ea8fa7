"""Time of graphs in ONNX Runtime beside that of their networks in PyTorch: `python -m srzoo_train.eager`.

Each graph and its network, as written in PyTorch, take turns on the same inputs with the same number of
threads of the CPU, in fp32; the least times count. Weights are random, which changes no time. Prints a line of
JSON for each graph, with times in seconds.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import onnxruntime
import torch
from torch import nn

from . import families, networks, origins
from .graphs import Graph, to_onnx
from .importers.srdiff import Denoiser, Draw
from .models.published import joined_channels
from .models.rrdb import RRDBNet
from .models.srdiff_unet import SRDiffUNet
from .recipe import Recipe, RecipeError
from .recipe_rules import read_recipe

SIDE = 256  # of the result
ROUNDS = 5
RECIPES = origins.ROOT / "train/recipes"
# One for each architecture.
USUAL = ("regression-x4", "srdiff-x4", "srdiff-photo-x4", "sr3-x4", "srflow-x4", "published-srflow-df2k-x4", "sr3-64-256", "sr3-16-128")


def official_srdiff() -> tuple[list[Graph], int]:
    """The graphs of an imported SRDiff x4 with the sizes of its release, and its scale."""
    scale, features, blocks, timesteps = 4, 32, 8, 100
    channels = joined_channels(features, blocks)
    unet = SRDiffUNet(64, (1, 2, 3, 4), channels, scale)
    draw = Draw(RRDBNet(features, blocks, scale), scale, False, timesteps, 8)
    denoiser = Denoiser(unet, scale, channels).eval()
    return [
        Graph("encoder", draw.encoder, draw.pictures, {"features": 0}),
        Graph("denoiser", denoiser, draw.states, {"prediction": 0}),
    ], scale


def graphs_of(file: Path) -> tuple[list[Graph], int]:
    """The graphs of a recipe, and its scale."""
    recipe = read_recipe(file)
    encoder = encoder_of(recipe)
    network = families.build(recipe, encoder).eval()
    return list(families.of(recipe).graphs(recipe, network, encoder).values()), recipe.scale


def encoder_of(recipe: Recipe) -> nn.Module | None:
    """The encoder that a recipe names; a random one if a recipe for published networks makes it."""
    maker = RECIPES / f"published-{Path(recipe.encoder or '').name}.yml"
    if not maker.is_file():
        return origins.encoder(recipe)
    weights = dict(families.build(read_recipe(maker)).named_parameters())
    return networks.encoder_of(weights, recipe.scale, recipe.encoder)


def timed(graph: Graph, side: int, threads: int) -> dict[str, float]:
    """The least times on an image whose sides on the low-resolution grid are `side`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    options.add_session_config_entry("session.force_spinning_stop", "1")
    model = to_onnx(graph).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    inputs = graph.draw(side, side, 1)
    feeds = {name: value.numpy() for name, value in inputs.items()}
    least = {"eager": float("inf"), "onnx": float("inf")}
    for turn in range(ROUNDS + 1):
        for name, work in (("eager", lambda: graph.call(inputs)), ("onnx", lambda: session.run(None, feeds))):
            start = time.perf_counter()
            work()
            if turn > 0:  # the first one warms up
                least[name] = min(least[name], time.perf_counter() - start)
    return least


def measured(recipes: list[Path], side: int, threads: int) -> Iterator[dict]:
    """A row for each graph of the official SRDiff and of each recipe."""
    for file in (None, *recipes):
        graphs, scale = graphs_of(file) if file else official_srdiff()
        name = file.stem if file else "SRDiff as published"
        for graph in graphs:
            yield {"model": name, "graph": graph.name, **timed(graph, side // scale, threads)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench:eager", description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", type=Path, nargs="*", default=[RECIPES / f"{name}.yml" for name in USUAL],
                        help="recipes to measure besides SRDiff's release")
    parser.add_argument("--side", type=int, default=SIDE, help="pixels of the result's sides")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    try:
        for row in measured(args.recipe, args.side, args.threads):
            print(json.dumps(row), flush=True)
    except (RecipeError, OSError) as error:
        raise SystemExit(f"bench:eager: {error}") from None


if __name__ == "__main__":
    main()
