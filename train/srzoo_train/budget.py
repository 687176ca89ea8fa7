"""How long a stage takes, and the learning rate on the way."""

import math

from .data.store import Store
from .recipe import Recipe, Stage

MEASURED = 100  # steps after which `max_minutes` becomes a number of steps
RESERVED = 0.05  # share of a hard limit that is left for the end, and the most seconds
RESERVED_SECONDS = 15.0


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


def span_of(recipe: Recipe, place: int) -> tuple[float, float]:
    """Seconds of the run's clock at which a stage begins and ends."""
    total = 60 * recipe.budget.max_minutes
    total -= min(RESERVED * total, RESERVED_SECONDS)
    shares = [stage.share for stage in recipe.stages]
    return total * sum(shares[:place]), total * sum(shares[: place + 1])


def pace(stage: Stage, at: float, each: float) -> float:
    """Part of the peak learning rate: linear warm-up, then a cosine down to a thousandth.

    Args:
        at: how much of the stage is done, 0 ... 1.
        each: how much of it one step is.
    """
    rise = min(1.0, (at + each) / max(stage.warmup, each))
    return rise * (0.001 + 0.999 * (1 + math.cos(math.pi * min(1.0, at))) / 2)


def ema_decay(recipe: Recipe, step: int, each: float) -> float:
    """Decay of the average whose half-life is a share of the stage, faster in its first steps."""
    if recipe.ema_decay is not None:
        return recipe.ema_decay
    half_life = recipe.ema_half_life / each
    return min(0.5 ** (1 / max(1.0, half_life)), (1 + step) / (10 + step))
