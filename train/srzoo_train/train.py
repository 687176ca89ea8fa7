"""Trains a recipe: `python -m srzoo_train.train --recipe R.yml --data STORE --out RUN`.

The same command goes on with a run that it finds in RUN. Under torchrun the batch is shared among
the processes, and the weights come out the same.
"""

import argparse
import json
import math
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor

from . import __version__, networks, objectives
from .crops import Crops
from .recipe import Recipe, RecipeError, Stage, read_recipe, recipe_of
from .state import load_state, save_state
from .store import Store
from .validate import Validation

MEASURED = 100       # steps after which `max_minutes` becomes a number of steps
SAVE_EVERY = 300.0   # seconds between states
LOG_EVERY = 20       # steps between log lines


class Diverged(RuntimeError):
    """The loss is no number any more; the last good state is kept."""


class Trainer:
    """One run: its networks, and where it stands."""

    def __init__(self, recipe: Recipe, data: Path, out: Path, lpips: Path | None):
        self.recipe, self.out = recipe, out
        self.accelerator = Accelerator(
            mixed_precision=recipe.precision,
            log_with=list(recipe.trackers) or None,
            project_dir=out,
        )
        self.store = Store(data)
        if self.store.scale != recipe.scale:
            raise RecipeError(
                f"cannot train x{recipe.scale} on {data}: the store was prepared for "
                f"x{self.store.scale}"
            )
        self.crops = Crops(self.store, "train", recipe.crop, recipe.seed)
        self.lpips = lpips
        self.network = networks.build(recipe).to(memory_format=torch.channels_last)
        if recipe.init_from:
            graph = "network" if recipe.family == "regression" else "denoiser"
            weights = networks.released(Path(recipe.init_from), graph)
            networks.fill(self.network, weights, recipe.init_from)
        self.network.to(self.accelerator.device)
        self.ema = {name: p.detach().clone() for name, p in self.network.named_parameters()}
        self.residual_scale = 1.0
        self.progress = {"stage": 0, "step": 0, "total": 0, "steps": [0] * len(recipe.stages)}
        self.seconds = 0.0

    def run(self) -> None:
        """Trains stage after stage until the budget is spent."""
        state = load_state(self.out)
        if state:
            self._restore(state)
        elif self.recipe.family == "srdiff":
            self.residual_scale = self._measure_residual()
        self._open_trackers()
        while self.progress["stage"] < len(self.recipe.stages):
            self._run_stage(self.recipe.stages[self.progress["stage"]], state)
            state = None
        self.accelerator.end_training()

    def _run_stage(self, stage: Stage, state: dict | None) -> None:
        objective = objectives.of_stage(self.recipe, stage, self.residual_scale, self.lpips)
        objective.to(self.accelerator.device)
        optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=stage.lr, betas=(0.9, 0.99), weight_decay=0.0
        )
        if state and state.get("optimizer"):
            optimizer.load_state_dict(state["optimizer"])
        network, optimizer = self.accelerator.prepare(self.network, optimizer)
        steps = self._known_steps(stage)
        validation = Validation(self.recipe, self.store, self.accelerator.device, self.lpips)
        started = saved = validated = time.monotonic()
        first = self.progress["step"]
        network.train()
        while steps is None or self.progress["step"] < steps:
            step = self.progress["step"]
            for group in optimizer.param_groups:
                group["lr"] = stage.lr * self._pace(stage, step, steps)
            loss, parts = self._step(network, optimizer, objective)
            self._average(step, steps)
            self.progress["step"] += 1
            self.progress["total"] += 1
            now = time.monotonic()
            if steps is None and step + 1 - first >= MEASURED:
                steps = self._fix_steps(stage, (now - started) / (step + 1 - first))
            if step % LOG_EVERY == 0:
                self._log(stage, steps, loss, parts, (now - started) / (step + 1 - first))
            if now - saved > SAVE_EVERY:
                saved = now
                self._save(optimizer)
            if now - validated > 60 * self.recipe.validate_minutes:
                self._validate(validation, objective)
                validated = time.monotonic()
        self._end_stage(validation, objective)

    def _step(self, network, optimizer, objective) -> tuple[float, dict]:
        """One optimizer step over the whole batch; returns the loss and its parts."""
        parts: dict[str, float] = {}
        total = 0.0
        optimizer.zero_grad(set_to_none=True)
        pieces = self._pieces()
        for items in pieces:
            with self.accelerator.autocast():
                loss, found = objective(network, self._batch(items))
            self.accelerator.backward(loss / len(pieces))
            total += loss.item() / len(pieces)
            parts = {k: parts.get(k, 0) + v / len(pieces) for k, v in found.items()}
        norm = self.accelerator.clip_grad_norm_(network.parameters(), self.recipe.clip)
        if not math.isfinite(total) or not math.isfinite(float(norm)):
            raise Diverged(
                f"stopped at step {self.progress['step']}: the loss is {total}; the last good "
                f"state is kept in {self.out}. A smaller lr may do"
            )
        optimizer.step()
        return total, parts

    def _pieces(self) -> list[range]:
        """This process's items of the global batch, in as many parts as are accumulated."""
        ranks, rank = self.accelerator.num_processes, self.accelerator.process_index
        if self.recipe.batch % (ranks * self.recipe.accumulate):
            raise RecipeError(
                f"cannot share a batch of {self.recipe.batch} among {ranks} processes and "
                f"{self.recipe.accumulate} parts"
            )
        size = self.recipe.batch // ranks // self.recipe.accumulate
        start = rank * (self.recipe.batch // ranks)
        return [range(start + i * size, start + (i + 1) * size) for i in range(self.recipe.accumulate)]

    def _batch(self, items: range) -> objectives.Batch:
        step, seed, device = self.progress["total"], self.recipe.seed, self.accelerator.device
        lr, hr = self.crops.batch(step, items)

        def noise(draw: int, shape: torch.Size) -> Tensor:
            copies = shape[0] // len(items)
            rows = [
                torch.randn(shape[1:], generator=_generator(seed, step, item, 1 + draw * copies + c))
                for c in range(copies)
                for item in items
            ]
            return torch.stack(rows).to(device)

        shared = torch.rand(1, generator=_generator(seed, step, 0, 0))
        spread = torch.tensor([item / self.recipe.batch for item in items])
        move = lambda x: x.to(device).contiguous(memory_format=torch.channels_last)
        # Stratified: one timestep in each of `batch` equal parts of the schedule.
        return objectives.Batch(move(lr), move(hr), noise, ((shared + spread) % 1).to(device))

    def _known_steps(self, stage: Stage) -> int | None:
        """Steps of the stage; None while `max_minutes` has not been turned into steps."""
        budget, fixed = self.recipe.budget, self.progress["steps"][self.progress["stage"]]
        if fixed:
            return fixed
        if budget.max_minutes is not None:
            return None
        total = budget.max_steps or self._steps_of_epochs(budget.max_epochs)
        steps = self.progress["steps"][self.progress["stage"]] = max(1, round(total * stage.share))
        return steps

    def _steps_of_epochs(self, epochs: float) -> int:
        pixels = sum(e.height * e.width for e in self.store.split("train"))
        return math.ceil(
            epochs * pixels / (self.recipe.batch * (self.recipe.crop * self.recipe.scale) ** 2)
        )

    def _fix_steps(self, stage: Stage, seconds: float) -> int:
        steps = max(MEASURED, int(self.recipe.budget.max_minutes * 60 * stage.share / seconds))
        self.progress["steps"][self.progress["stage"]] = steps
        return steps

    def _pace(self, stage: Stage, step: int, steps: int | None) -> float:
        """Linear warm-up, then a cosine down to a thousandth."""
        warm = max(1.0, stage.warmup * (steps or 50 * MEASURED))
        rise = min(1.0, (step + 1) / warm)
        if steps is None:
            return rise
        return rise * (0.001 + 0.999 * (1 + math.cos(math.pi * step / steps)) / 2)

    def _average(self, step: int, steps: int | None) -> None:
        half_life = self.recipe.ema_half_life * (steps or 10 * MEASURED)
        decay = min(0.5 ** (1 / max(1.0, half_life)), (1 + step) / (10 + step))
        mine = [p.detach() for p in self.network.parameters()]
        torch._foreach_lerp_(list(self.ema.values()), mine, 1 - decay)

    @torch.no_grad()
    def _measure_residual(self) -> float:
        """1 / standard deviation of hr - estimate: the residual gets unit variance."""
        encoder = networks.encoder_of(self.recipe)
        squares = []
        for step in range(16):
            lr, hr = self.crops.batch(step, range(self.recipe.batch))
            squares.append((hr - encoder(lr)[1]).square().mean())
        return float(1 / torch.stack(squares).mean().sqrt())

    def _log(self, stage, steps, loss, parts, seconds) -> None:
        if not self.accelerator.is_main_process:
            return
        left = (steps - self.progress["step"]) * seconds if steps else None
        record = {
            "stage": stage.loss, "step": self.progress["step"], "of": steps, "loss": loss, **parts,
            "seconds_per_step": round(seconds, 4), "seconds_left": left and round(left),
        }
        with (self.out / "log.jsonl").open("a") as file:
            file.write(json.dumps(record) + "\n")
        print(json.dumps(record), file=sys.stderr, flush=True)
        self.accelerator.log({"loss": loss, **parts}, step=self.progress["total"])

    def _validate(self, validation: Validation, objective) -> None:
        if not self.accelerator.is_main_process:
            return
        mine = {n: p.detach().clone() for n, p in self.network.named_parameters()}
        self._copy(self.ema)
        figures = validation.measure(self.network, objective, self.out, self.progress["total"])
        self._copy(mine)
        self.network.train()
        record = {"validation": figures, "step": self.progress["total"]}
        with (self.out / "log.jsonl").open("a") as file:
            file.write(json.dumps(record) + "\n")
        print(json.dumps(record), file=sys.stderr, flush=True)
        self.accelerator.log(figures, step=self.progress["total"])

    def _copy(self, weights: dict[str, Tensor]) -> None:
        for name, parameter in self.network.named_parameters():
            parameter.data.copy_(weights[name])

    def _end_stage(self, validation: Validation, objective) -> None:
        """Keeps the averaged weights of the stage, which the export reads, and goes on from them."""
        self._validate(validation, objective)
        self._copy(self.ema)
        if self.accelerator.is_main_process:
            target = self.out / f"stage-{self.progress['stage']}.pt"
            torch.save({n: p.cpu() for n, p in self.ema.items()}, f"{target}.part")
            os.replace(f"{target}.part", target)
        self.progress["stage"] += 1
        self.progress["step"] = 0
        self._save(None)

    def _save(self, optimizer) -> None:
        if self.accelerator.is_main_process:
            save_state(self.out, self.progress["total"], {
                "network": self.network.state_dict(),
                "ema": self.ema,
                "optimizer": optimizer.state_dict() if optimizer else None,
                "progress": self.progress,
                "residual_scale": self.residual_scale,
                "recipe": json.dumps(asdict(self.recipe)),
                "code": __version__,
            })
        self.accelerator.wait_for_everyone()

    def _restore(self, state: dict) -> None:
        if recipe_of(state["recipe"]) != self.recipe:
            raise RecipeError(
                f"cannot go on with {self.out}: it was started with another recipe; "
                f"choose another --out, or the recipe it was started with"
            )
        self.network.load_state_dict(state["network"])
        self.ema = {n: p.to(self.accelerator.device) for n, p in state["ema"].items()}
        self.progress = state["progress"]
        self.residual_scale = state["residual_scale"]

    def _open_trackers(self) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        if self.recipe.trackers:
            self.accelerator.init_trackers("srzoo")


def _generator(*key: int) -> torch.Generator:
    """A generator fixed by its key, so that no process and no restart changes a draw."""
    mixed = 0
    for part in key:
        mixed = (mixed * 0x9E3779B97F4A7C15 + part + 0x7F4A7C15) % 2**63
        mixed ^= mixed >> 29
    return torch.Generator().manual_seed(mixed)


def main() -> None:
    parser = argparse.ArgumentParser(prog="train", description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", required=True, type=Path)
    parser.add_argument("--data", required=True, type=Path, help="a store made by prepare")
    parser.add_argument("--out", required=True, type=Path, help="folder of the run")
    parser.add_argument("--lpips", type=Path, help="lpips_alex.onnx, for few_step and validation")
    parser.add_argument("--encoder", help="replaces the recipe's encoder")
    args = parser.parse_args()
    try:
        changes = {"encoder": args.encoder} if args.encoder else {}
        recipe = read_recipe(args.recipe, **changes)
        Trainer(recipe, args.data, args.out, args.lpips).run()
    except (RecipeError, Diverged, ValueError, OSError) as error:
        raise SystemExit(f"train: {error}") from None


if __name__ == "__main__":
    main()
