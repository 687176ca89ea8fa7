"""Packs photographs into a store: `python -m srzoo_train.data.prepare SOURCE... --out DIR --scale 4`.

Sources are folders, tar shards or zip files of HR photographs, or of pairs in folders X1 and X4.
Every image is decoded in full and cropped to a multiple of the scale; LR that does not come with
it is made with the library's own bicubic. With `--pair 16/128` every image becomes a square pair of
those sides, as SR3 is trained on faces. A complete store of the same sources is left
as it is; one that was interrupted is made again. `refused.json` says what was left out, and why.
"""

import argparse
import hashlib
import io
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from ..bicubic import shrink
from .manifest import UNKNOWN, Origin, manifest_of
from .pairs import RESAMPLERS, Pair, pair_of
from .photographs import Photograph, photographs
from .store import Entry, write_index

SMALLEST = 96  # pixels; images with a shorter side are refused
FORMAT = 2     # of the index; a store with another one is made again


@dataclass(frozen=True)
class Options:
    """How to pack."""

    scale: int = 4
    val: float = 0.03                # share of the files kept aside
    only: tuple[str, ...] = ()       # sources of the manifests; all if empty
    licence: str = UNKNOWN           # of images without a manifest
    workers: int = os.cpu_count() or 1
    pair: Pair | None = None         # square pairs in place of whole images


@dataclass(frozen=True)
class Task:
    """One image to decode."""

    photograph: Photograph
    origin: Origin
    scale: int
    pair: Pair | None = None


