"""Makes a zoo entry of a run: `python -m srzoo_train.export RUN --to zoo/<id>`.

Every graph must compute what PyTorch computes, else nothing is written. The entry replaces an older
one whole; files that the export does not make, such as README.md, stay. The zoo's index is left
alone: `deno task zoo publish` checks an entry and lists it.
"""

import argparse
import sys
from pathlib import Path

import torch

from . import card, entry, families, graphs, quantize
from .data.store import Store
from .graphs import ExportError, Graph
from .models.damage import Damage
from .recipe import Recipe, RecipeError
from .run import Run, open_run, other_of, training_facts
from .train_damage import saved

TILE = 256  # LR pixels: the overlap is then a small part of a tile, and a tile takes some 300 MB


def graphs_of(run: Run, damage: Damage | None) -> dict[str, Graph]:
    """The graphs of the entry; with `damage`, also the one that estimates how much to restore."""
    recipe = run.recipe
    found = families.of(recipe).graphs(recipe, run.network(), run.encoder())
    if damage is None:
        return found
    if not recipe.restores:
        raise ExportError("cannot export the graph `damage`: the run was not trained with data.damage")
    judge = Graph("damage", graphs.halved(damage), graphs.low_images(False), {"damage": 0})
    return {**found, "damage": judge}


def tiling(recipe: Recipe, found: dict[str, Graph]) -> dict:
    """The card's `tiling`: the overlap is the networks' reach, except for published ones, whose tiles are blended."""
    family = families.of(recipe)
    if hasattr(family, "tiling") and (told := family.tiling(recipe)):
        return told
    if recipe.network.kind == "published":
        multiple = family.multiple(recipe)
        overlap = -(-(64 // recipe.scale) // multiple) * multiple
        return {
            "size": 4 * overlap,
            "overlap": overlap,
            "multiple": multiple,
            "minimum": family.minimum(recipe) if hasattr(family, "minimum") else 1,
            "blended": True,
        }
    reach = max(graphs.radius(graph) for name, graph in found.items() if name in family.TILED)
    # An entry without an input has no LR grid: its tiles are counted in pixels of the image.
    cell = recipe.scale if recipe.condition == "none" else 1
    return {
        "size": cell * TILE, "overlap": cell * (reach + reach % 2), "multiple": cell * family.multiple(recipe),
    }


def words_of(run: Run, target: Path, name: str | None, description: str | None) -> dict[str, str]:
    """Name and description: the given ones, else those of the entry that is replaced, else generated ones."""
    recipe, family, old = run.recipe, families.of(run.recipe), card.read_yaml(target / "model.yml")
    draws = recipe.condition == "none"
    kind = f"{family.NAME} of {target.name}" if draws else f"{family.NAME} x{recipe.scale}"
    about = f"images from noise alone by {family.ABOUT}" if draws else (
        f"x{recipe.scale} for photographs by {family.ABOUT}"
    )
    return {
        "name": name or old.get("name") or kind,
        "description": description or old.get("description") or about,
    }


def export(
    run: Run,
    target: Path,
    words: dict[str, str],
    int8: Store | None = None,
    damage: Damage | None = None,
) -> dict:
    """Writes the entry whole or not at all; returns its card."""
    recipe, found = run.recipe, graphs_of(run, damage)
    models = entry.checked_models(found, True, lambda line: print(line, file=sys.stderr))
    with entry.folder_of(target) as folder:
        if int8:
            samples = list(quantize.calibration(run, int8))
            models = {name: quantize.to_int8(graph, samples) for name, graph in found.items()}
            for name, graph in found.items():
                quantize.keep_weights(folder / f"{name}.safetensors", graph.network)
        files = entry.write_graphs(folder, found, models, "int8" if int8 else "fp16")
        facts = training_facts(run)
        untrained = {"damage"} if recipe.trains_encoder else {"encoder", "damage"}
        written = {
            "id": target.name,
            **words,
            "family": recipe.family,
            "scale": 1 if recipe.condition == "none" else recipe.scale,
            "version": "1.0.0",
            "licence": card.licence(run.sources(), card.attribution(run.sources(), folder)),
            **files,
            "tiling": tiling(recipe, found),
            **families.of(recipe).card(recipe, run.state["residual_scale"]),
            **({"restore": {"default": "auto"}} if damage else {}),
            "training": {name: {**facts} for name in found if name not in untrained},
        }
        entry.write_card(folder, written)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(prog="export", description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a run")
    parser.add_argument("--to", required=True, type=Path, help="folder of the entry, named by its id")
    parser.add_argument("--name", help="name shown to people")
    parser.add_argument("--description", help="one sentence")
    parser.add_argument("--unfinished", action="store_true", help="export the current weights of a run that has not finished")
    parser.add_argument("--average", nargs=2, metavar=("SHARE", "ENTRY"),
                        help="regression: average with an entry, which gets this share")
    parser.add_argument("--int8", type=Path, metavar="STORE", help="make convolutions int8, calibrated on a store")
    parser.add_argument("--damage", type=Path, metavar="FILE",
                        help="file of train_damage, or an entry: the new entry then estimates how much to restore")
    args = parser.parse_args()
    torch.set_num_threads(1)
    try:
        other = other_of(*args.average) if args.average else None
        run = open_run(args.run, args.unfinished, other)
        target = args.to.resolve()
        words = words_of(run, target, args.name, args.description)
        damage = saved(args.damage) if args.damage else None
        export(run, target, words, Store(args.int8) if args.int8 else None, damage)
    except (ExportError, RecipeError, OSError) as error:
        raise SystemExit(f"export: {error}") from None


if __name__ == "__main__":
    main()
