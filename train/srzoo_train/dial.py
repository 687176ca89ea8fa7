"""Which `restore` comes nearest to the truth: `python -m srzoo_train.dial RUN --data STORE`.

Images that training did not see are damaged as the tracks of the bench are (`data.tracks`), and
enlarged by the run's averaged weights at several values of `restore`. A table tells the mean LPIPS
of each. What is best for a kind of damage is what `restore: "auto"` should find for it.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from . import families
from .data.crops import to_range
from .data.store import Store
from .data.tracks import TRACKS, degraded
from .graphs import ExportError
from .lpips import LpipsAlex, find_lpips
from .run import Run, open_run

VALUES = (0.0, 0.25, 0.5, 0.7, 0.85, 1.0)
SIDE = 320   # HR pixels of an image, at most
IMAGES = 16


@torch.no_grad()
def measured(run: Run, store: Store, tracks: list[str], values: list[float], images: int) -> np.ndarray:
    """Mean LPIPS [tracks, values] of one sample by default steps, over the middles of images kept aside."""
    recipe, lpips = run.recipe, find_lpips()
    judge, network, family = LpipsAlex(lpips), run.network().eval(), families.of(recipe)
    objective = family.objective(
        recipe, recipe.stages[-1], run.encoder(), run.state["residual_scale"], lpips
    )
    found = np.zeros((len(tracks), len(values)))
    entries = store.split("val")[:images]
    if not entries:
        raise ValueError(f"cannot measure on {store.folder}: no image is kept aside")
    for entry in entries:
        hr = _middle(store.hr(entry), 2 * recipe.scale)
        truth = judge.features(_tensor(hr))
        for i, track in enumerate(tracks):
            lr = _tensor(degraded(hr, track, recipe.scale, entry.name))
            for j, value in enumerate(values):
                image = family.sample(objective, network, lr, torch.tensor([value]), 0)[-1]
                found[i, j] += float(judge(judge.features(image.clamp(-1, 1)), truth).mean())
    return found / len(entries)


def _middle(image: np.ndarray, multiple: int) -> np.ndarray:
    """At most SIDE pixels of the middle of an image."""
    height, width = (min(SIDE, side) // multiple * multiple for side in image.shape[:2])
    y, x = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[y : y + height, x : x + width]


def _tensor(image: np.ndarray) -> torch.Tensor:
    return to_range(torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None])


def main() -> None:
    parser = argparse.ArgumentParser(prog="dial", description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a run with data.damage")
    parser.add_argument("--data", required=True, type=Path, help="a store made by prepare")
    parser.add_argument("--track", nargs="+", choices=list(TRACKS), default=["clean", "jpeg75", "n5j75", "worst"])
    parser.add_argument("--restore", nargs="+", type=float, default=list(VALUES))
    parser.add_argument("--images", type=int, default=IMAGES)
    args = parser.parse_args()
    torch.set_num_threads(1)
    try:
        run = open_run(args.run, unfinished=True)
        if not run.recipe.restores:
            raise ExportError(f"cannot measure {args.run}: it was not trained with data.damage")
        if find_lpips() is None:
            raise ExportError("cannot measure without LPIPS: run `deno task lpips`, or set SRZOO_LPIPS")
        table = measured(run, Store(args.data), args.track, args.restore, args.images)
    except (OSError, ValueError, ExportError) as error:
        sys.exit(f"dial: {error}")
    print(f"{'restore':>10}" + "".join(f"{value:9.2f}" for value in args.restore))
    for track, row in zip(args.track, table):
        print(f"{track:>10}" + "".join(f"{value:9.4f}" for value in row))


if __name__ == "__main__":
    main()
