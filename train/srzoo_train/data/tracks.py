"""Damaged inputs of test sets: `python -m srzoo_train.data.tracks --track jpeg75 --out DIR HR...`.

The same chain as training's, with fixed strengths: HR -> blur -> bicubic -> noise -> JPEG. Noise is
drawn from the track's and the image's name, so that any machine makes the same files.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np

from .damage import Codec, Damage, Noise, Pass, damaged, margin
from .kernels import Blur

TRACKS = {
    "clean": Damage(),
    "jpeg75": Damage(passes=(Pass(codec=Codec("JPEG", 75)),)),
    "jpeg50": Damage(passes=(Pass(codec=Codec("JPEG", 50)),)),
    "jpeg30": Damage(passes=(Pass(codec=Codec("JPEG", 30)),)),
    "n5": Damage(passes=(Pass(Noise(5.0)),)),
    "n5j75": Damage(passes=(Pass(Noise(5.0), Codec("JPEG", 75)),)),
    "blur": Damage(Blur(1.2)),
    "worst": Damage(Blur(1.2), passes=(Pass(Noise(10.0), Codec("JPEG", 40)),)),
}


def degraded(hr: np.ndarray, track: str, scale: int, name: str) -> np.ndarray:
    """LR bytes of a whole image, cut at the right and bottom to a multiple of the scale."""
    height, width = (side // scale * scale for side in hr.shape[:2])
    around = margin(scale)
    wide = np.pad(hr[:height, :width], ((around, around), (around, around), (0, 0)), "edge")
    seed = int.from_bytes(hashlib.sha256(f"{track} {name}".encode()).digest()[:8], "big")
    return damaged(wide, TRACKS[track], scale, np.random.default_rng(seed), whole=True)[0]


def main() -> None:
    from PIL import Image

    parser = argparse.ArgumentParser(prog="tracks", description=__doc__.splitlines()[0])
    parser.add_argument("--track", required=True, choices=list(TRACKS))
    parser.add_argument("--scale", type=int, default=4, choices=[2, 3, 4, 8])
    parser.add_argument("--out", required=True, type=Path, help="folder, created if needed")
    parser.add_argument("images", nargs="+", type=Path, help="HR images")
    args = parser.parse_args()
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        for file in args.images:
            with Image.open(file) as image:
                hr = np.asarray(image.convert("RGB"))
            lr = degraded(hr, args.track, args.scale, file.stem)
            Image.fromarray(lr).save(args.out / f"{file.stem}.png")
    except (OSError, ValueError) as error:
        raise SystemExit(f"tracks: {error}") from None


if __name__ == "__main__":
    main()
