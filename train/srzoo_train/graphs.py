"""Networks as ONNX graphs: dynamic sizes, fp16 weights under their PyTorch names, checked."""

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from .rewritten import rewritten

OPSET = 17
# Free axes of each tensor; capitals are sizes of the high-resolution grid.
AXES = {
    **dict.fromkeys(("lr", "features", "damage"), {0: "n", 2: "h", 3: "w"}),
    # Latents, each on a grid of its own.
    **{f"z{i}": {0: "n", 2: f"h{i}", 3: f"w{i}"} for i in range(4)},
    **dict.fromkeys(
        ("x", "condition", "prediction", "sr", "estimate", "residual"), {0: "n", 2: "H", 3: "W"}
    ),
    **dict.fromkeys(("t", "level", "restore", "logdet"), {0: "n"}),
}
PARITY = 2e-5  # largest difference, as a part of the output's largest value (at least 1)
SUMMED = 5.0   # times as much for one number per item, such as a log-determinant: rounding adds up over pixels


class ExportError(RuntimeError):
    """A graph that does not compute what PyTorch computes, or a run that cannot be exported."""


@dataclass(frozen=True)
class Graph:
    """A network and how it is called: `draw(height, width, n)` makes inputs of an LR size."""

    name: str
    network: nn.Module
    draw: Callable[[int, int, int], dict[str, Tensor]]
    outputs: dict[str, int]  # name -> index among the network's outputs

    def call(self, inputs: dict[str, Tensor]) -> tuple[Tensor, ...]:
        """The outputs that the graph has, in its order."""
        with torch.no_grad():
            return _picked(self.network(*inputs.values()), self.outputs)


class _Called(nn.Module):
    """The network with the outputs of its graph."""

    def __init__(self, network: nn.Module, outputs: dict[str, int]):
        super().__init__()
        self.network = network
        self.outputs = outputs

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return _picked(self.network(*inputs), self.outputs)


def _picked(found: Tensor | tuple[Tensor, ...], outputs: dict[str, int]) -> tuple[Tensor, ...]:
    given = (found,) if isinstance(found, Tensor) else found
    return tuple(given[place] for place in outputs.values())


def low_images(restores: bool) -> Callable[[int, int, int], dict[str, Tensor]]:
    """A function that draws the inputs of an encoder: `lr`, and `restore` if it has that input."""

    def draw(height: int, width: int, n: int) -> dict[str, Tensor]:
        dial = {"restore": torch.rand(n)} if restores else {}
        return {"lr": torch.rand(n, 3, height, width) * 2 - 1, **dial}

    return draw


def halved(network: nn.Module) -> nn.Module:
    """A copy whose weights are rounded to fp16, so that fp32 arithmetic on them is exact."""
    network = copy.deepcopy(network).cpu().float().eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        parameter.data = parameter.data.half().float()
        if not torch.isfinite(parameter).all():
            raise ExportError(f"cannot export {name}: it has values that do not fit fp16")
    return network


def to_onnx(graph: Graph, half: bool = True) -> onnx.ModelProto:
    """The ONNX graph; with `half`, weights are fp16 and cast to fp32 when the graph is loaded."""
    inputs = graph.draw(8, 8, 2)
    buffer = BytesIO()
    with warnings.catch_warnings():
        # The exporter on TorchScript needs no package beyond torch and keeps parameter names.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            # The exporter restores a module's mode: in training mode, dropout would be on again.
            _Called(rewritten(graph.network), graph.outputs).eval(),
            tuple(inputs.values()),
            buffer,
            dynamo=False,
            do_constant_folding=False,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=list(graph.outputs),
            dynamic_axes={name: AXES[name] for name in (*inputs, *graph.outputs)},
        )
    model = onnx.load_from_string(buffer.getvalue())
    _name_weights(model, graph.network, half)
    onnx.checker.check_model(model)
    return model


