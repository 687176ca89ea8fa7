"""One run: stage after stage until the budget is spent, stopped and resumed at any step."""

import json
import math
import os
import signal
import time
from dataclasses import asdict
from pathlib import Path

import torch
from accelerate import Accelerator

from . import budget, networks, objectives
from .adversarial import Opponent
from .batches import Batches
from .code_version import code_version
from .data.crops import Crops
from .families import srflow
from .log import Log, usable_trackers
from .muon import Muon
from .recipe import Recipe, RecipeError, Stage, recipe_of
from .report import write_report
from .state import load_state, save_state, save_tensors
from .data.store import Store
from .validate import Validation

SAVE_EVERY = 300.0   # seconds between states
LOG_EVERY = 20       # steps between log lines
WINDOW = 50          # steps whose mean loss is compared with that of the stage's first ones
BETAS = (0.9, 0.99)  # of AdamW
DIVERGED = 4.0       # times the first mean
SKIPPED = 20         # steps of a run whose gradient may be infinite or NaN; one more ends it


def on_cpu() -> bool:
    """Whether processes of torchrun share a CPU: Accelerate must be told to use gloo then."""
    return "LOCAL_RANK" in os.environ and not torch.accelerator.is_available()


def optimizer_of(stage: Stage, network: torch.nn.Module) -> torch.optim.Optimizer:
    """A stage's optimizer over all weights of a network."""
    if stage.optimizer == "muon":
        return Muon(network.parameters(), stage.lr, BETAS)
    return torch.optim.AdamW(network.parameters(), stage.lr, BETAS, weight_decay=0.0)


class Stopped(RuntimeError):
    """The run ended before its time; the message says why and what is kept."""


