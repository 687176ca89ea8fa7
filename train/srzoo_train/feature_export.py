"""Networks of torchvision's weights as ONNX graphs for the bench."""

import warnings
from io import BytesIO
from pathlib import Path

import torch
from torch import Tensor, nn


class ExportFailed(RuntimeError):
    """Weights that are missing, or not the expected ones."""


def checkpoint(folder: Path | None, pattern: str) -> Path:
    """torchvision's checkpoint, in the given folder or where `torch.hub` keeps it."""
    place = folder or Path(torch.hub.get_dir()) / "checkpoints"
    found = sorted(place.glob(pattern))
    if found:
        return found[0]
    raise ExportFailed(
        f"there is no {pattern} in {place}: let torchvision fetch it where it can (it does when a "
        f"model is made with weights), or give --weights FOLDER"
    )


def save_graph(
    network: nn.Module,
    inputs: dict[str, Tensor],
    outputs: list[str],
    axes: dict[str, dict[int, str]],
) -> bytes:
    """The ONNX file of a network; `axes` names the free sizes of inputs and outputs."""
    buffer = BytesIO()
    with warnings.catch_warnings():
        # The exporter on TorchScript needs no package beyond torch.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            buffer,
            dynamo=False,
            opset_version=17,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes=axes,
        )
    return buffer.getvalue()
