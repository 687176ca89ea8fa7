"""Imports a published model as an entry of the zoo.

    python -m srzoo_train.import_checkpoint MODEL --out DIR [--config FILE] [--scale N] [--licence ID]

It reads the official checkpoints of SRDiff, SR3 and DDPM, RRDB networks, ONNX files with one image in and
one out, networks of ncnn, and, with the optional package spandrel, the networks that it knows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .graphs import ExportError
from .importers import ncnn, onnx_file
from .importers.checkpoint_file import read_checkpoint
from .importers.entry import write_entry
from .importers.reference_config import read_config
from .importers.system import Conversion, ImportRefused
from .importers.systems import recognise


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    options = parsed(arguments)
    try:
        import_checkpoint(
            options.checkpoint, options.out, options.config, options.scale, options.licence
        )
    except (ImportRefused, ExportError, OSError) as error:
        print(f"Cannot import {options.checkpoint}: {error}", file=sys.stderr)
        return 1
    return 0


def import_checkpoint(
    checkpoint: Path,
    out: Path,
    config: Path | None,
    scale: int | None = None,
    licence: str | None = None,
) -> None:
    """Reads, converts, exports and checks; `out` appears only if everything succeeds."""
    told = dict(read_config(config)) | ({} if scale is None else {"scale": scale})
    name, conversion = converted(checkpoint, told)
    for note in conversion.notes:
        print(f"note: {note}")
    if licence is not None:
        conversion = replace(conversion, card=licensed(conversion.card, licence))
    write_entry(out, conversion, checkpoint, name, print)
    print(f"wrote {out}")


def converted(checkpoint: Path, told: Mapping[str, Any]) -> tuple[str, Conversion]:
    """Recognises the network and converts it."""
    if checkpoint.suffix.lower() == ".onnx":
        conversion = onnx_file.convert(onnx_file.read(checkpoint), checkpoint.stem)
        print(f"{checkpoint.name}: an ONNX graph")
        return conversion.system, conversion
    if checkpoint.suffix.lower() == ".param":
        conversion = onnx_file.convert(ncnn.read(checkpoint), checkpoint.stem, "ncnn")
        print(f"{checkpoint.name}: a network of ncnn")
        return conversion.system, conversion
    system, weights = recognise(read_checkpoint(checkpoint))
    conversion = system.convert(weights, told)
    name = conversion.system or system.name
    print(f"{checkpoint.name}: {name}, {len(weights)} tensors")
    return name, conversion


def licensed(card: Mapping[str, Any], licence: str) -> dict[str, Any]:
    """The card with the licence of the weights that the user states."""
    return {**card, "licence": {**card["licence"], "weights": licence}}


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="deno task import", description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", type=Path, metavar="MODEL",
                        help="torch file (zip or older), safetensors, MindSpore .ckpt, .onnx, or ncnn's .param")
    parser.add_argument("--out", type=Path, required=True, help="folder to make")
    parser.add_argument("--config", type=Path,
                        help="the reference's own YAML or JSON file, for what shapes cannot tell")
    parser.add_argument("--scale", type=int, metavar="N",
                        help="scale, if neither the weights nor --config tell it")
    parser.add_argument("--licence", metavar="ID",
                        help="the licence of the weights, as an SPDX identifier; files do not state one")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
