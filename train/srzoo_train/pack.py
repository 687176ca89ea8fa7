"""Packs runs into a few small files, to copy them from a temporary machine.

A packed run holds what `export` and `init_from` read: averaged weights in fp16, the encoder, the log
and the sources. It cannot be continued, since the optimizer's state is left out.
"""

import argparse
import io
import tarfile
from pathlib import Path

import torch

from .state import load_state, write_whole

LIMIT = 15 << 20  # bytes of a file


def packed(folder: Path) -> dict[str, bytes]:
    """The files of a packed run by name; empty if the run has no state yet."""
    state = load_state(folder)
    if state is None:
        return {}
    done = state["progress"]["stage"]
    last = folder / f"stage-{done - 1}.pt"
    finished = done == len(state["progress"]["steps"])
    slim = {**state, "network": None, "optimizer": None, "ema": None if finished else _halved(state["ema"])}
    found = {"state-packed.pt": _bytes(slim)}
    for file in [*([last] if finished else []), folder / "encoder.pt"]:
        if file.is_file():
            found[file.name] = _bytes(_halved(torch.load(file, map_location="cpu", weights_only=True)))
    sheets = sorted(folder.glob("sheet-*"))[-1:]
    for file in [folder / "log.jsonl", folder / "data.json", *sheets]:
        if file.is_file():
            found[file.name] = file.read_bytes()
    return found


def _halved(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value.half() for name, value in weights.items()}


def _bytes(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def pack(folders: list[Path], out: Path) -> list[Path]:
    """Writes `runs-0.tar`, ... of at most LIMIT bytes each into `out`, largest runs first."""
    runs = {folder.name: packed(folder) for folder in folders}
    size = lambda name: sum(len(data) + 1024 for data in runs[name].values())
    shards: list[list[str]] = []
    for name in sorted((name for name in runs if runs[name]), key=size, reverse=True):
        room = (shard for shard in shards if sum(map(size, shard)) + size(name) <= LIMIT)
        shard = next(room, None)
        if shard is None:
            shards.append(shard := [])
        shard.append(name)
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for i, shard in enumerate(shards):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name in shard:
                for file, data in runs[name].items():
                    facts = tarfile.TarInfo(f"{name}/{file}")
                    facts.size = len(data)
                    archive.addfile(facts, io.BytesIO(data))
        written.append(out / f"runs-{i}.tar")
        write_whole(written[-1], buffer.getbuffer())
    for old in set(out.glob("runs-*.tar")) - set(written):
        old.unlink()
    return written


def main() -> None:
    parser = argparse.ArgumentParser(prog="pack", description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, help="folders of runs")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    for file in pack(args.runs, args.out):
        print(f"{file}: {file.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
