"""One run: stage after stage until the budget is spent, stopped and resumed at any step."""

import json
import math
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import torch
from accelerate import Accelerator
from torch import Tensor

from . import budget, families
from .batches import Batch, Batches
from .code_version import code_version
from .data.crops import Crops
from .data.store import Store
from .held_out import HeldOut, means
from .log import Log, usable_trackers
from .muon import Muon
from .networks import encoder_of
from .precision import autocast, faster
from .recipe import Recipe, RecipeError, Stage, recipe_of
from .origins import encoder_weights, start_from
from .report import write_report
from .residual import Residuals, measured_scale
from .state import load_state, save_state, save_tensors
from .validate import Validation

SAVE_EVERY = 300.0   # seconds between states
LOG_EVERY = 20       # steps between log lines, which give their mean, and between checks of the losses
WINDOW = 50          # steps whose mean loss is compared with that of the stage's first ones
BETAS = (0.9, 0.99)  # of AdamW
DIVERGED = 4.0       # times the first mean
SKIPPED = 20         # steps of a run whose gradient may be infinite or NaN; one more ends it
MEASURED = 16        # batches that the residual's scale is measured on


def on_cpu() -> bool:
    """Whether processes of torchrun share a CPU: Accelerate must be told to use gloo then."""
    return "LOCAL_RANK" in os.environ and not torch.accelerator.is_available()


def optimizer_of(stage: Stage, network: torch.nn.Module, precision: str) -> torch.optim.Optimizer:
    """A stage's optimizer over all weights of a network, for steps in this precision."""
    if stage.optimizer == "muon":
        rounds_in = torch.bfloat16 if precision == "bf16" else torch.float32
        return Muon(network.parameters(), stage.lr, BETAS, rounds_in=rounds_in)
    return torch.optim.AdamW(network.parameters(), stage.lr, BETAS, weight_decay=0.0)


class Stopped(RuntimeError):
    """The run ended early; the message says why and what is kept."""