class Trainer:
    """A recipe's networks, and where their training stands."""

    def __init__(self, recipe: Recipe, store: Store, out: Path, lpips: Path | None):
        self.recipe, self.store, self.out, self.lpips = recipe, store, out, lpips
        if store.scale != recipe.scale:
            raise RecipeError(
                f"cannot train x{recipe.scale} on {store.folder}: it was prepared for x{store.scale}"
            )
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OSError(f"cannot make the folder {out}: {error.strerror}") from None
        self.accelerator = Accelerator(
            cpu=on_cpu(),
            mixed_precision=recipe.precision,
            log_with=usable_trackers(recipe.trackers) or None,
            project_dir=out,
        )
        self.log = Log(self.accelerator, out)
        self.crops = Crops(store, "train", recipe.crop, recipe.seed, recipe.data)
        self.network = networks.build(recipe).to(memory_format=torch.channels_last)
        self.network.to(self.accelerator.device)
        self.ema: dict[str, torch.Tensor] = {}
        self._start_from(recipe.init_from)
        self.residual_scale = recipe.residual_scale or 1.0
        self.progress = {"stage": 0, "step": 0, "total": 0, "steps": [0] * len(recipe.stages)}
        self.losses: dict[str, list[float]] = {"first": [], "last": []}
        self.skipped = 0  # steps whose gradient was not finite
        self.opponent: Opponent | None = None
        self.interrupted = False

    def _start_from(self, origin: str | None) -> None:
        """Takes weights of a released entry or checkpoint, if one is named, and averages anew."""
        if origin:
            graph = "network" if self.recipe.family == "regression" else "denoiser"
            weights = networks.released(origin, graph)
            networks.fill(self.network, weights, origin, self.recipe.fresh)
        self.ema = {name: p.detach().clone() for name, p in self.network.named_parameters()}

    def run(self) -> None:
        """Trains until the last stage's last step."""
        state = load_state(self.out)
        if state:
            self._restore(state)
        else:
            self._measure()
        self._describe_data()
        if self.accelerator.log_with:
            self.accelerator.init_trackers("srzoo")
        signal.signal(signal.SIGINT, self._interrupt)
        signal.signal(signal.SIGTERM, self._interrupt)
        while self.progress["stage"] < len(self.recipe.stages):
            self._run_stage(self.recipe.stages[self.progress["stage"]], state)
            state = None
        self.log.say(f"finished after {self.progress['total']} steps: {self.out} can be exported")
        self.accelerator.end_training()

    def _interrupt(self, *_: object) -> None:
        self.interrupted = True

    def prepare(self, stage: Stage, state: dict | None = None):
        """Network, optimizer, objective and batches of a stage, as its steps need them."""
        objective = objectives.of_stage(self.recipe, stage, self.residual_scale, self.lpips)
        objective.to(self.accelerator.device)
        optimizer = optimizer_of(stage, self.network)
        if state and state.get("optimizer"):
            optimizer.load_state_dict(state["optimizer"])
        self.opponent = Opponent(stage, self.recipe.seed, self.accelerator) if stage.adversarial else None
        if self.opponent:
            objective.opponent = self.opponent
            if state and state.get("opponent"):
                self.opponent.load(state["opponent"])
        network, optimizer = self.accelerator.prepare(self.network, optimizer)
        if self.accelerator.device.type == "cuda":
            network = torch.compile(network)
        ranks, rank = self.accelerator.num_processes, self.accelerator.process_index
        batches = Batches(self.recipe, self.crops, ranks, rank, self.accelerator.device)
        network.train()
        return network, optimizer, objective, batches

    def _run_stage(self, stage: Stage, state: dict | None) -> None:
        if stage.init_from and not self.progress["step"]:
            self._start_from(stage.init_from)
        network, optimizer, objective, batches = self.prepare(stage, state)
        place = self.progress["stage"]
        fixed = self.progress["steps"]
        fixed[place] = fixed[place] or budget.known_steps(self.recipe, stage, self.store) or 0
        validation = Validation(self.recipe, self.store, self.accelerator.device, self.lpips)
        started = saved = validated = time.monotonic()
        first = self.progress["step"]
        while not fixed[place] or self.progress["step"] < fixed[place]:
            step, steps = self.progress["step"], fixed[place] or None
            loss, parts = self.step(network, optimizer, objective, batches, stage, steps)
            now = time.monotonic()
            pace = (now - started) / (step + 1 - first)
            if not steps and step + 1 - first >= budget.MEASURED:
                fixed[place] = self._agree(budget.steps_of_minutes(self.recipe, stage, pace))
                self._save(optimizer)
            if step % LOG_EVERY == 0:
                self._record(stage, fixed[place] or None, loss, parts, pace)
            if self._agree(self.interrupted):
                self._save(optimizer)
                raise Stopped(f"stopped at step {step + 1}; the same command goes on from there")
            if self._agree(now - saved > SAVE_EVERY):
                self._save(optimizer)
                saved = now
            if self._agree(now - validated > 60 * self.recipe.validate_minutes):
                self._validate(validation, objective)
                validated = time.monotonic()
        batches.close()
        self._end_stage(validation, objective)

    def step(
        self, network, optimizer, objective, batches: Batches, stage: Stage, steps: int | None
    ) -> tuple[float, dict]:
        """One optimizer step over the whole batch; returns the loss and its parts."""
        step, found = self.progress["step"], []
        for group in optimizer.param_groups:
            group["lr"] = stage.lr * budget.pace(stage, step, steps)
        optimizer.zero_grad(set_to_none=True)
        batch = batches.of(self.progress["total"])
        for i, part in enumerate(batch):
            last = i + 1 == len(batch)
            with self.accelerator.autocast():
                loss, parts = objective(network, part)
            if last:
                self.accelerator.backward(loss / len(batch))
            else:
                with self.accelerator.no_sync(network):
                    self.accelerator.backward(loss / len(batch))
            found.append({"loss": loss.item(), **parts})
        mean = {key: sum(f[key] for f in found) / len(found) for key in found[0]}
        norm = self.accelerator.clip_grad_norm_(network.parameters(), self.recipe.clip)
        loss = mean.pop("loss")
        if self._usable(loss, float(norm)):
            optimizer.step()
            if self.opponent:
                mean["critic"] = self.opponent.learn()
            self._average(budget.ema_decay(self.recipe, step, steps))
        self.progress["step"] += 1
        self.progress["total"] += 1
        return loss, mean

    def _usable(self, loss: float, norm: float) -> bool:
        """Whether the step may change weights; ends the run where too many may not, or the loss has run away."""
        if not math.isfinite(norm):
            self.skipped += 1
            if self.skipped <= SKIPPED:
                return False
        first, last = self.losses["first"], self.losses["last"]
        if len(first) < WINDOW:
            first.append(loss)
        last.append(loss)
        del last[:-WINDOW]
        # The norm is that of all processes: it ends all of them at the same step.
        broken = not math.isfinite(norm)
        bound = DIVERGED * abs(sum(first) / len(first))
        away = len(last) == WINDOW and abs(sum(last) / WINDOW) > bound
        if broken or self._agree(away):
            raise Stopped(
                f"stopped at step {self.progress['step']}: the loss is {loss:.4g}"
                f"{'' if broken else f', {DIVERGED:g} times what it was at first'}; the last good "
                f"state is kept in {self.out}. A smaller lr or clip may do"
            )
        return True

    def _average(self, decay: float) -> None:
        mine = [p.detach() for p in self.network.parameters()]
        torch._foreach_lerp_(list(self.ema.values()), mine, 1 - decay)

    def _agree(self, mine: float) -> int:
        """What the first process says, for all."""
        if self.accelerator.num_processes == 1:
            return int(mine)
        told = torch.tensor(int(mine), device=self.accelerator.device)
        torch.distributed.broadcast(told, 0)
        return int(told)

    def _measure(self) -> None:
        """What a new run takes from its first crops, the same ones in every process."""
        if self.recipe.family == "regression":
            return
        if self.recipe.residual_scale is None:
            self.residual_scale = self._measure_residual()
        if self.recipe.family == "srflow" and not self.recipe.init_from:
            lr, hr, _ = self.crops.batch(0, range(self.recipe.batch)).on("cpu")
            objective = srflow.Likelihood(
                self.recipe, networks.encoder_of(self.recipe), self.residual_scale
            )
            torch.manual_seed(self.recipe.seed)
            srflow.start(self.network.cpu(), objective, lr, hr)
            self.network.to(self.accelerator.device)
            self._start_from(None)

    @torch.no_grad()
    def _measure_residual(self) -> float:
        """1 / standard deviation of hr - base: the residual gets unit variance."""
        objective = objectives.Residuals(self.recipe, networks.encoder_of(self.recipe), 1.0)
        squares = []
        for step in range(16):
            lr, hr, _ = self.crops.batch(step, range(self.recipe.batch)).on("cpu")
            squares.append((hr - objective.encode(lr)[1]).square().mean())
        return float(1 / torch.stack(squares).mean().sqrt())

    def _record(self, stage: Stage, steps: int | None, loss: float, parts: dict, pace: float) -> None:
        left = (steps - self.progress["step"]) * pace if steps else None
        self.log.step({
            "stage": stage.loss, "step": self.progress["step"], "of": steps, "loss": loss, **parts,
            "skipped": self.skipped, "total": self.progress["total"], "seconds_per_step": round(pace, 4),
            "seconds_left": None if left is None else round(left),
        }, self.progress["total"])

    def _validate(self, validation: Validation, objective) -> None:
        if self.accelerator.is_main_process:
            mine = {n: p.detach().clone() for n, p in self.network.named_parameters()}
            self._copy(self.ema)
            figures, sheet = validation.measure(self.network, objective)
            self._copy(mine)
            self.network.train()
            self.log.validation(figures, sheet, self.progress["total"])
            write_report(self.out, self.recipe.id)
        self.accelerator.wait_for_everyone()

    @torch.no_grad()
    def _copy(self, weights: dict[str, torch.Tensor]) -> None:
        for name, parameter in self.network.named_parameters():
            parameter.copy_(weights[name])

    def _end_stage(self, validation: Validation, objective) -> None:
        """Keeps the averaged weights of the stage, which the export reads, and goes on from them."""
        self._validate(validation, objective)
        self._copy(self.ema)
        if self.accelerator.is_main_process:
            averaged = {name: p.cpu() for name, p in self.ema.items()}
            save_tensors(self.out / f"stage-{self.progress['stage']}.pt", averaged)
        self.progress["stage"] += 1
        self.progress["step"] = 0
        self.losses = {"first": [], "last": []}
        self._save(None)

    def _save(self, optimizer) -> None:
        if self.accelerator.is_main_process:
            save_state(self.out, self.progress["total"], {
                "network": self.network.state_dict(),
                "ema": self.ema,
                "optimizer": optimizer.state_dict() if optimizer else None,
                "opponent": self.opponent.state() if optimizer and self.opponent else None,
                "progress": self.progress,
                "losses": self.losses,
                "skipped": self.skipped,
                "residual_scale": self.residual_scale,
                "recipe": json.dumps(asdict(self.recipe)),
                "code": code_version(),
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
        self.losses = state.get("losses", self.losses)
        self.skipped = state.get("skipped", 0)
        self.residual_scale = state["residual_scale"]

    def _describe_data(self) -> None:
        """Keeps the sources beside the run: an exported entry states them."""
        if self.accelerator.is_main_process:
            (self.out / "data.json").write_text(json.dumps(self.store.sources(), indent=1))
