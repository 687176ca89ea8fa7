"""What each stage minimises: one function from a batch to a loss, and its parts to be logged."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from . import networks
from .lpips import LpipsAlex
from .recipe import Recipe, RecipeError, Stage
from .schedule import add_noise, ancestral, cosine_alpha_bar, velocity, x0_of_velocity

Noise = Callable[[int, torch.Size], Tensor]  # draw, shape -> standard normal, fixed per item
Loss = tuple[Tensor, dict[str, float]]


@dataclass
class Batch:
    """LR and HR crops in [-1, 1], and the randomness that belongs to their step."""

    lr: Tensor
    hr: Tensor
    noise: Noise
    uniform: Tensor  # [n], in [0, 1)


class L1(nn.Module):
    """Mean absolute error of the regression network: its minimum is the conditional median."""

    def forward(self, network: nn.Module, batch: Batch) -> Loss:
        loss = (network(batch.lr)[1] - batch.hr).abs().mean()
        return loss, {"l1": loss.item()}


class Residuals(nn.Module):
    """What both SRDiff stages share: the frozen encoder, the schedule, the residual's scale."""

    def __init__(self, encoder: nn.Module, timesteps: int, residual_scale: float):
        super().__init__()
        self.encoder = encoder.requires_grad_(False).eval()
        self.residual_scale = residual_scale
        self.register_buffer("alpha_bar", cosine_alpha_bar(timesteps).float())

    @torch.no_grad()
    def encode(self, lr: Tensor) -> tuple[Tensor, Tensor]:
        features, estimate = self.encoder(lr)
        return features, estimate.float()

    def level(self, t: Tensor) -> Tensor:
        return self.alpha_bar[t].view(-1, 1, 1, 1)

    def x0(self, network: nn.Module, x: Tensor, t: Tensor, features: Tensor) -> Tensor:
        v = network(x, t.float(), features).float()
        return x0_of_velocity(x, v, self.level(t))


class Diffusion(Residuals):
    """SRDiff's loss at a random timestep: L1 between true and predicted v of the residual."""

    def forward(self, network: nn.Module, batch: Batch) -> Loss:
        features, estimate = self.encode(batch.lr)
        x0 = self.residual_scale * (batch.hr - estimate)
        t = (batch.uniform * len(self.alpha_bar)).long()
        noise = batch.noise(0, x0.shape)
        x = add_noise(x0, noise, self.level(t))
        v = network(x, t.float(), features).float()
        loss = (v - velocity(x0, noise, self.level(t))).abs().mean()
        return loss, {"diffusion": loss.item()}


class FewStep(Residuals):
    """Trains the few steps that sampling will take, on the states that sampling will meet.

    The state starts from the noised estimate; a random number of ancestral steps is taken without
    gradient, and the estimate of x0 after the last of them is judged. Two samples of every crop,
    drawn with independent noise, make an energy score: distance to the truth less `diversity`
    times half the distance to each other (Gneiting & Raftery 2007, section 4.3), which keeps the
    network from ignoring its noise. LPIPS judges the pictures.
    """

    def __init__(
        self,
        encoder: nn.Module,
        timesteps: int,
        residual_scale: float,
        stage: Stage,
        lpips: Path,
    ):
        super().__init__(encoder, timesteps, residual_scale)
        self.stage = stage
        self.lpips = LpipsAlex(lpips)

    def forward(self, network: nn.Module, batch: Batch) -> Loss:
        features, estimate = self.encode(batch.lr)
        features = features.repeat(2, 1, 1, 1)
        x0 = self._last_x0(network, batch, features, estimate.shape)
        first, second = (estimate.repeat(2, 1, 1, 1) + x0 / self.residual_scale).chunk(2)
        pixel = ((first - batch.hr).abs().mean() + (second - batch.hr).abs().mean()) / 2
        apart = (first - second).abs().mean()
        truth = self.lpips.features(batch.hr)
        fakes = [self.lpips.features(fake) for fake in (first, second)]
        lpips = sum(self.lpips(fake, truth).mean() for fake in fakes) / 2
        score = pixel - self.stage.diversity / 2 * apart
        loss = self.stage.pixel * score + self.stage.lpips * lpips
        parts = {"pixel": pixel.item(), "apart": apart.item(), "lpips": lpips.item()}
        return loss, parts

    def _last_x0(
        self, network: nn.Module, batch: Batch, features: Tensor, shape: torch.Size
    ) -> Tensor:
        """x0 after a number of steps drawn for the whole batch; only the last has a gradient."""
        shape = torch.Size((2 * shape[0], *shape[1:]))
        times = torch.tensor(self.stage.timesteps, device=features.device)
        last = int(batch.uniform[0] * len(times))
        x = (1 - self.alpha_bar[times[0]]).sqrt() * batch.noise(0, shape)
        for i in range(last):
            t = times[i].expand(len(x))
            with torch.no_grad():
                x0 = self.x0(network, x, t, features)
            now, then = self.alpha_bar[times[i]], self.alpha_bar[times[i + 1]]
            x = ancestral(x, x0, batch.noise(i + 1, shape), now, then)
        return self.x0(network, x, times[last].expand(len(x)), features)


def of_stage(
    recipe: Recipe, stage: Stage, residual_scale: float, lpips: Path | None
) -> nn.Module:
    """The objective that a stage of a recipe minimises."""
    if stage.loss == "l1":
        return L1()
    shared = (networks.encoder_of(recipe), recipe.diffusion_steps, residual_scale)
    if stage.loss == "diffusion":
        return Diffusion(*shared)
    if lpips is None:
        raise RecipeError("cannot train with LPIPS: give --lpips lpips_alex.onnx")
    return FewStep(*shared, stage, lpips)
