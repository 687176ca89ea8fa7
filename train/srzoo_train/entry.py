"""Writes an entry of the zoo, whole or not at all."""

import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx

from . import card, fixture, graphs
from .graphs import Graph
from .origins import ROOT

FLOATS = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16}
MADE = {".onnx", ".safetensors"}  # files that an export replaces, besides model.yml


@contextmanager
def folder_of(target: Path) -> Iterator[Path]:
    """A hidden folder that replaces `target` if all goes well; files that users put into `target` are kept."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part, old = (target.with_name(f".{target.name}.{end}") for end in ("part", "old"))
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        yield part
        made = {file.name for file in part.iterdir()}
        for file in target.iterdir() if target.is_dir() else []:
            if file.name not in made and file.suffix not in MADE:
                shutil.move(file, part / file.name)
        shutil.rmtree(old, ignore_errors=True)
        if target.is_dir():
            target.rename(old)
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def write_graphs(
    folder: Path, found: dict[str, Graph], models: dict[str, onnx.ModelProto], precision: str
) -> dict:
    """Writes graphs and their fixture; returns the card's keys `graphs` and `fixture`."""
    recorded = fixture.record({name: (found[name], models[name]) for name in found})
    (folder / "fixture.safetensors").write_bytes(recorded)
    facts = {}
    for name, model in models.items():
        data = model.SerializeToString()
        (folder / f"{name}.onnx").write_bytes(data)
        facts[name] = card.graph_facts(f"{name}.onnx", data, precision, used_parameters(found[name], model))
    return {
        "graphs": facts,
        "fixture": {"file": "fixture.safetensors", "sha256": card.sha256(recorded)},
    }


def checked_models(
    found: dict[str, Graph], half: bool, tell: Callable[[str], None]
) -> dict[str, onnx.ModelProto]:
    """The graphs as ONNX, after comparing each with PyTorch."""
    models = {name: graphs.to_onnx(graph, half) for name, graph in found.items()}
    for name, graph in found.items():
        tell(f"{name}: differs from PyTorch by {graphs.check_parity(graph, models[name]):.1e} of its range")
    return models


def write_card(folder: Path, written: dict) -> None:
    """Writes a card after checking it against the schema."""
    card.check_schema(written, ROOT / "zoo" / "model.schema.json")
    card.write_yaml(folder / "model.yml", written)


def used_parameters(graph: Graph, model: onnx.ModelProto) -> int:
    """Number of learned values in the graph; a network may hold parameters that it does not use."""
    if next(graph.network.parameters(), None) is None:  # it came as ONNX
        floats = [tensor for tensor in model.graph.initializer if tensor.data_type in FLOATS]
        return sum(math.prod(tensor.dims) for tensor in floats)
    kept = {tensor.name for tensor in model.graph.initializer}
    used = [value.numel() for name, value in graph.network.named_parameters() if name in kept]
    return sum(used) or sum(value.numel() for value in graph.network.parameters())
