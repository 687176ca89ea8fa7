"""Makes a zoo entry of a run: `python -m srzoo_train.export RUN --to zoo/<id>`.

Every graph must compute what PyTorch computes, else nothing is written. The entry replaces an older
one whole; files that the export does not make, such as README.md, stay.
"""

import argparse
import json
import math
import re
import shutil
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from torch import nn

from . import card, fixture, graphs, networks, quantize
from .compute import gflop_per_step, parameters
from .families import srflow
from .graphs import ExportError, Graph
from .lpips import find_lpips
from .recipe import Recipe, RecipeError, Stage, read_recipe, recipe_of
from .state import load_state, write_whole
from .data.store import Store

ROOT = Path(__file__).parents[2]
TILE = 256  # LR pixels at most: what tiles share is then a small part, and a tile takes some 300 MB


@dataclass(frozen=True)
class Other:
    """An entry on the same way of training, such as the one that a run started from. Between two
    such ends the loss has a valley, and least error lies inside it (Wortsman et al. 2022)."""

    share: float
    entry: Path

    def __str__(self) -> str:
        network = card.sha256((self.entry / "network.onnx").read_bytes())
        return f"averaged with {self.share:g} of the weights of sha256 {network[:12]}"


def other_of(share: str, entry: str) -> Other:
    """From the words of the command line."""
    if not re.fullmatch(r"0?\.\d+", share):
        raise ExportError(f"cannot average: the share must be between 0 and 1, got {share}")
    return Other(float(share), Path(entry))


@dataclass(frozen=True)
class Run:
    """A run on disk: its recipe and where it stood last."""

    folder: Path
    recipe: Recipe
    state: dict
    unfinished: bool  # whether averaged weights of a stage that still runs may be taken
    other: Other | None = None

    def weights(self, stage: int) -> dict[str, torch.Tensor]:
        """The averaged weights at the end of a stage, with their share of another entry's."""
        found = self._weights(stage)
        if self.other is None:
            return found
        if self.recipe.family != "regression":
            raise ExportError(f"cannot average {self.folder}: only regression can be averaged")
        released = networks.released(str(self.other.entry), "network")
        return {name: mine.lerp(released[name], self.other.share) for name, mine in found.items()}

    def _weights(self, stage: int) -> dict[str, torch.Tensor]:
        file = self.folder / f"stage-{stage}.pt"
        if file.is_file():
            return torch.load(file, map_location="cpu", weights_only=True)
        progress = self.state["progress"]
        if self.unfinished and progress["stage"] == stage:
            return self.state["ema"]
        raise ExportError(
            f"cannot export {self.folder}: its stage {stage} ({self.recipe.stages[stage].loss}) is "
            f"not finished; let it train on, or take its weights of now with --unfinished"
        )

    def last(self, graph: str) -> int | None:
        """Index of the last stage that trained a graph."""
        found = [i for i, stage in enumerate(self.recipe.stages) if stage.graph == graph]
        return found[-1] if found else None


def open_run(folder: Path, unfinished: bool, other: Other | None = None) -> Run:
    """Reads the newest state."""
    state = load_state(folder)
    if not state:
        raise ExportError(f"cannot export {folder}: it holds no state-*.pt of a run")
    return Run(folder, recipe_of(state["recipe"]), state, unfinished, other)


def graphs_of(run: Run) -> dict[str, Graph]:
    """The graphs of the entry, with weights rounded to fp16."""
    recipe = run.recipe
    if recipe.family == "regression":
        return {"network": Graph("network", graphs.halved(_trained(run, "network")), _lr, {"sr": 1})}
    if recipe.family == "srflow":
        return srflow.graphs_of(recipe, _trained(run, "inverse"), networks.encoder_of(recipe))
    encoder = graphs.halved(networks.encoder_of(recipe))
    channels = networks.encoder_channels(networks.released(recipe.encoder, "network"))
    draw = _denoiser_inputs(recipe, channels)
    gives = {"features": 0, **({"estimate": 1} if recipe.base == "estimate" else {})}
    found = {"encoder": Graph("encoder", encoder, _lr, gives)}
    for name in ("denoiser", "fast"):
        if name == "denoiser" or run.last(name) is not None:
            found[name] = Graph(name, graphs.halved(_trained(run, name)), draw, {"prediction": 0})
    return found


