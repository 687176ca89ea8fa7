"""Shows the crops that a recipe trains on: `python -m srzoo_train.data.show --data STORE --out FILE`.

Three images a crop: the HR crop, the LR crop and the clean LR, both enlarged by repeated pixels.
"""

import argparse
from pathlib import Path

import numpy as np

from ..recipe import Data
from .crops import Crops
from .store import Store


def sheet(crops: Crops, columns: int, rows: int, step: int = 0) -> np.ndarray:
    """Bytes [height, width, 3]."""
    pixels = crops.batch(step, range(columns * rows))
    scale = crops.store.scale
    larger = lambda images: images.repeat(scale, 2).repeat(scale, 3)
    shown = [pixels.hr, larger(pixels.lr)]
    if pixels.clean is not None:
        shown.append(larger(pixels.clean))
    cells = np.concatenate(shown, 3).transpose(0, 2, 3, 1)
    cells = np.pad(cells, ((0, 0), (2, 2), (2, 6), (0, 0)), constant_values=255)
    height, width = cells.shape[1:3]
    grid = cells.reshape(rows, columns, height, width, 3).swapaxes(1, 2)
    return grid.reshape(rows * height, columns * width, 3)


def main() -> None:
    from PIL import Image

    parser = argparse.ArgumentParser(prog="show", description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, type=Path, help="a store made by prepare")
    parser.add_argument("--out", required=True, type=Path, help="the image to write")
    parser.add_argument("--damage", default="photo", choices=["none", "photo"])
    parser.add_argument("--drawn", type=float, default=0.08, help="share of drawn crops")
    parser.add_argument("--crop", type=int, default=40, help="LR pixels")
    parser.add_argument("--columns", type=int, default=3)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--source", action="append", help="a source of the store; all if absent")
    args = parser.parse_args()
    try:
        store = Store(args.data)
        if args.source:
            store.entries = [entry for entry in store.entries if entry.source in args.source]
        crops = Crops(store, "train", args.crop, args.seed, Data(args.damage, args.drawn))
        Image.fromarray(sheet(crops, args.columns, args.rows)).save(args.out, quality=90)
    except (OSError, ValueError) as error:
        raise SystemExit(f"show: {error}") from None


if __name__ == "__main__":
    main()
