"""Reads recipes, and checks what their types cannot express."""

from pathlib import Path

import msgspec

from . import families
from .lpips import JUDGED, SMALLEST
from .recipe import Network, Recipe, RecipeError, parsed, typed


def read_recipe(file: Path, **changes: object) -> Recipe:
    """Reads and checks a recipe; `changes` replace top-level keys.

    Raises:
        RecipeError: if it cannot be read or used.
    """
    try:
        raw = parsed(Path(file).read_text())
    except (OSError, ValueError) as error:
        raise RecipeError(f"cannot read the recipe {file}: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise RecipeError(f"cannot use the recipe {file}: it must be a mapping of keys")
    return checked(typed({**raw, **changes}))


def checked(recipe: Recipe) -> Recipe:
    """The recipe, after checking what types cannot express."""
    limits = (recipe.budget.max_steps, recipe.budget.max_epochs, recipe.budget.max_minutes)
    losses, least = families.of(recipe).LOSSES, -(-SMALLEST // max(1, recipe.scale))
    judged = any(stage.loss in JUDGED for stage in recipe.stages)
    rules = [
        (sum(v is not None for v in limits) == 1,
         "budget: set exactly one of max_steps, max_epochs, max_minutes"),
        (all(v > 0 for v in limits if v is not None), "budget: must be above 0"),
        (not recipe.budget.clock or recipe.budget.max_minutes is not None,
         "budget: the clock needs max_minutes"),
        (all(v > 0 for v in _sizes(recipe.network)), "network: sizes must be above 0"),
        (recipe.scale in (2, 3, 4, 8), "scale: allowed are 2, 3, 4 and 8"),
        (0 <= recipe.data.drawn <= 1, "data.drawn: must be from 0 to 1"),
        (min(recipe.data.clean, recipe.data.stored) >= 0 and recipe.data.clean + recipe.data.stored <= 1,
         "data: clean and stored are shares, together at most 1"),
        (0 <= recipe.data.shrunk <= 1, "data.shrunk: must be from 0 to 1"),
        (not recipe.data.shrunk or recipe.data.damage != "none",
         "data.shrunk: needs data.damage, without which LR comes from the store"),
        (recipe.ema_decay is None or 0 <= recipe.ema_decay < 1, "ema_decay: must be from 0 to below 1"),
        (recipe.batch > 0 and recipe.batch % recipe.accumulate == 0,
         "accumulate: must divide batch"),
        (recipe.held_out >= 0, "held_out: must be 0 or more"),
        (not recipe.trains_encoder or recipe.family == "srdiff", "trains_encoder: only srdiff takes it"),
        (recipe.crop >= 8 and recipe.crop % 2 == 0, "crop: must be even and at least 8"),
        (not judged or recipe.crop >= least,
         f"crop: must be at least {least}: {' and '.join(JUDGED)} need {SMALLEST} pixels of HR for LPIPS"),
        (all(0 < s.pairs <= 1 for s in recipe.stages), "stages: pairs must be above 0 and at most 1"),
        (abs(sum(s.share for s in recipe.stages) - 1) < 1e-6, "stages: the shares must add up to 1"),
        (all(s.loss in losses for s in recipe.stages),
         f"stages: {recipe.family} takes the losses {' and '.join(losses)}"),
        *families.of(recipe).rules(recipe),
    ]
    for holds, message in rules:
        if not holds:
            raise RecipeError(f"cannot use the recipe: {message}")
    return recipe


def _sizes(network: Network) -> list[int]:
    values = msgspec.structs.astuple(network)
    return [v for v in values if isinstance(v, int)] + list(network.multipliers)
