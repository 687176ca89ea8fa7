"""Training of every diffusion family: a denoiser at any timestep, then the few steps of sampling.

A family says what its network is fed with and what the base is (`given`), and how the network is told
the time (`tell`).
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from .batches import Batch, Noise
from .judgement import Judgement, again
from .noise_schedule import KINDS, alpha_bar_of
from .recipe import Recipe, Stage, spaced
from .residual import Residuals
from .schedule import add_noise, ancestral, target_of, x0_of

LOSSES = ("diffusion", "few_step")
SHOWN = 10  # steps that validation takes, unless the stage trains sampling in few steps

# alphaBar [n] and the timestep [n] as float -> the time that the network is given, [n]
Tell = Callable[[Tensor, Tensor], Tensor]
Fed = tuple[Tensor, ...]


def timestep(alpha_bar: Tensor, t: Tensor) -> Tensor:
    """The index of the schedule, from 0."""
    return t


def noise_level(alpha_bar: Tensor, t: Tensor) -> Tensor:
    """sqrt(alphaBar), the sqrt(gamma) of SR3."""
    return alpha_bar.sqrt()


def rules(recipe: Recipe) -> list[tuple[bool, str]]:
    """Rules of recipes with the losses of diffusion."""
    found = [
        rule
        for name, told in (("schedule", recipe.schedule), ("sampling", recipe.sampling)) if told
        for rule in (
            (told.kind in KINDS, f"{name}.kind: must be one of {', '.join(KINDS)}"),
            (told.timesteps > 0 and 0 < told.first < 1 and 0 < told.last < 1,
             f"{name}: timesteps must be above 0, first and last between 0 and 1"),
        )
    ]
    chain = recipe.trained.timesteps
    for i, stage in enumerate(recipe.stages):
        ways, few = stage.ways, stage.loss == "few_step"
        found += [
            (not few or bool(ways), f"stages.{i}.ways: few_step needs at least one"),
            (few or not ways, f"stages.{i}.ways: only few_step takes them"),
            (not few or abs(sum(way.share for way in ways) - 1) < 1e-6,
             f"stages.{i}.ways: the shares must add up to 1"),
        ]
        for j, way in enumerate(ways):
            pairs = zip((chain, *way.timesteps), way.timesteps)
            falls = all(a > b for a, b in pairs) and min(way.timesteps, default=0) >= 0
            found += [
                (bool(way.timesteps) != (way.steps is not None),
                 f"stages.{i}.ways.{j}: set either timesteps or steps"),
                (falls, f"stages.{i}.ways.{j}.timesteps: must descend and lie in 0 ... "
                        f"{chain - 1}"),
                (way.steps is None or 1 <= way.steps <= chain,
                 f"stages.{i}.ways.{j}.steps: must be from 1 to {chain}"),
            ]
    return found


def objective(
    recipe: Recipe, stage: Stage, given: nn.Module, tell: Tell, residual_scale: float, lpips: Path | None
) -> "Chain":
    """What a stage minimises."""
    if stage.loss == "diffusion":
        return Diffusion(recipe, given, tell, residual_scale, stage)
    return FewStep(recipe, given, tell, residual_scale, stage, lpips)


class Chain(Residuals):
    """The schedule, and steps along it."""

    def __init__(self, recipe: Recipe, given: nn.Module, tell: Tell, residual_scale: float):
        super().__init__(given, residual_scale, recipe.clip_x0)
        self.recipe, self.tell = recipe, tell
        self.register_buffer("alpha_bar", alpha_bar_of(recipe.trained.described()).float())
        # The same on the CPU: single values are read without waiting for a GPU.
        self.table = self.alpha_bar.clone()

    @property
    def way(self) -> tuple[int, ...]:
        """The timesteps of sampling by default."""
        chain = len(self.table)
        return spaced(chain, min(SHOWN, chain))

    @property
    def from_noise(self) -> bool:
        """Whether sampling by default starts from pure noise."""
        return True

    def level(self, t: Tensor) -> Tensor:
        """alphaBar [n, 1, 1, 1] of timesteps [n]."""
        return self.alpha_bar[t].view(-1, 1, 1, 1)

    def x0(self, network: nn.Module, x: Tensor, t: int, fed: Fed) -> Tensor:
        """The network's estimate of x0 at one timestep."""
        level = self.table[t]
        full = lambda value: torch.full((len(x),), float(value), device=x.device)
        prediction = network(x, self.tell(full(level), full(t)), *fed).float()
        return self.clipped(x0_of(self.recipe.prediction, x, prediction, level))

    def advance(
        self, network: nn.Module, x: Tensor, fed: Fed, times: tuple[int, ...], i: int, noise: Noise
    ) -> tuple[Tensor, Tensor]:
        """One ancestral step from times[i] to times[i + 1]: the new x, and the x0 on the way."""
        x0 = self.x0(network, x, times[i], fed)
        now, then = self.table[times[i]], self.table[times[i + 1]]
        return ancestral(x, x0, noise(i + 1, x.shape), now, then), x0

    def start(self, noise: Tensor, first: int, from_noise: bool) -> Tensor:
        """Pure noise, or the base, whose residual is 0, noised to the first level."""
        return noise if from_noise else (1 - self.table[first]).sqrt() * noise