def _trained(run: Run, graph: str) -> nn.Module:
    """The recipe's network at the end of the last stage that trained a graph."""
    network, stage = networks.build(run.recipe), run.last(graph)
    if stage is not None:
        networks.fill(network, run.weights(stage), run.folder)
    elif run.recipe.init_from:
        entry = run.recipe.init_from.partition("#")[0]  # whichever graph the training began with
        networks.fill(network, networks.released(entry, "denoiser"), entry)
    else:
        raise ExportError(
            f"cannot export {run.folder}: sampling with any number of steps needs a stage with the "
            f"loss diffusion, or few_step with a share for the whole chain, and its recipe has none"
        )
    return network


def _lr(height: int, width: int, n: int) -> dict[str, torch.Tensor]:
    return {"lr": torch.rand(n, 3, height, width) * 2 - 1}


def _denoiser_inputs(recipe: Recipe, features: int):
    def draw(height: int, width: int, n: int) -> dict[str, torch.Tensor]:
        return {
            "x": torch.randn(n, 3, height * recipe.scale, width * recipe.scale),
            "t": torch.arange(n).float() + recipe.diffusion_steps // 2,
            "features": torch.randn(n, features, height, width),
        }

    return draw


def diffusion_facts(run: Run) -> dict:
    """What the sampler must know, and the numbers of steps that were trained."""
    recipe = run.recipe
    few = [stage for stage in recipe.stages if stage.loss == "few_step"]
    stage = few[-1] if few else Stage("diffusion")
    timesteps, finer = stage.timesteps, stage.between if stage.finer else ()
    # Training judged x0 after every one of its steps: each beginning of the list will do.
    ways = [timesteps[:count] for count in range(1, len(timesteps) + 1)]
    ways += [finer[:count] for count in range(len(timesteps) + 1, len(finer) + 1)]
    return {
        "diffusion": {
            "schedule": {"kind": "cosine", "timesteps": recipe.diffusion_steps},
            "prediction": recipe.prediction,
            **({} if recipe.clip_x0 is None else {"clip": recipe.clip_x0}),
            "base": recipe.base,
            "residualScale": run.state["residual_scale"],
            "sampler": "ddpm",
        },
        "steps": {
            "default": len(timesteps) or min(20, recipe.diffusion_steps),
            "max": recipe.diffusion_steps,
            "trained": [
                {"steps": len(way), "timesteps": list(way), "graph": stage.graph, "start": "estimate"}
                for way in ways
            ],
        },
    }


def training_facts(run: Run, data: list[dict]) -> dict:
    """How the weights of each graph were made."""
    log = _seconds_per_step(run.folder)
    shared = {
        "recipe": recipe_name(run.recipe),
        "data": "; ".join(f"{source['name']} ({source['pictures']} pictures)" for source in data),
    }
    origin = run.recipe.init_from
    facts, done, minutes, pflop, losses = _facts_of_start(run.recipe), 0, 0.0, 0.0, []
    for i, stage in enumerate(run.recipe.stages):
        if stage.init_from:
            origin, done, minutes, pflop, losses = stage.init_from, 0, 0.0, 0.0, []
        steps = _steps_done(run, i)
        done += steps
        minutes += steps * log.get(stage.loss, 0.0) / 60
        pflop += steps * gflop_per_step(run.recipe, stage, find_lpips()) / 1e6
        losses.append(f"{stage.loss} for {steps} steps")
        facts[stage.graph] = {
            **shared,
            **({"initFrom": str(origin)} if origin else {}),
            "steps": done,
            "seed": run.recipe.seed,
            "compute": f"{pflop:.3g} PFLOP in {minutes:.3g} minutes",
            "code": run.state["code"],
            "losses": ", then ".join([*losses, str(run.other)] if run.other else losses),
        }
    return facts


