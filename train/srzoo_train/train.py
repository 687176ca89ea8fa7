"""Trains a recipe: `python -m srzoo_train.train --recipe R.yml --data DIR --out RUN`.

DIR holds photographs, or a store that `prepare` made of them. The same command continues a run
that it finds in RUN. Under torchrun the batch is shared among the processes, and the weights come
out the same.
"""

import argparse
import json
import time
from pathlib import Path

BEGAN = time.monotonic()  # a hard limit counts the time of the imports too

import msgspec
from msgspec.structs import replace

from . import families
from .compute import gflop_per_step, parameters
from .data.store import Store
from .lpips import JUDGED, find_lpips
from .recipe import Budget, Recipe, RecipeError, parsed
from .recipe_rules import checked, read_recipe
from .origins import encoder

SUSTAINED = {"cpu": 100.0, "cuda": 50_000.0}  # GFLOP/s that small networks reach, for the estimate


def open_data(data: Path, out: Path, recipe: Recipe) -> Store:
    """The store in `data`; photographs are first packed into one beside the run."""
    if (data / "index.json").is_file():
        return Store(data)
    from accelerate import PartialState

    from .data.pairs import pair_of
    from .data.prepare import Options, prepare
    from .loop import on_cpu

    pair = pair_of(recipe.data.pair or None, recipe.data.resample if recipe.data.pair else None)
    kind = f"-{pair.low}-{pair.high}-{pair.resample}" if pair else ""
    target = out.parent / ".stores" / f"{data.resolve().name}-x{recipe.scale}{kind}"
    with PartialState(cpu=on_cpu()).local_main_process_first():
        prepare([data], target, Options(recipe.scale, pair=pair))
    return Store(target)


def check_lpips(recipe: Recipe, lpips: Path | None) -> None:
    """Refuses a run that could not begin one of its stages, before it has begun the first.

    Raises:
        RecipeError: if a stage needs LPIPS and there is none, or the file that was given is missing.
    """
    if lpips is not None and not lpips.is_file():
        raise RecipeError(f"cannot find LPIPS: there is no file {lpips}")
    judged = [f"stages.{i} ({stage.loss})" for i, stage in enumerate(recipe.stages) if stage.loss in JUDGED]
    if judged and lpips is None:
        raise RecipeError(
            f"cannot train {', '.join(judged)} without LPIPS: run `deno task lpips` once, or give --lpips "
            "lpips_alex.onnx"
        )


def dry_run(recipe: Recipe, lpips: Path | None) -> dict:
    """What the run would take: its recipe, size, cost and time."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    stages = []
    for stage in recipe.stages:
        gflop = gflop_per_step(recipe, stage, lpips)
        seconds, given = gflop / SUSTAINED[device], recipe.budget
        if given.max_minutes is not None:
            steps, minutes = None, given.max_minutes * stage.share
        elif given.max_steps is not None:
            steps = max(1, round(given.max_steps * stage.share))
            minutes = steps * seconds / 60
        else:
            steps = minutes = None  # only the data tell how long an epoch is
        stages.append({
            "loss": stage.loss,
            "gflop_per_step": float(f"{gflop:.3g}"),
            "steps": steps or (minutes and f"about {minutes * 60 / seconds:.0f}") or "by the data",
            "estimated_minutes": "by the data" if minutes is None else round(minutes, 1),
        })
    return {
        "recipe": msgspec.to_builtins(recipe),
        "parameters": parameters(families.build(recipe, encoder(recipe))),
        "device": device,
        "stages": stages,
    }


def resolved(args: argparse.Namespace) -> Recipe:
    """The recipe, with the values that the command line overrides."""
    changes = {"encoder": args.encoder} if args.encoder else {}
    for told in args.set:
        key, equals, value = told.partition("=")
        if not equals:
            raise RecipeError(f"cannot use --set {told}: write KEY=VALUE")
        changes[key] = parsed(value)
    recipe = read_recipe(args.recipe, **changes)
    given = recipe.budget
    if args.max_minutes is not None or args.max_steps is not None:
        given = Budget(max_steps=args.max_steps, max_minutes=args.max_minutes, clock=given.clock)
    return checked(replace(recipe, budget=replace(given, clock=given.clock or args.clock)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="train", description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", required=True, type=Path)
    parser.add_argument("--data", type=Path, help="photographs, or a store made by prepare")
    parser.add_argument("--out", type=Path, help="folder of the run")
    parser.add_argument("--lpips", type=Path, default=find_lpips(),
                        help="lpips_alex.onnx, for few_step and validation")
    parser.add_argument("--encoder", help="replaces the recipe's encoder")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                        help="replaces a top-level key of the recipe, such as batch=64")
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--max-minutes", type=float, help="replaces the recipe's budget")
    limit.add_argument("--max-steps", type=int, help="replaces the recipe's budget")
    parser.add_argument("--clock", action="store_true",
                        help="the minutes are a hard limit, and schedules follow the time that passed")
    parser.add_argument("--save-minutes", type=float, help="minutes between states; 5 if not given")
    parser.add_argument("--workers", type=int,
                        help="processes that cut crops, 0: a thread; by default what suits the device")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and exit")
    args = parser.parse_args()
    try:
        recipe = resolved(args)
        check_lpips(recipe, args.lpips)
        if args.dry_run:
            print(json.dumps(dry_run(recipe, args.lpips), indent=1))
            return
        if args.data is None or args.out is None:
            raise RecipeError("cannot train: give --data and --out")
        from .loop import Stopped, Trainer

        try:
            store = open_data(args.data, args.out, recipe)
            Trainer(recipe, store, args.out, args.lpips, args.save_minutes, args.workers, BEGAN).run()
        except Stopped as stop:
            raise SystemExit(f"train: {stop}") from None
    except (RecipeError, ValueError, OSError) as error:
        raise SystemExit(f"train: {error}") from None


if __name__ == "__main__":
    main()
