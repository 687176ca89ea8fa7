"""Throughput of the training loop against the bare network: `python -m srzoo_train.bench`.

Bare means the forward and backward passes of the same objective on one batch that stays in memory;
the loop adds crops, noise, clipping, the optimizer and the average. Both are measured in turns, so
that other load slows both alike; medians are reported.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from msgspec.structs import replace

from .batches import generator
from .lpips import find_lpips
from .precision import autocast
from .recipe import Recipe, RecipeError
from .recipe_rules import read_recipe
from .origins import ROOT
from .data.store import Store
from .data.synthetic import synthetic_store
from .loop import Trainer

WARM_UP = 3  # steps


def measure(recipe: Recipe, data: Path, out: Path, steps: int) -> dict[str, dict[str, float]]:
    """Milliseconds of a bare step, of a whole step, and of drawing the crops of a step, by stage."""
    run = Trainer(replace(recipe, trackers=()), Store(data), out, find_lpips())
    if run.precision == "auto":
        run.precision = "fp32"
    return {stage.loss: _measure_stage(run, stage, steps) for stage in recipe.stages}


def _measure_stage(run: Trainer, stage, steps: int) -> dict[str, float]:
    network, optimizer, objective, batches = run.prepare(stage)

    def bare() -> None:
        # Few-step training then takes as many sampling steps as in the whole step that follows.
        key = run.recipe.seed, run.progress["total"], 0
        for part in kept:
            part.shared = float(torch.rand(1, generator=generator("cpu", *key)))
            with autocast(run.device, run.precision):
                loss, _ = objective(network, part)
            run.accelerator.backward(loss)
        network.zero_grad(set_to_none=True)

    def whole() -> None:
        run.step(network, optimizer, objective, batches, stage)

    kept, noise = batches.of(0), {}
    for part in kept:
        part.noise = _kept_noise(part.noise, noise)
    times: dict[str, list[float]] = {"bare": [], "whole": []}
    for _ in range(WARM_UP + steps):
        for name, action in (("bare", bare), ("whole", whole)):
            times[name].append(_timed(action))
    spent = {name: statistics.median(values[WARM_UP:]) for name, values in times.items()}
    batches.close()
    return {
        "bare_ms": 1e3 * spent["bare"],
        "loop_ms": 1e3 * spent["whole"],
        "ratio": spent["bare"] / spent["whole"],
        "loading_ms": 1e3 * _drawing(run, steps),
    }


def _drawing(run: Trainer, steps: int) -> float:
    """CPU seconds to draw the crops of one step, whether or not other work goes on meanwhile."""
    started = time.thread_time()
    for step in range(steps):
        run.crops.batch(step, range(run.recipe.batch))
    return (time.thread_time() - started) / steps


def _kept_noise(draw: Callable, kept: dict) -> Callable:
    """Draws each tensor once, so that a bare pass spends no time on it."""

    def again(index: int, shape: torch.Size) -> torch.Tensor:
        if index not in kept:
            kept[index] = draw(index, shape)
        return kept[index]

    return again


def _timed(action: Callable[[], None]) -> float:
    started = time.perf_counter()
    action()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench:train", description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", type=Path, default=ROOT / "train/recipes/srdiff-x4.yml")
    parser.add_argument("--data", type=Path, help="a store; if absent, one is generated")
    parser.add_argument("--steps", type=int, default=20)
    args = parser.parse_args()
    try:
        recipe = read_recipe(args.recipe)
        with tempfile.TemporaryDirectory() as folder:
            data = args.data or synthetic_store(Path(folder) / "store", recipe.scale, 12, 512)
            found = measure(recipe, data, Path(folder) / "run", args.steps)
    except (RecipeError, ValueError, OSError) as error:
        raise SystemExit(f"bench:train: {error}") from None
    for loss, figures in found.items():
        bare, loop = (recipe.batch / figures[name] * 1e3 for name in ("bare_ms", "loop_ms"))
        print(f"{loss}: bare {bare:.1f} crops/s ({figures['bare_ms']:.0f} ms a step), loop "
              f"{loop:.1f} crops/s ({figures['loop_ms']:.0f} ms a step): "
              f"{100 * figures['ratio']:.0f} % of bare; crops cost "
              f"{figures['loading_ms']:.1f} ms, {100 * figures['loading_ms'] / figures['loop_ms']:.1f} % "
              f"of a step")


if __name__ == "__main__":
    main()
