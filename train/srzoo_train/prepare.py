"""Packs photographs into a store: `python -m srzoo_train.prepare SOURCE... --out DIR --scale 4`.

Sources are folders, tar shards or zip files of HR photographs. Every picture is decoded in full,
cropped to a multiple of the scale, and shrunk with the library's own bicubic.
"""

import argparse
import csv
import hashlib
import io
import json
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from .bicubic import shrink
from .store import Entry, write_index

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}
SMALLEST = 96  # pixels: a shorter side gives no crop


def photographs(source: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every photograph of a folder, a tar or a zip file."""
    if source.is_dir():
        for file in sorted(source.rglob("*")):
            if file.suffix.lower() in SUFFIXES:
                yield str(file.relative_to(source)), file.read_bytes()
            elif file.suffix.lower() in {".tar", ".zip"}:
                yield from photographs(file)
    elif source.suffix == ".zip":
        with zipfile.ZipFile(source) as archive:
            for name in sorted(archive.namelist()):
                if Path(name).suffix.lower() in SUFFIXES:
                    yield name, archive.read(name)
    else:
        with tarfile.open(source) as archive:
            for member in archive:
                if member.isfile() and Path(member.name).suffix.lower() in SUFFIXES:
                    yield member.name, archive.extractfile(member).read()


def split_of(name: str, share: float) -> str:
    """`val` for a fixed `share` of the names, by hash: the same in every run."""
    place = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64
    return "val" if place < share else "train"


def decode(data: bytes, scale: int) -> np.ndarray:
    """RGB bytes [h, w, 3], cropped to a multiple of `scale`; raises ValueError with the reason."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        if image.mode not in {"RGB", "L"}:
            raise ValueError(f"its mode is {image.mode}, only RGB and gray photographs are used")
        rgb = np.asarray(image.convert("RGB"))
    height, width = (side // scale * scale for side in rgb.shape[:2])
    if min(height, width) < SMALLEST:
        raise ValueError(f"it is {width}x{height}, the shorter side must be {SMALLEST} or more")
    return rgb[:height, :width]


def sources_of(manifests: list[Path]) -> dict[str, str]:
    """Source of each file by name, from manifests with the columns `file` and `source`."""
    rows = {}
    for manifest in manifests:
        with manifest.open() as lines:
            rows |= {row["file"]: row["source"] for row in csv.DictReader(lines)}
    return rows


def prepare(sources: list[Path], out: Path, scale: int, val: float, only: list[str]) -> dict:
    """Writes the store; returns what went in and what was refused."""
    out.mkdir(parents=True, exist_ok=True)
    named = sources_of([s / "manifest.csv" for s in sources if (s / "manifest.csv").is_file()])
    entries, refused, hr_at, lr_at = [], [], 0, 0
    with (out / "hr.bin.part").open("wb") as hr_file, (out / "lr.bin.part").open("wb") as lr_file:
        for source in sources:
            for name, data in photographs(source):
                origin = named.get(name, source.name)
                if only and origin not in only:
                    continue
                try:
                    hr = decode(data, scale)
                except Exception as error:  # Pillow raises many kinds; each refusal is reported
                    refused.append({"file": name, "why": str(error)})
                    continue
                lr = shrink(hr, scale)
                entries.append(
                    Entry(name, origin, split_of(name, val), *hr.shape[:2], hr_at, lr_at)
                )
                hr_at, lr_at = hr_at + hr.size, lr_at + lr.size
                hr_file.write(np.ascontiguousarray(hr).tobytes())
                lr_file.write(lr.tobytes())
    if not entries:
        raise SystemExit(f"cannot prepare {out}: no photograph could be used; refused: {refused}")
    for name in ("hr.bin", "lr.bin"):
        (out / f"{name}.part").rename(out / name)
    write_index(out, scale, entries, {"refused": refused})
    return {"pictures": len(entries), "megapixels": round(hr_at / 3e6, 1), "refused": refused}


def main() -> None:
    parser = argparse.ArgumentParser(prog="prepare", description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="+", type=Path, help="folders, tar or zip files")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--scale", type=int, default=4)
    parser.add_argument("--val", type=float, default=0.03, help="share of the files kept aside")
    parser.add_argument("--only", action="append", default=[], help="a source of the manifest")
    args = parser.parse_args()
    json.dump(prepare(args.sources, args.out, args.scale, args.val, args.only), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