def _facts_of_start(recipe: Recipe) -> dict:
    """How the graphs were made that the entry keeps from the one it started from."""
    entry = Path((recipe.init_from or "").partition("#")[0])
    old = card.read_yaml((entry if entry.is_absolute() else ROOT / entry) / "model.yml")
    kept = {"denoiser"} if recipe.family == "srdiff" and recipe.init_from else set()
    return {graph: facts for graph, facts in old.get("training", {}).items() if graph in kept}


def _steps_done(run: Run, stage: int) -> int:
    progress = run.state["progress"]
    if stage == progress["stage"]:
        return progress["step"]
    return progress["steps"][stage] if stage < progress["stage"] else 0


def _seconds_per_step(folder: Path) -> dict[str, float]:
    """The median time of one step between two lines of the log, by loss: no pause counts, no validation."""
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
    """The file under train/recipes that says the same, or the recipe's id."""
    for file in sorted((ROOT / "train" / "recipes").glob("*.yml")):
        try:
            if read_recipe(file) == recipe:
                return f"train/recipes/{file.name}"
        except RecipeError:
            continue
    return recipe.id


def data_facts(run: Run) -> list[dict]:
    """The sources that the run was trained on, with their licences."""
    file = run.folder / "data.json"
    if not file.is_file():
        raise ExportError(
            f"cannot export {run.folder}: it holds no data.json, which says what it was trained "
            f"on; write {{source: {{licence, pictures}}}} there"
        )
    return card.data_licences(json.loads(file.read_text()))


def build_entry(
    run: Run, target: Path, folder: Path, words: dict[str, str], int8: Store | None
) -> dict:
    """Writes graphs, fixture and model.yml into `folder`; returns the card."""
    found = graphs_of(run)
    models = {name: graphs.to_onnx(graph) for name, graph in found.items()}
    for name, graph in found.items():
        error = graphs.check_parity(graph, models[name])
        print(f"{name}: differs from PyTorch by {error:.1e} of its range", file=sys.stderr)
    if int8:
        samples = list(quantize.calibration(run.recipe, int8, run.state["residual_scale"]))
        models = {name: quantize.to_int8(graph, samples) for name, graph in found.items()}
        for name, graph in found.items():
            _keep_weights(folder / f"{name}.safetensors", graph.network)
    data = data_facts(run)
    recorded = fixture.record({name: (found[name], models[name]) for name in found})
    (folder / "fixture.safetensors").write_bytes(recorded)
    written = {
        "id": target.name,
        **words,
        "family": run.recipe.family,
        "scale": run.recipe.scale,
        "version": "1.0.0",
        "licence": {"weights": card.weights_licence(data), "data": data},
        "graphs": {
            name: _write_graph(folder, name, models[name], graph.network, "int8" if int8 else "fp16")
            for name, graph in found.items()
        },
        "fixture": {"file": "fixture.safetensors", "sha256": card.sha256(recorded)},
        "tiling": tiling(run.recipe, found),
        **(diffusion_facts(run) if run.recipe.family == "srdiff" else {}),
        **(srflow.card(run.recipe, run.state["residual_scale"]) if run.recipe.family == "srflow" else {}),
        "training": training_facts(run, data),
    }
    card.check_schema(written, ROOT / "zoo" / "model.schema.json")
    card.write_yaml(folder / "model.yml", written)
    return written


def _write_graph(
    folder: Path, name: str, model: onnx.ModelProto, network: nn.Module, precision: str
) -> dict:
    data = model.SerializeToString()
    (folder / f"{name}.onnx").write_bytes(data)
    return card.graph_facts(f"{name}.onnx", data, precision, parameters(network))


def _keep_weights(file: Path, network: nn.Module) -> None:
    """The fp16 weights that an int8 graph has lost, to go on from."""
    weights = {name: p.detach().half().numpy() for name, p in network.named_parameters()}
    file.write_bytes(fixture.safetensors(weights))


