"""Writes an imported checkpoint as an entry of the zoo, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import torch
import yaml
from safetensors.torch import save_file

from .graph import Parity, as_list, check_parity, check_sizes, export
from .system import Conversion, ImportRefused

SEED = 0


def write_entry(
    out: Path,
    conversion: Conversion,
    checkpoint: Path,
    system: str,
    tell: Callable[[str], None],
) -> None:
    """Exports, checks and describes the networks in a hidden folder, then names it `out`."""
    if out.exists():
        raise ImportRefused(f"{out} exists; name a folder that does not")
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        folder.chmod(0o755)
        fill_entry(folder, entry_id(out), conversion, checkpoint, system, tell)
        os.rename(folder, out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill_entry(
    folder: Path,
    name: str,
    conversion: Conversion,
    checkpoint: Path,
    system: str,
    tell: Callable[[str], None],
) -> None:
    """Puts the graphs, the fixture and the model card into an empty folder."""
    torch.manual_seed(SEED)
    graphs = {}
    for key, network in conversion.networks.items():
        file = folder / f"{key}.onnx"
        export(network, file, check_sizes(conversion)[1])
        parity = check_parity(key, network, file, conversion)
        tell(told(key, file, parity))
        graphs[key] = graph_card(file, network.module)
    fixture = folder / "fixture.safetensors"
    save_file(recorded(conversion), fixture)
    card = {
        "id": name,
        "version": "1.0.0",
        **conversion.card,
        "graphs": graphs,
        "fixture": {"file": fixture.name, "sha256": sha256(fixture)},
        "imported": {
            "system": system,
            "file": checkpoint.name,
            "sha256": sha256(checkpoint),
            "bytes": checkpoint.stat().st_size,
        },
    }
    (folder / "model.yml").write_text(yaml.safe_dump(card, sort_keys=False, width=100))


def recorded(conversion: Conversion) -> dict[str, torch.Tensor]:
    """An input and output of every graph, named `<graph>/in/<name>` and `<graph>/out/<name>`."""
    tensors = {}
    for key, network in conversion.networks.items():
        inputs = network.example(*check_sizes(conversion)[0])
        with torch.no_grad():
            outputs = as_list(network.module(*inputs))
        for side, axes, values in (("in", network.inputs, inputs), ("out", network.outputs, outputs)):
            for axis, value in zip(axes, values, strict=True):
                tensors[f"{key}/{side}/{axis.name}"] = value.contiguous()
    return tensors


def graph_card(file: Path, module: torch.nn.Module) -> dict[str, Any]:
    """What the model card says of one graph."""
    return {
        "file": file.name,
        "sha256": sha256(file),
        "bytes": file.stat().st_size,
        "precision": "fp32",
        "parameters": parameters(file, module),
    }


def parameters(file: Path, module: torch.nn.Module) -> int:
    """Number of learned values that the graph uses."""
    kept = {tensor.name for tensor in onnx.load(file).graph.initializer}
    return sum(value.numel() for name, value in module.named_parameters() if name in kept)


def entry_id(out: Path) -> str:
    """The folder's name in the letters that an id may have."""
    return re.sub(r"[^a-z0-9.-]+", "-", out.resolve().name.lower()).strip("-.") or "imported"


def sha256(file: Path) -> str:
    """SHA-256 of a file in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def told(name: str, file: Path, parity: Parity) -> str:
    """A line about one graph."""
    sizes = " and ".join("x".join(map(str, size)) for size in parity.sizes)
    return (f"{name}: {file.stat().st_size / 1e6:.1f} MB, sha256 {sha256(file)[:12]}, differs from "
            f"torch by {parity.difference:.1e} at {sizes}")
