"""What each stage minimises: one function from a batch to a loss, and its parts to be logged."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from . import networks
from .adversarial import Opponent
from .bicubic import matrix
from .families import srflow
from .judgement import Judgement
from .recipe import REGRESSION, Recipe, RecipeError, Stage
from .schedule import add_noise, ancestral, cosine_alpha_bar, target_of, x0_of

Noise = Callable[[int, torch.Size], Tensor]  # draw, shape -> standard normal, fixed per item
Loss = tuple[Tensor, dict[str, float]]


@dataclass
class Batch:
    """LR and HR crops in [-1, 1], and the randomness that belongs to their step.

    Where LR is damaged, `hr` keeps the share 1 - restore of the damage: see data.crops.Pixels.
    """

    lr: Tensor
    hr: Tensor
    noise: Noise
    uniform: Tensor  # [n], in [0, 1), stratified over the global batch
    shared: float    # in [0, 1), the same for the whole global batch
    restore: Tensor | None = None  # [n], 0 ... 1: how much damage `hr` is without
    corner: tuple[int, int] = (0, 0)  # of the window that LPIPS sees, below lpips.PERIOD


class L1(nn.Module):
    """Mean absolute error of the regression network: its minimum is the conditional median."""

    def forward(self, network: nn.Module, batch: Batch) -> Loss:
        loss = (network(batch.lr)[1] - batch.hr).abs().mean()
        return loss, {"l1": loss.item()}


class L2(nn.Module):
    """Mean squared error of the regression network: its minimum is the conditional mean."""

    def forward(self, network: nn.Module, batch: Batch) -> Loss:
        loss = (network(batch.lr)[1] - batch.hr).square().mean()
        return loss, {"l2": loss.item()}


class Residuals(nn.Module):
    """What all SRDiff stages share: the frozen encoder, the schedule, the residual's scale."""

    def __init__(self, recipe: Recipe, encoder: nn.Module, residual_scale: float):
        super().__init__()
        self.recipe = recipe
        self.encoder = encoder.requires_grad_(False).eval()
        self.residual_scale = residual_scale
        self.register_buffer("alpha_bar", cosine_alpha_bar(recipe.diffusion_steps).float())

    @torch.no_grad()
    def encode(self, lr: Tensor) -> tuple[Tensor, Tensor]:
        """Features, and the base [n, 3, H, W] that the residual is added to."""
        features, estimate = self.encoder(lr)
        if self.recipe.base == "estimate":
            return features, estimate.float()
        return features, bicubic256(lr, self.recipe.scale)

    def residual(self, hr: Tensor, base: Tensor) -> Tensor:
        """x0 = residualScale * (hr - base)."""
        return self._clip(self.residual_scale * (hr - base))

    def level(self, t: Tensor) -> Tensor:
        return self.alpha_bar[t].view(-1, 1, 1, 1)

    def x0(self, network: nn.Module, x: Tensor, t: Tensor, features: Tensor) -> Tensor:
        """The network's estimate of x0."""
        prediction = network(x, t.float(), features).float()
        return self._clip(x0_of(self.recipe.prediction, x, prediction, self.level(t)))

    def advance(
        self, network: nn.Module, x: Tensor, features: Tensor, times: Tensor, i: int, noise: Noise
    ) -> tuple[Tensor, Tensor]:
        """One ancestral step from times[i] to times[i + 1]: the new x, and the x0 on the way."""
        x0 = self.x0(network, x, times[i].expand(len(x)), features)
        now, then = self.alpha_bar[times[i]], self.alpha_bar[times[i + 1]]
        return ancestral(x, x0, noise(i + 1, x.shape), now, then), x0

    def _clip(self, x0: Tensor) -> Tensor:
        limit = self.recipe.clip_x0
        return x0 if limit is None else x0.clamp(-limit, limit)


class Diffusion(Residuals):
    """SRDiff's loss at a random timestep: L1 between true and predicted target."""

    def forward(self, network: nn.Module, batch: Batch) -> Loss:
        features, base = self.encode(batch.lr)
        x0 = self.residual(batch.hr, base)
        t = (batch.uniform * len(self.alpha_bar)).long()
        noise = batch.noise(0, x0.shape)
        x = add_noise(x0, noise, self.level(t))
        prediction = network(x, t.float(), features).float()
        loss = (prediction - target_of(self.recipe.prediction, x0, noise, self.level(t))).abs().mean()
        return loss, {"diffusion": loss.item()}


