"""Writes an imported checkpoint as an entry of the zoo, whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import io
import math
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import torch

from .. import card, fixture, graphs
from .system import Conversion, ImportRefused

SCHEMA = Path(__file__).parents[3] / "zoo" / "model.schema.json"
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
        written = {
            "id": entry_id(out),
            "version": "1.0.0",
            **conversion.card,
            **write_graphs(folder, conversion, tell),
            "imported": {
                "system": system,
                "file": checkpoint.name,
                "sha256": file_sha256(checkpoint),
                "bytes": checkpoint.stat().st_size,
            },
        }
        card.check_schema(written, SCHEMA)
        card.write_yaml(folder / "model.yml", written)
        os.rename(folder, out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_graphs(
    folder: Path, conversion: Conversion, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Writes the graphs that agree with torch, and their fixture; returns what the card says."""
    torch.manual_seed(SEED)
    found, facts = {}, {}
    precision = "fp16" if conversion.half else "fp32"
    models = conversion.models or exported(conversion)
    for graph, model in zip(conversion.graphs, models, strict=True):
        error = graphs.check_parity(graph, model, conversion.parity)
        data = model.SerializeToString()
        file = f"{graph.name}.onnx"
        (folder / file).write_bytes(data)
        facts[graph.name] = card.graph_facts(file, data, precision, used_parameters(graph, model))
        found[graph.name] = graph, model
        tell(f"{graph.name}: {len(data) / 1e6:.1f} MB, differs from torch by {error:.1e} of its range")
    recorded = fixture.record(found)
    (folder / "fixture.safetensors").write_bytes(recorded)
    return {
        "graphs": facts,
        "fixture": {"file": "fixture.safetensors", "sha256": card.sha256(recorded)},
    }


def exported(conversion: Conversion) -> list[onnx.ModelProto]:
    """The graphs of a conversion; refuses, in one line, what the exporter cannot do."""
    told = io.StringIO()  # the exporter prints the whole graph when it fails
    try:
        with conversion.exporting, contextlib.redirect_stdout(told):
            return [graphs.to_onnx(graph, conversion.half) for graph in conversion.graphs]
    except (torch.onnx.errors.OnnxExporterError, RuntimeError) as error:
        reason = " ".join(str(error).split()).split("  [Caused by")[0][:200]
        raise ImportRefused(f"its network cannot be exported to ONNX: {reason}") from error


def used_parameters(graph: graphs.Graph, model: onnx.ModelProto) -> int:
    """Number of learned values in the graph; a network may hold parts that it does not use."""
    kept = {tensor.name for tensor in model.graph.initializer}
    if not any(True for _ in graph.network.parameters()):  # it came as ONNX
        floats = [i for i in model.graph.initializer if i.data_type in (1, 10)]
        return sum(math.prod(tensor.dims) for tensor in floats)
    return sum(value.numel() for name, value in graph.network.named_parameters() if name in kept)


def entry_id(out: Path) -> str:
    """The folder's name in the letters that an id may have."""
    return re.sub(r"[^a-z0-9.-]+", "-", out.resolve().name.lower()).strip("-.") or "imported"


def file_sha256(file: Path) -> str:
    """SHA-256 of a file in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