def decoded(task: Task) -> tuple[np.ndarray, np.ndarray] | str:
    """HR and LR bytes of an image, or the reason why it is refused."""
    try:
        hr = _rgb(task.photograph.read())
        if task.pair:
            return task.pair.of(hr)
        height, width = (side // task.scale * task.scale for side in hr.shape[:2])
        if min(height, width) < SMALLEST:
            return f"it is {width}x{height}, the shorter side must be {SMALLEST} or more"
        hr = np.ascontiguousarray(hr[:height, :width])
        if task.photograph.low is None:
            return hr, shrink(hr, task.scale)
        lr = _rgb(task.photograph.low())
        if lr.shape[:2] != (height // task.scale, width // task.scale):
            return (f"its LR is {lr.shape[1]}x{lr.shape[0]}, not {width // task.scale}x"
                    f"{height // task.scale}, which x{task.scale} asks for")
        return hr, lr
    except Exception as error:  # decoders raise many kinds; each refusal is reported
        return " ".join(f"{error or type(error).__name__}".split())


def _rgb(data: bytes) -> np.ndarray:
    """RGB bytes [h, w, 3]; raises ValueError with the reason."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        image.load()
        if image.mode not in {"RGB", "L"}:
            raise ValueError(f"its mode is {image.mode}, only RGB and gray photographs are used")
        return np.asarray(image.convert("RGB"))


def fingerprint(sources: list[Path], options: Options) -> str:
    """Changes with the sources' files and with all that the store's content depends on."""
    digest = hashlib.sha256(repr((FORMAT, replace(options, workers=0))).encode())
    for source in sources:
        files = sorted(source.rglob("*")) if source.is_dir() else [source]
        for file in files:
            if file.is_file():
                facts = file.stat()
                digest.update(f"{file}:{facts.st_size}:{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def prepare(sources: list[Path], out: Path, options: Options) -> dict:
    """Writes the store; returns what went in and what was refused."""
    for source in sources:
        if not source.exists():
            raise FileNotFoundError(
                f"cannot prepare {source}: it does not exist; `deno task data` says where to get images"
            )
    made_from = fingerprint(sources, options)
    if (found := _index(out)) and found.get("made_from") == made_from:
        return _summary(found["entries"], found["refused"])
    out.mkdir(parents=True, exist_ok=True)
    tasks = _tasks(sources, options)
    try:
        entries, refused = _pack(tasks, out, options)
    except OSError as error:
        for part in out.glob("*.part"):
            part.unlink()
        raise OSError(f"cannot write the store {out}: {error.strerror or error}") from None
    (out / "refused.json").write_text(json.dumps(refused, indent=1))
    if not entries:
        reasons = "; ".join(f"{r['file']}: {r['why']}" for r in refused[:3])
        raise ValueError(
            f"cannot prepare {out}: of {len(tasks)} images none could be used"
            f"{f' ({reasons})' if refused else ''}"
        )
    # A folder without an index is not a store: being killed between these lines costs only time.
    (out / "index.json").unlink(missing_ok=True)
    for name in ("hr.bin", "lr.bin"):
        (out / f"{name}.part").rename(out / name)
    write_index(out, options.scale, entries, {"refused": refused, "made_from": made_from})
    return _summary([asdict(entry) for entry in entries], refused)


def _index(out: Path) -> dict | None:
    try:
        return json.loads((out / "index.json").read_text())
    except (OSError, ValueError):
        return None


def _summary(entries: list[dict], refused: list[dict]) -> dict:
    pixels = sum(entry["height"] * entry["width"] for entry in entries)
    return {"pictures": len(entries), "megapixels": round(pixels / 1e6, 1), "refused": refused}


def _tasks(sources: list[Path], options: Options) -> list[Task]:
    """The images to decode."""
    tasks = []
    for source in sources:
        manifest = manifest_of(source)
        for photograph in photographs(source, options.scale):
            known = manifest.get(Path(photograph.name).name)
            origin = known or Origin(source.resolve().name, options.licence)
            if not options.only or origin.source in options.only:
                tasks.append(Task(photograph, origin, options.scale, options.pair))
    return tasks


def _pack(tasks: list[Task], out: Path, options: Options) -> tuple[list[Entry], list[dict]]:
    """Writes the pixels of every usable image."""
    entries, refused, at = [], [], 0
    kept = kept_aside([task.photograph.name for task in tasks], options.val)
    with (out / "hr.bin.part").open("wb") as hr_file, (out / "lr.bin.part").open("wb") as lr_file:
        for task, found in zip(tasks, _in_parallel(tasks, options.workers)):
            name = task.photograph.name
            if isinstance(found, str):
                refused.append({"file": name, "why": found})
                continue
            hr, lr = found
            split = "val" if name in kept else "train"
            places = at, at // options.scale**2
            origin = task.origin
            entries.append(
                Entry(name, origin.source, split, *hr.shape[:2], *places, origin.licence, origin.attribution)
            )
            at += hr.size
            hr_file.write(hr)
            lr_file.write(np.ascontiguousarray(lr))
    return entries, refused


def kept_aside(names: list[str], share: float) -> set[str]:
    """A fixed share of the names by hash, the same in every run; at least one of two or more."""
    place = lambda name: int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64
    first = {min(names, key=place)} if len(names) > 1 and share > 0 else set()
    return first | {name for name in names if place(name) < share}


def _in_parallel(tasks: list[Task], workers: int) -> Iterator:
    """Decoded images in the order of the tasks, a few at a time."""
    if workers <= 1:
        yield from map(decoded, tasks)
        return
    with ProcessPoolExecutor(workers) as pool:
        waiting = iter(tasks)
        while group := list(islice(waiting, 4 * workers)):
            yield from pool.map(decoded, group)


def main() -> None:
    parser = argparse.ArgumentParser(prog="prepare", description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="+", type=Path, help="folders, tar or zip files")
    parser.add_argument("--out", required=True, type=Path)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--scale", type=int, default=4, choices=[2, 3, 4, 8])
    kind.add_argument("--pair", metavar="LOW/HIGH", help="make square pairs of these sides, as 16/128")
    parser.add_argument("--resample", choices=RESAMPLERS, help="how pairs are made; pillow if not given")
    parser.add_argument("--val", type=float, default=0.03, help="share of the files kept aside")
    parser.add_argument("--only", action="append", default=[], help="a source of the manifest")
    parser.add_argument("--licence", default=UNKNOWN, help="of images without a manifest")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    try:
        pair = pair_of(args.pair, args.resample)
        scale = pair.scale if pair else args.scale
        options = Options(scale, args.val, tuple(args.only), args.licence, args.workers, pair)
        found = prepare(args.sources, args.out, options)
    except (OSError, ValueError) as error:
        raise SystemExit(f"prepare: {error}") from None
    for refusal in found["refused"]:
        print(f"refused {refusal['file']}: {refusal['why']}", file=sys.stderr)
    print(f"{args.out}: {found['pictures']} images, {found['megapixels']} megapixels, "
          f"{len(found['refused'])} refused")


if __name__ == "__main__":
    main()
