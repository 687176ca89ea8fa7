"""The loss of crops that training never sees: the same crops and the same noise every time."""

import torch
from torch import Tensor

from .batches import Batches
from .data.crops import Crops
from .data.store import Store
from .precision import autocast
from .recipe import Recipe


class HeldOut:
    """`recipe.held_out` batches of images kept aside.

    Each step of training sees other crops, some easy, some hard, which hides how the loss falls late in
    a run. Here crops and noise stay the same, so that their loss changes only with the network.

    Raises:
        ValueError: if no image kept aside is as large as a crop.
    """

    def __init__(self, recipe: Recipe, store: Store, device: torch.device):
        self.device, self.batches = device, []
        if recipe.held_out:
            crops = Crops(store, "val", recipe.crop, recipe.seed, recipe.data)
            drawn = Batches(recipe, crops, 1, 0, device, 0)
            self.batches = [part for i in range(recipe.held_out) for part in drawn.of(i)]
            drawn.close()

    @torch.no_grad()
    def measure(self, network, objective, precision: str) -> dict[str, float]:
        """The mean of the loss and of each of its parts."""
        network.eval()
        found: list[dict[str, Tensor]] = []
        for batch in self.batches:
            with autocast(self.device, precision):
                loss, parts = objective(network, batch)
            found.append({"loss": loss, **parts})
        network.train()
        return {key: float(value) for key, value in means(found).items()}


def means(found: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each figure over its finite values."""
    stacked = {key: torch.stack([parts[key] for parts in found]) for key in (found[0] if found else ())}
    return {key: values[values.isfinite()].mean() for key, values in stacked.items()}