def _name_weights(model: onnx.ModelProto, network: nn.Module, half: bool) -> None:
    """One initializer for each parameter, under its own name."""
    weights = dict(network.named_parameters())
    exported = {f"network.{name}" for name in weights}
    # The exporter shares equal initializers through Identity nodes; each gets its own again.
    kept = [n for n in model.graph.node if n.op_type != "Identity" or n.output[0] not in exported]
    suffix = ".fp32" if half else ""
    for node in kept:
        node.input[:] = [
            f"{name.removeprefix('network.')}{suffix}" if name in exported else name
            for name in node.input
        ]
    used = {name for node in kept for name in node.input}
    names = [name for name in weights if name + suffix in used]
    dtype = np.float16 if half else np.float32
    own = [numpy_helper.from_array(weights[n].detach().numpy().astype(dtype), n) for n in names]
    casts = [
        helper.make_node("Cast", [name], [f"{name}.fp32"], to=TensorProto.FLOAT)
        for name in names
    ]
    rest = [i for i in model.graph.initializer if i.name not in exported]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend((casts if half else []) + kept)
    model.graph.initializer.extend(own + rest)


def session(model: onnx.ModelProto, quiet: bool = False):
    """An ONNX Runtime session on one CPU thread; a quiet one logs no failed runs."""
    try:
        import onnxruntime
    except ImportError:
        raise ExportError(
            "cannot check the graphs: the package onnxruntime is not installed; export on a "
            "machine that has it, out of the same run"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4 if quiet else 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def run(opened, graph: Graph, inputs: dict[str, Tensor]) -> list[np.ndarray]:
    """Outputs of the graph, in its order."""
    feeds = {name: value.numpy() for name, value in inputs.items()}
    return opened.run(list(graph.outputs), feeds)


def check_parity(graph: Graph, model: onnx.ModelProto, limit: float = PARITY) -> float:
    """The largest difference from PyTorch over three sizes and a batch; refuses more than the limit."""
    opened, worst = session(model), 0.0
    for size in ((8, 8, 1), (12, 18, 2), (26, 16, 1)):
        inputs = graph.draw(*size)
        for name, wanted, got in zip(graph.outputs, graph.call(inputs), run(opened, graph, inputs)):
            if wanted.shape != got.shape:
                raise ExportError(
                    f"cannot export {graph.name}: its output {name} at {size} is {list(got.shape)}, "
                    f"and PyTorch's is {list(wanted.shape)}"
                )
            error = np.abs(wanted.numpy() - got).max() / max(1.0, float(wanted.abs().max()))
            allowed = limit * SUMMED if wanted.ndim == 1 else limit
            if not error <= allowed:
                raise ExportError(
                    f"cannot export {graph.name}: its output {name} at {size} differs from "
                    f"PyTorch by {error:.2g} of its range; allowed is {allowed}"
                )
            worst = max(worst, float(error))
    return worst


SIDES = (96, 192, 384)  # LR sides of images for `radius`; the next is tried if it exceeds half of one


def radius(graph: Graph, period: int = 2) -> int:
    """How many LR pixels away an input pixel still affects an output: exact, by following a NaN.

    Args:
        period: of the grid on which the network works; NaNs are followed from as many neighbouring pixels.

    Raises:
        ExportError: if it exceeds about half of the largest image.
    """
    for side in SIDES:
        reach = max(_reached(graph, side, at) for at in range(side // 2, side // 2 + period))
        if reach < side // 2 - period:
            return reach
    raise ExportError(f"cannot tell the radius of {graph.name}: it exceeds {side // 2 - period}")


def _reached(graph: Graph, side: int, at: int) -> int:
    """How many LR pixels a NaN at one of them reaches in an image of that side, which limits the answer."""
    inputs = {name: value.clone() for name, value in graph.draw(side, side, 1).items()}
    for value in inputs.values():
        if value.ndim == 4:
            ratio = value.shape[3] // side
            value[..., at * ratio : (at + 1) * ratio, at * ratio : (at + 1) * ratio] = torch.nan
    # Without oneDNN, whose Winograd kernels would spread the NaN over their own tiles.
    with warnings.catch_warnings(action="ignore"), torch.backends.mkldnn.flags(enabled=False):
        outputs = graph.call(inputs)
    hits = [
        value.isnan().any(1)[0].any(0).nonzero().flatten() // (value.shape[3] // side) for value in outputs
    ]
    return max(max(int(hit.max()) - at, at - int(hit.min())) for hit in hits)
