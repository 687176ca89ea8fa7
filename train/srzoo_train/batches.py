"""What a step trains on: crops and noise, fixed by (seed, step, item) and drawn ahead of time."""

from collections import deque
from collections.abc import Callable

import torch
from torch import Tensor

from .data.crops import Crops, Pixels
from .data.workers import Workers, processes
from .lpips import PERIOD
from .objectives import Batch
from .recipe import Recipe, RecipeError

AHEAD = 4  # steps


class Batches:
    """This process's share of every global batch, in as many parts as are accumulated."""

    def __init__(self, recipe: Recipe, crops: Crops, ranks: int, rank: int, device: torch.device):
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
        self._workers = Workers(crops, processes(device.type, ranks))
        self._ahead: deque[tuple[int, list[Callable[[], Pixels]]]] = deque()

    def of(self, step: int) -> list[Batch]:
        """The parts of one step."""
        if self._ahead and self._ahead[0][0] != step:
            self._ahead.clear()
        while len(self._ahead) < AHEAD:
            later = step + len(self._ahead)
            self._ahead.append((later, [self._workers.submit(later, part) for part in self.parts]))
        cut = [wait() for wait in self._ahead.popleft()[1]]
        return [self._batch(step, part, pixels) for part, pixels in zip(self.parts, cut)]

    def _batch(self, step: int, part: range, pixels: Pixels) -> Batch:
        seed = self.recipe.seed

        def noise(draw: int, shape: torch.Size) -> Tensor:
            copies = shape[0] // len(part)
            rows = [
                self._normal(shape[1:], seed, step, item, 1 + draw * copies + copy)
                for copy in range(copies)
                for item in part
            ]
            return torch.stack(rows)

        # The same number in every process and part; items are stratified by adding their place.
        draws = generator("cpu", seed, step, 0, 0)
        shared = torch.rand(1, generator=draws)
        places = torch.tensor([item / self.recipe.batch for item in part])
        lr, hr, restore = pixels.on(self.device)
        return Batch(
            lr.contiguous(memory_format=torch.channels_last),
            hr.contiguous(memory_format=torch.channels_last),
            noise,
            uniform=((shared + places) % 1).to(self.device),
            shared=float(shared),
            restore=restore,
            corner=tuple(torch.randint(PERIOD, (2,), generator=draws).tolist()),
        )

    def _normal(self, shape: torch.Size, *key: int) -> Tensor:
        return torch.randn(shape, generator=generator(self.device, *key), device=self.device)

    def close(self) -> None:
        """Drops what was drawn ahead."""
        self._workers.close()


def generator(device: torch.device | str, *key: int) -> torch.Generator:
    """A generator fixed by its key, so that no process and no restart changes a draw."""
    mixed = 0
    for part in key:
        mixed = (mixed * 0x9E3779B97F4A7C15 + part + 0x7F4A7C15) % 2**63
        mixed ^= mixed >> 29
    return torch.Generator(device).manual_seed(mixed)
