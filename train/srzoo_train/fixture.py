"""Recorded inputs and outputs of an entry's graphs, as safetensors, which a self-check repeats."""

import numpy as np
import onnx
import torch
from safetensors.numpy import save

from . import graphs

SIDE = 8  # LR pixels


def record(found: dict[str, tuple[graphs.Graph, onnx.ModelProto]]) -> bytes:
    """`<graph>/in/<input>` and `<graph>/out/<output>` of every graph, run by ONNX Runtime."""
    tensors = {}
    torch.manual_seed(0)
    for name, (graph, model) in found.items():
        inputs = graph.draw(SIDE, SIDE, 1)
        outputs = graphs.run(graphs.session(model), graph, inputs)
        tensors |= {f"{name}/in/{key}": value.numpy() for key, value in inputs.items()}
        tensors |= {f"{name}/out/{key}": value for key, value in zip(graph.outputs, outputs)}
    return save({name: np.ascontiguousarray(value) for name, value in tensors.items()})
