"""Writes an imported checkpoint as an entry of the zoo, whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import onnx
import torch

from .. import entry, graphs
from .system import Conversion, ImportRefused

SEED = 0


def write_entry(
    out: Path,
    conversion: Conversion,
    checkpoint: Path,
    system: str,
    tell: Callable[[str], None],
) -> None:
    """Exports, checks and describes the networks; `out` appears whole or not at all."""
    if out.exists():
        raise ImportRefused(f"{out} exists; name a folder that does not")
    models = checked_models(conversion, tell)
    with entry.folder_of(out) as folder:
        found = {graph.name: graph for graph in conversion.graphs}
        precision = "fp16" if conversion.half else "fp32"
        entry.write_card(folder, {
            "id": entry_id(out),
            "version": "1.0.0",
            **conversion.card,
            **entry.write_graphs(folder, found, models, precision),
            "imported": {
                "system": system,
                "file": checkpoint.name,
                "sha256": file_sha256(checkpoint),
                "bytes": checkpoint.stat().st_size,
            },
        })


def checked_models(
    conversion: Conversion, tell: Callable[[str], None]
) -> dict[str, onnx.ModelProto]:
    """The graphs as ONNX, after comparing each with its network."""
    torch.manual_seed(SEED)
    models = {}
    exports = conversion.models or exported(conversion)
    for graph, model in zip(conversion.graphs, exports, strict=True):
        error = graphs.check_parity(graph, model, conversion.parity)
        tell(f"{graph.name}: {model.ByteSize() / 1e6:.1f} MB, differs from torch by {error:.1e} of its range")
        models[graph.name] = model
    return models


def exported(conversion: Conversion) -> list[onnx.ModelProto]:
    """The graphs of a conversion; refuses, in one line, what the exporter cannot do."""
    told = io.StringIO()  # the exporter prints the whole graph when it fails
    try:
        with conversion.exporting, contextlib.redirect_stdout(told):
            return [graphs.to_onnx(graph, conversion.half) for graph in conversion.graphs]
    except (torch.onnx.errors.OnnxExporterError, RuntimeError) as error:
        reason = " ".join(str(error).split()).split("  [Caused by")[0][:200]
        raise ImportRefused(f"its network cannot be exported to ONNX: {reason}") from error


def entry_id(out: Path) -> str:
    """The folder's name in the characters that an id can have."""
    return re.sub(r"[^a-z0-9.-]+", "-", out.resolve().name.lower()).strip("-.") or "imported"


def file_sha256(file: Path) -> str:
    """SHA-256 of a file in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