def tiling(recipe: Recipe, found: dict[str, Graph]) -> dict:
    """How far tiles must overlap; published networks look further than a tile, and are blended."""
    if recipe.network.kind == "published":
        generative = recipe.family == "srdiff"
        levels = 2 ** (len(recipe.network.multipliers) - 1) if generative else 1
        multiple = levels // math.gcd(levels, recipe.scale)
        overlap = -(-(64 // recipe.scale) // multiple) * multiple
        return {
            "size": 4 * overlap,
            "overlap": overlap,
            "multiple": multiple,
            # Its mirrored borders ask for two pixels at the deepest level.
            "minimum": -(-2 * levels // recipe.scale),
            "blended": True,
        }
    multiple = 2 if recipe.family == "srdiff" else 1
    # Only sampling is tiled; a flow's way back to its latents is not.
    reach = max(graphs.radius(graph) for name, graph in found.items() if name != "forward")
    return {"size": TILE, "overlap": reach + reach % 2, "multiple": multiple}


def words_of(run: Run, target: Path, name: str | None, description: str | None) -> dict[str, str]:
    """Name and description: given ones, else those of the entry that is replaced, else our own."""
    recipe, old = run.recipe, card.read_yaml(target / "model.yml")
    kind = {"srdiff": "SRDiff", "srflow": "SRFlow"}.get(recipe.family, "Regression")
    about = {
        "srdiff": "diffusion of the residual over a regression, in a few steps",
        "srflow": "an invertible flow of the residual over a regression, in one pass",
        "regression": "the posterior mean: least error, one answer",
    }
    return {
        "name": name or old.get("name") or f"{kind} x{recipe.scale}",
        "description": description or old.get("description")
        or f"x{recipe.scale} for photographs by {about[recipe.family]}",
    }


def export(run: Run, target: Path, words: dict[str, str], int8: Store | None = None) -> dict:
    """Writes the entry whole or not at all; returns its card."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part, old = (target.with_name(f".{target.name}.{end}") for end in ("part", "old"))
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        written = build_entry(run, target, part, words, int8)
        made = {"model.yml", "fixture.safetensors"}
        for file in target.iterdir() if target.is_dir() else []:
            if file.name not in made and file.suffix not in {".onnx", ".safetensors"}:
                shutil.move(file, part / file.name)
        shutil.rmtree(old, ignore_errors=True)
        if target.is_dir():
            target.rename(old)
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return written


def register(target: Path) -> None:
    """Adds the entry's id to the zoo's `index.yml`, where the folder lies in a zoo."""
    index = target.parent / "index.yml"
    if index.is_file():
        lines = index.read_text()
        if not re.search(rf"^- *['\"]?{re.escape(target.name)}['\"]? *$", lines, re.MULTILINE):
            write_whole(index, f"{lines.rstrip()}\n- {target.name}\n".encode())


def main() -> None:
    parser = argparse.ArgumentParser(prog="export", description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a run")
    parser.add_argument("--to", required=True, type=Path, help="folder of the entry, named by its id")
    parser.add_argument("--name", help="name shown to people")
    parser.add_argument("--description", help="one sentence")
    parser.add_argument("--unfinished", action="store_true", help="take the weights of now")
    parser.add_argument("--average", nargs=2, metavar=("SHARE", "ENTRY"),
                        help="regression: this share of the weights is another entry's")
    parser.add_argument("--int8", type=Path, metavar="STORE", help="int8, calibrated on a store")
    args = parser.parse_args()
    torch.set_num_threads(1)
    try:
        other = other_of(*args.average) if args.average else None
        run = open_run(args.run, args.unfinished, other)
        target = args.to.resolve()
        words = words_of(run, target, args.name, args.description)
        export(run, target, words, Store(args.int8) if args.int8 else None)
        register(target)
    except (ExportError, RecipeError, OSError) as error:
        raise SystemExit(f"export: {error}") from None


if __name__ == "__main__":
    main()
