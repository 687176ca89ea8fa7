"""Imports a published checkpoint as an entry of the zoo.

    python -m srzoo_train.import_checkpoint CHECKPOINT --out DIR [--config FILE] [--scale N]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .graphs import ExportError
from .importers.checkpoint_file import read_checkpoint
from .importers.entry import write_entry
from .importers.reference_config import read_config
from .importers.system import ImportRefused
from .importers.systems import recognise


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    options = parsed(arguments)
    try:
        import_checkpoint(options.checkpoint, options.out, options.config, options.scale)
    except (ImportRefused, ExportError, OSError) as error:
        print(f"Cannot import {options.checkpoint}: {error}", file=sys.stderr)
        return 1
    return 0


def import_checkpoint(
    checkpoint: Path, out: Path, config: Path | None, scale: int | None = None
) -> None:
    """Reads, converts, exports and checks; `out` appears only if all went well."""
    system, weights = recognise(read_checkpoint(checkpoint))
    told = dict(read_config(config)) | ({} if scale is None else {"scale": scale})
    conversion = system.convert(weights, told)
    print(f"{checkpoint.name}: {system.name}, {len(weights)} tensors")
    for note in conversion.notes:
        print(f"note: {note}")
    write_entry(out, conversion, checkpoint, system.name, print)
    print(f"wrote {out}")


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="deno task import", description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT",
                        help="torch file (zip or older), safetensors, or MindSpore .ckpt")
    parser.add_argument("--out", type=Path, required=True, help="folder to make")
    parser.add_argument("--config", type=Path,
                        help="the reference's own YAML or JSON file, for what shapes cannot tell")
    parser.add_argument("--scale", type=int, metavar="N",
                        help="how much larger the result is, where neither weights nor --config tell")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
