"""What a step trains on: crops and noise, fixed by (seed, step, item) and drawn ahead of time."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .data.crops import Crops, Pixels
from .data.workers import Workers, processes
from .lpips import PERIOD
from .recipe import Recipe, RecipeError

AHEAD = 4  # steps

Noise = Callable[[int, torch.Size], Tensor]  # draw, shape -> standard normal, fixed per item


@dataclass
class Batch:
    """LR and HR crops in [-1, 1], and the randomness that belongs to their step.

    Where LR is damaged, `hr` keeps the share 1 - restore of the damage: see data.crops.Pixels.
    """

    lr: Tensor  # [n, 3, h, w]
    hr: Tensor  # [n, 3, h * scale, w * scale]
    noise: Noise
    uniform: Tensor  # [n], in [0, 1), stratified over the global batch
    shared: float    # in [0, 1), the same for the whole global batch
    restore: Tensor | None = None  # [n], 0 ... 1: the share of the damage that `hr` does not have
    corner: tuple[int, int] = (0, 0)  # (y, x) of the window that LPIPS sees, below lpips.PERIOD


class Batches:
    """This process's share of every global batch, divided into the parts that are accumulated.

    Args:
        workers: processes that cut crops, 0 for a thread; by default a number that suits the device.
    """

    def __init__(
        self, recipe: Recipe, crops: Crops, ranks: int, rank: int, device: torch.device,
        workers: int | None = None,
    ):
        if recipe.batch % (ranks * recipe.accumulate):
            raise RecipeError(
                f"cannot share a batch of {recipe.batch} among {ranks} processes and "
                f"{recipe.accumulate} parts"
            )
        self.recipe, self.device = recipe, device
        size = recipe.batch // ranks // recipe.accumulate
        start = rank * (recipe.batch // ranks)
        starts = range(start, start + recipe.batch // ranks, size)
        self.parts = [range(first, first + size) for first in starts]
        self._workers = Workers(crops, processes(device.type, ranks) if workers is None else workers)
        self._ahead: deque[tuple[int, list[Callable[[], Pixels]]]] = deque()

    def of(self, step: int) -> list[Batch]:
        """The parts of one step."""
        if self._ahead and self._ahead[0][0] != step:
            self._ahead.clear()
        while len(self._ahead) < AHEAD:
            later = step + len(self._ahead)
            self._ahead.append((later, [self._workers.submit(later, part) for part in self.parts]))
        found = [wait() for wait in self._ahead.popleft()[1]]
        return [self._batch(step, part, pixels) for part, pixels in zip(self.parts, found)]

    def _batch(self, step: int, part: range, pixels: Pixels) -> Batch:
        seed, size = self.recipe.seed, self.recipe.batch

        def noise(draw: int, shape: torch.Size) -> Tensor:
            # Draw the whole global batch and take this part's rows: one launch on a GPU, and the
            # same noise however many processes share the batch.
            whole = (-(-shape[0] // len(part)), size, *shape[1:])
            draws = generator(self.device, seed, step, 1 + draw)
            rows = torch.randn(whole, generator=draws, device=self.device)
            return rows[:, part.start : part.stop].flatten(0, 1)[: shape[0]]

        # The same number in every process and part; adding an item's place stratifies the items.
        draws = generator("cpu", seed, step, 0)
        shared = torch.rand(1, generator=draws)
        places = torch.tensor([item / size for item in part])
        lr, hr, restore = pixels.on(self.device)
        return Batch(
            lr.contiguous(memory_format=torch.channels_last),
            hr.contiguous(memory_format=torch.channels_last),
            noise,
            uniform=((shared + places) % 1).to(self.device, non_blocking=True),
            shared=float(shared),
            restore=restore,
            corner=tuple(torch.randint(PERIOD, (2,), generator=draws).tolist()),
        )

    def close(self) -> None:
        """Discards what was drawn ahead."""
        self._ahead.clear()
        self._workers.close()


def generator(device: torch.device | str, *key: int) -> torch.Generator:
    """A generator that depends only on its key, so that draws are the same in every process and after a restart."""
    mixed = 0
    for part in key:
        mixed = (mixed * 0x9E3779B97F4A7C15 + part + 0x7F4A7C15) % 2**63
        mixed ^= mixed >> 29
    return torch.Generator(device).manual_seed(mixed)
