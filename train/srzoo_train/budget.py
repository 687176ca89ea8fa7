"""How many steps a stage takes, and the learning rate on the way."""

import math

from .recipe import Recipe, Stage
from .data.store import Store

MEASURED = 100  # steps after which `max_minutes` becomes a number of steps


def known_steps(recipe: Recipe, stage: Stage, store: Store) -> int | None:
    """Steps of a stage; None where only time is given."""
    budget = recipe.budget
    if budget.max_minutes is not None:
        return None
    total = budget.max_steps or steps_of_epochs(recipe, store)
    return max(1, round(total * stage.share))


def steps_of_epochs(recipe: Recipe, store: Store) -> int:
    """Steps in which as many pixels are drawn as the epochs hold."""
    pixels = sum(entry.height * entry.width for entry in store.split("train"))
    drawn = recipe.batch * (recipe.crop * recipe.scale) ** 2
    return math.ceil(recipe.budget.max_epochs * pixels / drawn)


def steps_of_minutes(recipe: Recipe, stage: Stage, seconds: float) -> int:
    """Steps that fit the stage's share of the minutes, when one takes so many seconds."""
    return max(MEASURED, int(recipe.budget.max_minutes * 60 * stage.share / seconds))


def pace(stage: Stage, step: int, steps: int | None) -> float:
    """Part of the peak learning rate: linear warm-up, then a cosine down to a thousandth."""
    warm = max(1.0, stage.warmup * (steps or 50 * MEASURED))
    rise = min(1.0, (step + 1) / warm)
    if steps is None:
        return rise
    return rise * (0.001 + 0.999 * (1 + math.cos(math.pi * step / steps)) / 2)


def ema_decay(recipe: Recipe, step: int, steps: int | None) -> float:
    """Decay of the average whose half-life is a share of the stage, faster in its first steps."""
    half_life = recipe.ema_half_life * (steps or 10 * MEASURED)
    return min(0.5 ** (1 / max(1.0, half_life)), (1 + step) / (10 + step))