class Trainer:
    """A recipe's networks, and where their training stands.

    Args:
        save_minutes: minutes between states; five if it is not given.
        workers: processes that cut crops, 0 for a thread; by default what suits the device.
        began: when the run's clock started, by `time.monotonic`.
    """

    def __init__(
        self, recipe: Recipe, store: Store, out: Path, lpips: Path | None,
        save_minutes: float | None = None, workers: int | None = None, began: float | None = None,
    ):
        self.recipe, self.store, self.out, self.lpips = recipe, store, out, lpips
        self.family, self.workers = families.of(recipe), workers
        self.save_every = SAVE_EVERY if save_minutes is None else 60 * save_minutes
        self.began = time.monotonic() if began is None else began
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
            mixed_precision="no",  # we call autocast ourselves, after trying which precision is faster
            log_with=usable_trackers(recipe.trackers) or None,
            project_dir=out,
        )
        self.device = self.accelerator.device
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
            torch.set_float32_matmul_precision("high")
        self.log = Log(self.accelerator, out)
        self.crops = Crops(store, "train", recipe.crop, recipe.seed, recipe.data)
        self.encoder = self._encoder()
        self.network = families.build(recipe, self.encoder).to(memory_format=torch.channels_last)
        self.network.to(self.device)
        self.ema: dict[str, Tensor] = {}
        self._start_from(recipe.init_from)
        self.residual_scale = recipe.residual_scale or 1.0
        self.precision = recipe.precision
        self.progress = {
            "stage": 0, "step": 0, "total": 0, "steps": [0] * len(recipe.stages), "seconds": 0.0,
        }
        self.losses: dict[str, list[float]] = {"first": [], "last": []}
        self.unread: list[tuple[Tensor, Tensor]] = []  # loss and gradient norm of steps not looked at yet
        self.unlogged: list[dict[str, Tensor]] = []    # loss and its parts since the last line of the log
        self.skipped = 0  # steps whose gradient was not finite
        self.interrupted = False

    def _encoder(self) -> torch.nn.Module | None:
        """The frozen encoder; its weights are kept in the run, which then needs nothing else."""
        if not self.recipe.encoder:
            return None
        file, weights = self.out / "encoder.pt", encoder_weights(self.recipe, self.out)
        encoder = encoder_of(weights, self.recipe.scale, self.recipe.encoder)
        if self.accelerator.is_main_process and not file.is_file():
            save_tensors(file, weights)
        return encoder.to(self.device, memory_format=torch.channels_last)

    def _start_from(self, origin: str | None) -> None:
        """Takes weights of a released entry or checkpoint, if one is named, and restarts the average."""
        if origin:
            start_from(self.recipe, self.network, origin)
        self.ema = {name: p.detach().clone() for name, p in self.network.named_parameters()}

    def run(self) -> None:
        """Trains until the last stage's last step."""
        state = load_state(self.out)
        if state:
            self._restore(state)
        else:
            self._begin()
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
        objective = self._objective(stage)
        optimizer = optimizer_of(stage, self.network, self.precision)
        if state and state.get("optimizer"):
            optimizer.load_state_dict(state["optimizer"])
        network, optimizer = self.accelerator.prepare(self.network, optimizer)
        if self.recipe.compile:
            network = torch.compile(network)
        ranks, rank = self.accelerator.num_processes, self.accelerator.process_index
        batches = Batches(self.recipe, self.crops, ranks, rank, self.device, self.workers)
        network.train()
        return network, optimizer, objective, batches

    def _objective(self, stage: Stage) -> torch.nn.Module:
        found = self.family.objective(
            self.recipe, stage, self.encoder, self.residual_scale, self.lpips
        )
        return found.to(self.device)

    def _run_stage(self, stage: Stage, state: dict | None) -> None:
        if stage.init_from and not self.progress["step"]:
            self._start_from(stage.init_from)
        network, optimizer, objective, batches = self.prepare(stage, state)
        place, fixed = self.progress["stage"], self.progress["steps"]
        fixed[place] = fixed[place] or budget.known_steps(self.recipe, stage, self.store) or 0
        validation = Validation(self.recipe, self.store, self.device, self.lpips)
        held_out = HeldOut(self.recipe, self.store, self.device)
        started = saved = validated = time.monotonic()
        first = self.progress["step"]
        while not self._over(place):
            self.step(network, optimizer, objective, batches, stage)
            step, now = self.progress["step"], time.monotonic()
            pace = (now - started) / (step - first)
            by_minutes = self.recipe.budget.max_minutes is not None and not self.recipe.budget.clock
            if by_minutes and not fixed[place] and step - first >= budget.MEASURED:
                fixed[place] = self._agree(budget.steps_of_minutes(self.recipe, stage, pace))
                self._save(optimizer)
            if (step - 1) % LOG_EVERY == 0:
                self._record(stage, fixed[place] or None, pace, self._held_out(held_out, objective))
            if self._agree(self.interrupted):
                self._save(optimizer)
                raise Stopped(f"stopped at step {step}; the same command continues from there")
            if self._agree(now - saved > self.save_every):
                self._save(optimizer)
                saved = now
            if self._agree(now - validated > 60 * self.recipe.validate_minutes):
                self._validate(validation, objective)
                validated = time.monotonic()
        fixed[place] = self.progress["step"]
        batches.close()
        self._end_stage(validation, objective)

    def _over(self, place: int) -> bool:
        """Whether the stage is done."""
        if self.recipe.budget.clock:
            return self._clock() >= budget.span_of(self.recipe, place)[1]
        fixed = self.progress["steps"][place]
        return bool(fixed) and self.progress["step"] >= fixed

    def _clock(self) -> float:
        """Seconds of the run, including those before it was stopped, by the first process's clock."""
        passed = time.monotonic() - self.began
        return self._agree(1000 * (self.progress["seconds"] + passed)) / 1000

    def _place(self) -> tuple[float, float]:
        """How much of the stage is done, and how much of it one step is."""
        place, step = self.progress["stage"], self.progress["step"]
        if self.recipe.budget.clock:
            begin, end = budget.span_of(self.recipe, place)
            at = min(1.0, max(0.0, (self._clock() - begin) / (end - begin)))
            return at, max(1e-6, min(0.01, at / step if step else 0.01))
        # Until minutes have become steps, the stage is taken to be long.
        steps = self.progress["steps"][place] or 50 * budget.MEASURED
        return step / steps, 1 / steps

    def step(self, network, optimizer, objective, batches: Batches, stage: Stage) -> None:
        """One optimizer step over the whole batch."""
        at, each = self._place()
        for group in optimizer.param_groups:
            group["lr"] = stage.lr * budget.pace(stage, at, each)
        optimizer.zero_grad(set_to_none=True)
        parts = batches.of(self.progress["total"])
        found = [
            self._backward(network, objective, part, len(parts), last=part is parts[-1])
            for part in parts
        ]
        self.unlogged.append({key: torch.stack([f[key] for f in found]).mean() for key in found[0]})
        norm = self._clip(network)
        optimizer.step()
        self._average(budget.ema_decay(self.recipe, self.progress["step"], each))
        self.unread.append((self.unlogged[-1]["loss"], norm))
        self.progress["step"] += 1
        self.progress["total"] += 1

    def _backward(self, network, objective, part: Batch, parts: int, last: bool) -> dict[str, Tensor]:
        with autocast(self.device, self.precision):
            loss, found = objective(network, part)
        if last:
            self.accelerator.backward(loss / parts)
        else:
            with self.accelerator.no_sync(network):
                self.accelerator.backward(loss / parts)
        return {"loss": loss.detach(), **found}

    @torch.no_grad()
    def _clip(self, network) -> Tensor:
        """Limits the norm of the gradient, which becomes 0 if it is not finite; returns the norm.

        Nothing is read back, so this does not wait for the GPU.
        """
        grads = [p.grad for p in network.parameters() if p.grad is not None]
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
        usable = torch.isfinite(norm)
        torch._foreach_mul_(grads, torch.where(usable, (self.recipe.clip / (norm + 1e-6)).clamp(max=1), 0))
        for grad in grads:
            grad.nan_to_num_(0, 0, 0)
        return norm

    def _look(self) -> None:
        """Reads the losses since the last look; ends the run if too many gradients were not finite, or it diverges."""
        if not self.unread:
            return
        losses, norms = torch.stack([torch.stack(pair) for pair in self.unread]).T.tolist()
        self.unread = []
        first, last = self.losses["first"], self.losses["last"]
        for loss, norm in zip(losses, norms):
            # The norm is the same in all processes, so they all end at the same step.
            if not math.isfinite(norm):
                self.skipped += 1
                continue
            if len(first) < WINDOW:
                first.append(loss)
            last.append(loss)
        del last[:-WINDOW]
        broken = self.skipped > SKIPPED
        away = len(last) == WINDOW and abs(sum(last)) > DIVERGED * abs(sum(first)) * WINDOW / len(first)
        if broken or self._agree(away):
            raise Stopped(
                f"stopped at step {self.progress['step']}: the loss is {losses[-1]:.4g}"
                f"{'' if broken else f', {DIVERGED:g} times what it was at first'}; the last good "
                f"state is kept in {self.out}. A smaller lr or clip may help"
            )

    def _average(self, decay: float) -> None:
        mine = [p.detach() for p in self.network.parameters()]
        torch._foreach_lerp_(list(self.ema.values()), mine, 1 - decay)

    def _agree(self, mine: float) -> int:
        """The value of the first process, as a whole number, in all processes."""
        if self.accelerator.num_processes == 1:
            return int(mine)
        told = torch.tensor(int(mine), device=self.device)
        torch.distributed.broadcast(told, 0)
        return int(told)

    def _begin(self) -> None:
        """Measures what a new run needs, on its first crops, which are the same in every process."""
        crops = lambda step: self.crops.batch(step, range(self.recipe.batch)).on(self.device)
        objective = self._objective(self.recipe.stages[0])
        if isinstance(objective, Residuals) and self.recipe.residual_scale is None:
            self.residual_scale = measured_scale(objective.given, (crops(i) for i in range(MEASURED)))
            objective = self._objective(self.recipe.stages[0])
        if hasattr(self.family, "start") and not self.recipe.init_from:
            torch.manual_seed(self.recipe.seed)
            self.family.start(self.network, objective, *crops(0))
            self._start_from(None)
        if self.precision == "auto":
            batches = Batches(self.recipe, self.crops, 1, 0, self.device, 0)
            batch = batches.of(0)[0]
            batches.close()
            self.precision, times = faster(self.network, objective, batch, self.device)
            self.precision = ("fp32", "bf16")[self._agree(self.precision == "bf16")]
            self.log.say(f"precision {self.precision}: {times}")

    def _held_out(self, held_out: HeldOut, objective) -> dict[str, float]:
        """Figures of the weights and of their average, in the first process, which writes the log; else none."""
        if not (self.recipe.held_out and self.accelerator.is_main_process):
            return {}
        found = {"held_out": held_out.measure(self.network, objective, self.precision)}
        with self._averaged():
            found["held_out_averaged"] = held_out.measure(self.network, objective, self.precision)
        return {f"{name}_{key}": value for name, figures in found.items() for key, value in figures.items()}

    def _record(self, stage: Stage, steps: int | None, pace: float, held_out: dict[str, float]) -> None:
        self._look()
        trained, self.unlogged = means(self.unlogged), []
        step, left = self.progress["step"], None
        if self.recipe.budget.clock:
            left = budget.span_of(self.recipe, self.progress["stage"])[1] - self._clock()
        elif steps:
            left = (steps - step) * pace
        self.log.step({
            "stage": stage.loss, "step": step, "of": steps,
            **{key: value.item() for key, value in trained.items()}, **held_out,
            "skipped": self.skipped, "total": self.progress["total"],
            "seconds_per_step": round(pace, 4),
            "seconds_left": None if left is None else round(left),
        }, self.progress["total"])

    def _validate(self, validation: Validation, objective) -> None:
        if self.accelerator.is_main_process:
            with self._averaged():
                figures, sheet = validation.measure(self.network, objective)
            self.log.validation(figures, sheet, self.progress["total"])
            write_report(self.out, self.recipe.id)
        self.accelerator.wait_for_everyone()

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """Gives the network the averaged weights for the time of a `with` block."""
        mine = {name: p.detach().clone() for name, p in self.network.named_parameters()}
        self._copy(self.ema)
        try:
            yield
        finally:
            self._copy(mine)
            self.network.train()

    @torch.no_grad()
    def _copy(self, weights: dict[str, Tensor]) -> None:
        for name, parameter in self.network.named_parameters():
            parameter.copy_(weights[name])

    def _end_stage(self, validation: Validation, objective) -> None:
        """Keeps the averaged weights of the stage, which the export reads, and continues from them."""
        self._look()
        self._copy(self.ema)
        if self.accelerator.is_main_process:
            averaged = {name: p.cpu() for name, p in self.ema.items()}
            save_tensors(self.out / f"stage-{self.progress['stage']}.pt", averaged)
        self._validate(validation, objective)
        self.progress["stage"] += 1
        self.progress["step"] = 0
        self.losses = {"first": [], "last": []}
        self._save(None)

    def _save(self, optimizer) -> None:
        self._look()
        if self.accelerator.is_main_process:
            passed = time.monotonic() - self.began
            save_state(self.out, self.progress["total"], {
                "network": self.network.state_dict(),
                "ema": self.ema,
                "optimizer": optimizer.state_dict() if optimizer else None,
                "progress": {**self.progress, "seconds": self.progress["seconds"] + passed},
                "losses": self.losses,
                "skipped": self.skipped,
                "residual_scale": self.residual_scale,
                "precision": self.precision,
                "recipe": msgspec.json.encode(self.recipe).decode(),
                "code": code_version(),
            })
        self.accelerator.wait_for_everyone()

    def _restore(self, state: dict) -> None:
        if recipe_of(state["recipe"]) != self.recipe:
            raise RecipeError(
                f"cannot continue {self.out}: it was started with another recipe; "
                f"choose another --out, or the recipe it was started with"
            )
        if state["network"] is None:
            raise RecipeError(f"cannot continue {self.out}: it was packed; start from it by init_from")
        self.network.load_state_dict(state["network"])
        self.ema = {n: p.to(self.device) for n, p in state["ema"].items()}
        self.progress = {"seconds": 0.0, **state["progress"]}
        self.losses = state.get("losses", self.losses)
        self.skipped = state.get("skipped", 0)
        self.residual_scale = state["residual_scale"]
        self.precision = state["precision"]

    def _describe_data(self) -> None:
        """Writes the sources into the run's folder, since an exported entry states them."""
        if self.accelerator.is_main_process:
            (self.out / "data.json").write_text(json.dumps(self.store.sources(), indent=1))