class Diffusion(Chain):
    """Distance between true and predicted target at a random timestep."""

    def __init__(
        self, recipe: Recipe, given: nn.Module, tell: Tell, residual_scale: float, stage: Stage
    ):
        super().__init__(recipe, given, tell, residual_scale)
        self.squared = stage.norm == "l2"

    def forward(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        fed, base = self.given(batch.lr, batch.restore)
        x0 = self.residual(batch.hr, base)
        place = batch.uniform * len(self.alpha_bar)
        t = place.long()
        alpha_bar = self._level(t, place - t)
        noise, level = batch.noise(0, x0.shape), alpha_bar.view(-1, 1, 1, 1)
        prediction = network(add_noise(x0, noise, level), self.tell(alpha_bar, t.float()), *fed).float()
        error = prediction - target_of(self.recipe.prediction, x0, noise, level)
        loss = (error.square() if self.squared else error.abs()).mean()
        return loss, {"diffusion": loss.detach()}

    def _level(self, t: Tensor, between: Tensor) -> Tensor:
        """alphaBar of the timesteps; if the network is given levels, any level from one timestep to the next."""
        if self.tell is not noise_level:
            return self.alpha_bar[t]
        before = torch.where(t > 0, self.alpha_bar[(t - 1).clamp(min=0)], self.alpha_bar[0])
        return before + between * (self.alpha_bar[t] - before)


class FewStep(Chain):
    """Trains the few steps that sampling will take, on the states that sampling will meet.

    A way of sampling is drawn by its share; a random number of its ancestral steps is taken without
    gradient, and `Judgement` judges the estimate of x0 after the last of them. Every crop gets one
    sample, and the share `pairs` of the crops a second one with noise of its own.
    """

    def __init__(
        self, recipe: Recipe, given: nn.Module, tell: Tell, residual_scale: float, stage: Stage,
        lpips: Path | None,
    ):
        super().__init__(recipe, given, tell, residual_scale)
        self.judgement = Judgement(stage, recipe.scale, lpips)
        self.ways, self.pairs = stage.ways, stage.pairs
        self.estimate = stage.pixel if recipe.trains_encoder else 0.0

    @property
    def way(self) -> tuple[int, ...]:
        return self.ways[0].taken(len(self.table))

    @property
    def from_noise(self) -> bool:
        return self.ways[0].from_noise(len(self.table))

    def forward(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        fed, base = self.given(batch.lr, batch.restore)
        count = max(1, round(self.pairs * len(base)))
        # The samples' loss trains the encoder's features but not its estimate, which has its own L1 below.
        bases = again(base.detach(), count)
        x0 = self._last_x0(network, batch, tuple(again(part, count) for part in fed), bases.shape)
        loss, parts = self.judgement(self.image(x0, bases), batch.hr, batch.corner)
        if self.estimate:
            distance = (base - batch.hr).abs().mean()
            loss, parts = loss + self.estimate * distance, {**parts, "estimate": distance.detach()}
        return loss, parts

    def _last_x0(self, network: nn.Module, batch: Batch, fed: Fed, shape: torch.Size) -> Tensor:
        """x0 after a number of steps drawn for the whole batch; only the last has a gradient."""
        times, last, from_noise = self.drawn(batch.shared)
        x = self.start(batch.noise(0, shape), times[0], from_noise)
        with torch.no_grad():
            for i in range(last):
                x, _ = self.advance(network, x, fed, times, i, batch.noise)
        # Some versions of autocast keep weights that were cast without gradient for later calls.
        torch.clear_autocast_cache()
        return self.x0(network, x, times[last], fed)

    def drawn(self, shared: float) -> tuple[tuple[int, ...], int, bool]:
        """The timesteps of one draw, the index of the last one taken, and whether it starts from pure noise."""
        for way in self.ways:
            times = way.taken(len(self.table))
            if shared < way.share:
                return times, int(shared / way.share * len(times)), way.from_noise(len(self.table))
            shared -= way.share
        return times, len(times) - 1, way.from_noise(len(self.table))  # by rounding, the shares added up to less than 1


def sample(
    objective: Chain, network: nn.Module, lr: Tensor, restore: Tensor | None, seed: int
) -> list[Tensor]:
    """Images [n, 3, H, W] of x_T and of the x0 estimated at every step; the last one is the sample."""
    fed, base = objective.given(lr, restore)
    draws = torch.Generator().manual_seed(seed)
    noise = lambda _, shape: torch.randn(shape, generator=draws).to(lr.device)
    times = objective.way
    x = objective.start(noise(0, base.shape), times[0], objective.from_noise)
    images = [objective.image(x, base)]
    for i in range(len(times) - 1):
        x, x0 = objective.advance(network, x, fed, times, i, noise)
        images.append(objective.image(x0, base))
    return [*images, objective.image(objective.x0(network, x, times[-1], fed), base)]


def card(recipe: Recipe, residual_scale: float) -> dict:
    """What the sampler must know, and the numbers of steps that were trained."""
    few = [stage for stage in recipe.stages if stage.loss == "few_step"]
    chain = recipe.trained.timesteps
    trained: dict[int, dict] = {}
    for way in few[-1].ways if few else ():
        times, begins = way.taken(chain), "noise" if way.from_noise(chain) else "estimate"
        trained.setdefault(len(times), {
            "steps": len(times), "timesteps": list(times), "graph": "denoiser", "start": begins,
        })
    most = (recipe.sampling or recipe.trained).timesteps
    default = len(few[-1].ways[0].taken(chain)) if few else min(20, most)
    return {
        "diffusion": {
            "schedule": recipe.trained.described(),
            **({"samplingSchedule": recipe.sampling.described()} if recipe.sampling else {}),
            "prediction": recipe.prediction,
            **({} if recipe.clip_x0 is None else {"clip": recipe.clip_x0}),
            "base": recipe.base,
            "residualScale": residual_scale,
            "sampler": "ddpm",
            **({} if recipe.variance == "posterior" else {"variance": recipe.variance}),
        },
        "steps": {
            "default": default, "max": most,
            "trained": [trained[steps] for steps in sorted(trained)],
        },
    }
