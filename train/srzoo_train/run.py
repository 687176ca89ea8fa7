"""A run's folder: its recipe, its weights, and how they were made."""

import json
import math
import re
import statistics
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from . import card, families
from .compute import gflop_per_step
from .graphs import ExportError
from .lpips import JUDGED, find_lpips
from .networks import Weights, encoder_of, fill
from .recipe import Recipe, RecipeError, recipe_of
from .recipe_rules import read_recipe
from .origins import ROOT, encoder_weights, released
from .state import load_state


@dataclass(frozen=True)
class Other:
    """An entry to average with, such as the one that a run started from, and its share. Between two
    networks of one line of training the loss has a valley with the least error inside (Wortsman et al. 2022)."""

    share: float
    entry: Path

    def __str__(self) -> str:
        network = card.sha256((self.entry / "network.onnx").read_bytes())
        return f"averaged with {self.share:g} of the weights of sha256 {network[:12]}"


def other_of(share: str, entry: str) -> Other:
    """Parses the arguments of --average."""
    if not re.fullmatch(r"0?\.\d+", share):
        raise ExportError(f"cannot average: the share must be between 0 and 1, got {share}")
    return Other(float(share), Path(entry))


@dataclass(frozen=True)
class Run:
    """A run on disk: its recipe and its newest state."""

    folder: Path
    recipe: Recipe
    state: dict
    unfinished: bool = False  # whether averaged weights of a stage that still runs may be taken
    other: Other | None = None

    def network(self) -> nn.Module:
        """The network with the averaged weights of the last stage, and their share of another entry's."""
        network = families.build(self.recipe, self.encoder())
        weights = self.weights()
        if self.other:
            others = released(str(self.other.entry), "network")
            if set(others) != set(weights):
                raise ExportError(
                    f"cannot average {self.folder} with {self.other.entry}: their layers differ"
                )
            share = self.other.share
            weights = {name: mine.lerp(others[name], share) for name, mine in weights.items()}
        fill(network, weights, self.folder)
        return network

    def encoder(self) -> nn.Module | None:
        """The encoder, as trained by the run, or the frozen one in the run's folder."""
        if not self.recipe.encoder:
            return None
        weights = encoder_weights(self.recipe, self.folder)
        if self.recipe.trains_encoder:
            own = (pair for pair in self.weights().items() if pair[0].startswith("encoder."))
            weights = {name.removeprefix("encoder."): value for name, value in own}
        return encoder_of(weights, self.recipe.scale, self.recipe.encoder)

    def weights(self) -> Weights:
        """The averaged weights at the end of the last stage."""
        last = len(self.recipe.stages) - 1
        file = self.folder / f"stage-{last}.pt"
        if file.is_file():
            saved = torch.load(file, map_location="cpu", weights_only=True)
            return {name: value.float() for name, value in saved.items()}
        if self.unfinished:
            return {name: value.float() for name, value in self.state["ema"].items()}
        raise ExportError(
            f"cannot export {self.folder}: its stage {last} ({self.recipe.stages[last].loss}) is "
            f"not finished; continue its training, or export its current weights with --unfinished"
        )

    def sources(self) -> dict:
        """The sources that the run was trained on, as `Store.sources` tells them."""
        file = self.folder / "data.json"
        if not file.is_file():
            raise ExportError(
                f"cannot export {self.folder}: it holds no data.json, which says what it was trained "
                f"on; write {{source: {{licence, pictures}}}} there"
            )
        return json.loads(file.read_text())


def open_run(folder: Path, unfinished: bool = False, other: Other | None = None) -> Run:
    """Reads the newest state of a run.

    Raises:
        ExportError: if the folder has none.
    """
    state = load_state(folder)
    if not state:
        raise ExportError(f"cannot export {folder}: it holds no state-*.pt of a run")
    return Run(folder, recipe_of(state["recipe"]), state, unfinished, other)


def training_facts(run: Run) -> dict:
    """How the run trained its graphs' weights, as the card's `training` says it."""
    log, progress = _seconds_per_step(run.folder), run.state["progress"]
    origin, done, minutes, pflop, losses = run.recipe.init_from, 0, 0.0, 0.0, []
    lpips = find_lpips()
    for i, stage in enumerate(run.recipe.stages):
        if stage.init_from:
            origin, done, minutes, pflop, losses = stage.init_from, 0, 0.0, 0.0, []
        reached = progress["steps"][i] if i < progress["stage"] else 0
        steps = progress["step"] if i == progress["stage"] else reached
        done += steps
        minutes += steps * log.get(stage.loss, 0.0) / 60
        if stage.loss in JUDGED and lpips is None:
            pflop = math.nan  # the weights need no LPIPS, only this figure does: it is left out
        else:
            pflop += steps * gflop_per_step(run.recipe, stage, lpips, run.encoder()) / 1e6
        losses.append(f"{stage.loss} for {steps} steps")
    sources = run.sources().values()
    return {
        "recipe": recipe_name(run.recipe),
        "data": f"{sum(facts['pictures'] for facts in sources)} images of the sources that licence.data names",
        **({"initFrom": str(origin)} if origin else {}),
        "steps": done,
        "seed": run.recipe.seed,
        "compute": ("" if math.isnan(pflop) else f"{pflop:.3g} PFLOP in ") + f"{minutes:.3g} minutes",
        "code": run.state["code"],
        "losses": ", then ".join([*losses, str(run.other)] if run.other else losses),
    }


def _seconds_per_step(folder: Path) -> dict[str, float]:
    """Median seconds of a step between two lines of the log, by loss; a median leaves out pauses and validation."""
    file, found, before = folder / "log.jsonl", {}, {}
    for line in file.read_text().splitlines() if file.is_file() else []:
        entry = json.loads(line)
        if "seconds_per_step" not in entry:
            continue
        stage, step = entry["stage"], entry["step"]
        elapsed = step * entry["seconds_per_step"]  # the log has the mean since the stage began
        last_step, last_elapsed = before.get(stage, (0, 0.0))
        if step > last_step and elapsed > last_elapsed:
            found.setdefault(stage, []).append((elapsed - last_elapsed) / (step - last_step))
        before[stage] = step, elapsed
    return {stage: statistics.median(paces) for stage, paces in found.items()}


def recipe_name(recipe: Recipe) -> str:
    """The file under train/recipes with the same id, family, network, stages, data and scale; else the recipe's id."""
    alike = lambda other: (other.id, other.family, other.network, other.stages, other.data, other.scale)
    for file in sorted((ROOT / "train" / "recipes").glob("*.yml")):
        try:
            if alike(read_recipe(file)) == alike(recipe):
                return f"train/recipes/{file.name}"
        except RecipeError:
            continue
    return recipe.id
