"""Exports a network to ONNX and proves that ONNX Runtime computes the same."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from .system import Conversion, ImportRefused, Network

# torch's exporter by tracing was found the exacter and faster of its two for these networks.
OPSET = 17
# Largest difference between torch and ONNX Runtime, relative to the largest output above 1.
TOLERANCE = 2e-5


@dataclass(frozen=True)
class Parity:
    """What a check of one graph found."""

    difference: float
    sizes: tuple[tuple[int, ...], ...]


def export(network: Network, file: Path, size: tuple[int, int, int]) -> None:
    """Writes the graph with free batch and size."""
    axes = (*network.inputs, *network.outputs)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.module,
            network.example(*size),
            str(file),
            opset_version=OPSET,
            input_names=[axis.name for axis in network.inputs],
            output_names=[axis.name for axis in network.outputs],
            dynamic_axes={axis.name: dict(axis.dynamic) for axis in axes},
            dynamo=False,
        )


def check_parity(name: str, network: Network, file: Path, conversion: Conversion) -> Parity:
    """Compares torch with ONNX Runtime at two sizes and batches; refuses a graph that differs."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    worst, sizes = 0.0, check_sizes(conversion)
    for size in sizes:
        inputs = network.example(*size)
        with torch.no_grad():
            expected = as_list(network.module(*inputs))
        feeds = {axis.name: tensor.numpy()
                 for axis, tensor in zip(network.inputs, inputs, strict=True)}
        for axis, want, got in zip(network.outputs, expected, session.run(None, feeds), strict=True):
            found = difference(want.numpy(), got)
            if not found <= TOLERANCE:
                raise ImportRefused(
                    f"the graph {name} differs from torch by {found:.2g} in {axis.name} at "
                    f"{size}, more than {TOLERANCE:.0e}; its weights may hold NaN or huge values"
                )
            worst = max(worst, found)
    return Parity(worst, sizes)


def check_sizes(conversion: Conversion) -> tuple[tuple[int, int, int], ...]:
    """Two (batch, LR height, LR width), one square and small, one larger and wide."""
    unit = conversion.multiple
    small = -(-max(8, conversion.minimum) // unit) * unit
    return (1, small, small), (2, small + unit, small + 3 * unit)


def difference(expected: np.ndarray, actual: np.ndarray) -> float:
    """Largest difference, relative where values exceed 1; NaN if either holds one."""
    return float(np.abs(expected - actual).max() / max(1.0, np.abs(expected).max()))


def as_list(outputs: object) -> list[torch.Tensor]:
    """One output or several, as a list."""
    return [outputs] if isinstance(outputs, torch.Tensor) else list(outputs)
