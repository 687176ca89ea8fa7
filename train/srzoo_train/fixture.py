"""Recorded inputs and outputs of an entry's graphs, as safetensors: what a self-check repeats."""

import json
import struct

import numpy as np
import onnx
import torch

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
    return safetensors(tensors)


def safetensors(tensors: dict[str, np.ndarray]) -> bytes:
    """The bytes of a safetensors file: length of the header, header in JSON, then the numbers."""
    kinds = {np.dtype(np.float32): "F32", np.dtype(np.float16): "F16"}
    header, blobs, at = {}, [], 0
    for name, value in tensors.items():
        blobs.append(np.ascontiguousarray(value).tobytes())
        span = [at, at + len(blobs[-1])]
        header[name] = {
            "dtype": kinds[value.dtype], "shape": list(value.shape), "data_offsets": span,
        }
        at = span[1]
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(blobs)


def read_safetensors(data: bytes) -> dict[str, np.ndarray]:
    """Tensors by name out of the bytes of a safetensors file with F32 and F16."""
    (length,) = struct.unpack("<Q", data[:8])
    kinds = {"F32": np.float32, "F16": np.float16}
    body = data[8 + length :]
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], kinds[entry["dtype"]])
        .reshape(entry["shape"])
        for name, entry in json.loads(data[8 : 8 + length]).items()
        if name != "__metadata__"
    }
