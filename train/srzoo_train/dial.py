"""Measures which `restore` comes nearest to the truth: `python -m srzoo_train.dial RUN --data STORE`.

Damages images that training did not see as the tracks of the bench do (`data.tracks`), enlarges them
by the run's averaged weights at several values of `restore`, and prints the mean LPIPS of each:
`restore: "auto"` should find the best value for each kind of damage.

With `--damage FILE`, it damages crops that training did not see as training does, and sets the curve
of that graph to the one with the least mean LPIPS.
"""

import argparse
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import families
from .data.crops import Crops, to_range
from .data.store import Store
from .data.tracks import TRACKS, degraded
from .graphs import ExportError
from .lpips import LpipsAlex, find_lpips
from .models.damage import risen
from .run import Run, open_run
from .train_damage import save, saved

VALUES = (0.0, 0.25, 0.5, 0.7, 0.85, 1.0)
SIDE = 320      # HR pixels of an image, at most
IMAGES = 16
CROPS = 400
BATCH = 8       # crops at a time
SEED = 7        # of the crops' damage
TRIED = 21      # values of each end of the curve
FINE = 201      # values of `restore` at which distances are interpolated


class Judge:
    """Measures the LPIPS of a run's images at several values of `restore`."""

    def __init__(self, run: Run, values: list[float]):
        lpips = find_lpips()
        if lpips is None:
            raise ExportError("cannot measure without LPIPS: run `deno task lpips`, or set SRZOO_LPIPS")
        recipe = run.recipe
        self.values, self.recipe = values, recipe
        self.lpips, self.network, self.family = LpipsAlex(lpips), run.network().eval(), families.of(recipe)
        self.objective = self.family.objective(
            recipe, recipe.stages[-1], run.encoder(), run.state["residual_scale"], lpips
        )

    @torch.no_grad()
    def distances(self, lr: Tensor, hr: Tensor) -> Tensor:
        """LPIPS [n, values] of one sample each of images [n, 3, h, w] in [-1, 1], in the default steps."""
        truth, columns = self.lpips.features(hr), []
        for value in self.values:
            restore = torch.full((len(lr),), value)
            image = self.family.sample(self.objective, self.network, lr, restore, 0)[-1]
            columns.append(self.lpips(self.lpips.features(image.clamp(-1, 1)), truth).flatten())
        return torch.stack(columns, 1)


def measured(run: Run, store: Store, tracks: list[str], values: list[float], images: int) -> np.ndarray:
    """Mean LPIPS [tracks, values] over the centres of images kept aside."""
    judge, scale = Judge(run, values), run.recipe.scale
    entries = store.split("val")[:images]
    if not entries:
        raise ValueError(f"cannot measure on {store.folder}: no image is kept aside")
    found = np.zeros((len(tracks), len(values)))
    for entry in entries:
        hr = _middle(store.hr(entry), 2 * scale)
        for i, track in enumerate(tracks):
            lr = degraded(hr, track, scale, entry.name)
            found[i] += judge.distances(_tensor(lr), _tensor(hr))[0].numpy()
    return found / len(entries)


def of_crops(judge: Judge, store: Store, count: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yields batches of LR crops from images kept aside, damaged as in training, and their LPIPS [n, values]."""
    crops = Crops(store, "val", judge.recipe.crop, SEED, judge.recipe.data)
    for step in range(-(-count // BATCH)):
        pixels = crops.batch(step, range(min(BATCH, count - step * BATCH)))
        lr = to_range(torch.from_numpy(pixels.lr))
        yield lr, judge.distances(lr, to_range(torch.from_numpy(pixels.hr)))


def best_curve(severity: Tensor, distances: Tensor, values: list[float]) -> list[float]:
    """The curve (low, high, least, most) with the least mean distance.

    Args:
        severity: [n], from the graph `damage`.
        distances: [n, values]; interpolated linearly between the values.
        values: of `restore`, rising.

    Raises:
        ValueError: if all values or all severities are equal.
    """
    if values[0] == values[-1] or severity.min() == severity.max():
        raise ValueError("cannot set the curve: it takes two values of restore and crops of different severity")
    ends = severity.quantile(torch.linspace(0, 1, TRIED)).unique().tolist()
    restores = torch.linspace(values[0], values[-1], TRIED).tolist()
    rising = itertools.combinations_with_replacement(restores, 2)
    curves = torch.tensor([(*a, *b) for a, b in itertools.product(itertools.combinations(ends, 2), rising)])
    fine = np.linspace(values[0], values[-1], FINE)
    table = torch.from_numpy(np.stack([np.interp(fine, values, row) for row in distances]))
    place = (risen(severity, *curves.T[..., None]) - values[0]) / (values[-1] - values[0])
    means = table[torch.arange(len(severity)), (place * (FINE - 1)).round().long()].mean(1)
    return curves[means.argmin()].tolist()


def _middle(image: np.ndarray, multiple: int) -> np.ndarray:
    """At most SIDE pixels of the middle of an image."""
    height, width = (min(SIDE, side) // multiple * multiple for side in image.shape[:2])
    y, x = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[y : y + height, x : x + width]


def _tensor(image: np.ndarray) -> Tensor:
    return to_range(torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None])


def main() -> None:
    parser = argparse.ArgumentParser(prog="dial", description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a run with data.damage")
    parser.add_argument("--data", required=True, type=Path, help="a store made by prepare")
    parser.add_argument("--track", nargs="+", choices=list(TRACKS), default=["clean", "jpeg75", "n5j75", "worst"])
    parser.add_argument("--restore", nargs="+", type=float, default=list(VALUES), help="values to measure")
    parser.add_argument("--images", type=int, default=IMAGES)
    parser.add_argument("--damage", type=Path, metavar="FILE",
                        help="set the curve in this file of train_damage; ignores --track and --images")
    parser.add_argument("--crops", type=int, default=CROPS, help="number of crops for --damage")
    args = parser.parse_args()
    torch.set_num_threads(1)
    try:
        run, store = open_run(args.run, unfinished=True), Store(args.data)
        if not run.recipe.restores:
            raise ExportError(f"cannot measure {args.run}: it was not trained with data.damage")
        if args.damage:
            set_curve(args.damage, Judge(run, sorted(args.restore)), store, args.crops)
        else:
            _print_table(args.track, args.restore, measured(run, store, args.track, args.restore, args.images))
    except (OSError, ValueError, ExportError) as error:
        sys.exit(f"dial: {error}")


def _print_table(tracks: list[str], values: list[float], table: np.ndarray) -> None:
    print(f"{'restore':>10}" + "".join(f"{value:9.2f}" for value in values))
    for track, row in zip(tracks, table):
        print(f"{track:>10}" + "".join(f"{value:9.4f}" for value in row))


@torch.no_grad()
def set_curve(file: Path, judge: Judge, store: Store, count: int) -> None:
    """Sets the curve in a file of `train_damage` by crops of a store, and prints it."""
    network = saved(file)
    found = [(torch.sigmoid(network.logit(lr)), distances) for lr, distances in of_crops(judge, store, count)]
    severity, distances = (torch.cat(part) for part in zip(*found))
    _print_table(["all"], judge.values, distances.mean(0, keepdim=True).numpy())
    network.set_curve(*best_curve(severity, distances, judge.values))
    save(network, file)
    print("severity {:.3f} to {:.3f}: restore {:.2f} to {:.2f}".format(*network.curve.tolist()))


if __name__ == "__main__":
    main()