class FewStep(Residuals):
    """Trains the few steps that sampling will take, on the states that sampling will meet.

    The state starts from the noised estimate, at the chain's end from noise alone; a random number of
    ancestral steps is taken without gradient, and the estimate of x0 after the last of them is
    judged: two samples of every crop, drawn with independent noise, against the truth.
    """

    def __init__(
        self, recipe: Recipe, encoder: nn.Module, residual_scale: float, stage: Stage, lpips: Path
    ):
        super().__init__(recipe, encoder, residual_scale)
        self.stage = stage
        self.judgement = Judgement(stage, recipe.scale, lpips)
        self.opponent: Opponent | None = None
        self.register_buffer("times", torch.tensor(stage.timesteps), persistent=False)
        self.ways = [(share, torch.tensor(way)) for share, way in stage.ways(recipe.diffusion_steps)]

    def start(self, noise: Tensor, first: Tensor) -> Tensor:
        """The estimate, whose residual is 0, noised to the first level."""
        return (1 - self.alpha_bar[first]).sqrt() * noise

    def forward(self, network: nn.Module, batch: Batch) -> Loss:
        features, base = self.encode(batch.lr)
        features = features.repeat(2, 1, 1, 1)
        x0 = self._last_x0(network, batch, features, base.shape)
        first, second = (base.repeat(2, 1, 1, 1) + x0 / self.residual_scale).chunk(2)
        loss, parts = self.judgement((first, second), batch.hr, batch.corner)
        if self.opponent:
            judged = self.opponent.judge(torch.cat([first, second]), batch.hr)
            loss = loss + self.stage.adversarial * judged
            parts["adversarial"] = judged.item()
        return loss, parts

    def _last_x0(
        self, network: nn.Module, batch: Batch, features: Tensor, shape: torch.Size
    ) -> Tensor:
        """x0 after a number of steps drawn for the whole batch; only the last has a gradient."""
        shape = torch.Size((2 * shape[0], *shape[1:]))
        times, last = self._drawn(batch.shared)
        x = self.start(batch.noise(0, shape), times[0])
        with torch.no_grad():
            for i in range(last):
                x, _ = self.advance(network, x, features, times, i, batch.noise)
        # Some versions of autocast keep weights that were cast without gradient for later calls.
        torch.clear_autocast_cache()
        return self.x0(network, x, times[last].expand(len(x)), features)

    def _drawn(self, shared: float) -> tuple[Tensor, int]:
        """The timesteps of one draw, and the index of the last one taken."""
        for share, times in self.ways:
            if shared < share:
                return times.to(self.times.device), int(shared / share * len(times))
            shared -= share
        return self.times, len(self.times) - 1  # rounding left nothing for the last share


def bicubic256(lr: Tensor, scale: int) -> Tensor:
    """SRDiff's own enlargement: of byte/256 rather than byte/255, the border mirrored."""
    rows, columns = (
        torch.from_numpy(matrix(side, side * scale, True)).to(lr) for side in lr.shape[2:]
    )
    return rows @ ((lr + 1) * (255 / 256)) @ columns.T - 1


def of_stage(
    recipe: Recipe, stage: Stage, residual_scale: float, lpips: Path | None
) -> nn.Module:
    """The objective that a stage of a recipe minimises."""
    if stage.loss in REGRESSION:
        return L1() if stage.loss == "l1" else L2()
    shared = (recipe, networks.encoder_of(recipe), residual_scale)
    if stage.loss == "diffusion":
        return Diffusion(*shared)
    if stage.loss == "nll":
        return srflow.Likelihood(*shared)
    if lpips is None:
        raise RecipeError("cannot train with LPIPS: give --lpips lpips_alex.onnx")
    if stage.loss == "flow_sample":
        return srflow.FlowSample(*shared, stage, lpips)
    return FewStep(*shared, stage, lpips)
