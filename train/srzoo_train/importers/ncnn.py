"""Networks of ncnn, a `.param` file with its `.bin` beside it, as ONNX graphs.

The text lists layers, `Type name inputs outputs INPUTS OUTPUTS key=value...`, and the binary holds
their weights in the same order. It supports the layers of plain super-resolution networks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .ordinary_file import checked_file
from .system import ImportRefused

MAGIC = "7767517"
HALF = 0x01306B47  # before weights in fp16
OPSET = 17
LARGEST, LARGEST_TEXT = 2**31, 2**24  # bytes of the files


@dataclass(frozen=True)
class Layer:
    """One line of the text; `options` by the numbers that ncnn gives them."""

    kind: str
    name: str
    inputs: list[str]
    outputs: list[str]
    options: dict[int, list[float]]

    def number(self, key: int, usual: float = 0) -> float:
        return self.options.get(key, [usual])[0]


class Weights:
    """The binary file, read from its beginning."""

    def __init__(self, data: bytes):
        self._data, self._at = data, 0

    def flagged(self, count: int) -> np.ndarray:
        """Weights after a word that states their type."""
        flag = int(self._take(np.uint32, 1)[0])
        if flag == HALF:
            found = self._take(np.float16, count)
            self._at += -self._at % 4
            return found.astype(np.float32)
        if flag != 0:
            raise ImportRefused(f"its weights are of ncnn's type {flag:#x}; known are fp32 and fp16")
        return self.plain(count)

    def plain(self, count: int) -> np.ndarray:
        return self._take(np.float32, count)

    def _take(self, kind: type, count: int) -> np.ndarray:
        size = np.dtype(kind).itemsize * count
        if count < 0:
            raise ImportRefused(f"its .param asks for {count} weights")
        if self._at + size > len(self._data):
            raise ImportRefused("its .bin is shorter than its .param says")
        found = np.frombuffer(self._data, kind, count, self._at)
        self._at += size
        return found

    def check_end(self) -> None:
        if self._at != len(self._data):
            raise ImportRefused("its .bin is longer than its .param says")


@dataclass
class Draft:
    """The ONNX graph so far."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[TensorProto] = field(default_factory=list)

    def add(self, kind: str, inputs: list[str], output: str, **attributes) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def hold(self, name: str, values: np.ndarray | list[float]) -> str:
        self.weights.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name


def read(path: Path) -> onnx.ModelProto:
    """The ONNX graph of a `.param` file; raises ImportRefused with the reason."""
    try:
        return graph_of(path)
    except ImportRefused:
        raise
    # The text has numbers that no layer can have: sizes of 0, infinity, too few inputs.
    except (ArithmeticError, LookupError, ValueError, TypeError, onnx.checker.ValidationError) as error:
        reason = " ".join(f"{error}".split())[:200]
        raise ImportRefused(f"a layer of it is damaged: {reason or type(error).__name__}") from error


def graph_of(path: Path) -> onnx.ModelProto:
    """The graph of a `.param` file; a damaged layer may raise any error."""
    binary = path.with_suffix(".bin")
    checked_file(path, LARGEST_TEXT)
    if not binary.is_file():
        raise ImportRefused(f"its weights {binary.name} are not beside it")
    checked_file(binary, LARGEST)
    layers = layers_of(path.read_text(errors="replace"))
    weights, draft = Weights(binary.read_bytes()), Draft()
    for layer in layers:
        if layer.kind != "Input":
            LAYERS[layer.kind](layer, draft, weights)
    weights.check_end()
    free = sorted({o for l in layers for o in l.outputs} - {i for l in layers for i in l.inputs})
    given = [o for l in layers if l.kind == "Input" for o in l.outputs]
    if len(given) != 1 or len(free) != 1:
        raise ImportRefused(f"it has {len(given)} inputs and {len(free)} outputs; an image becomes an image "
                            "with one of each")
    told = lambda name, *sides: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, *sides])
    graph = helper.make_graph(
        draft.nodes, path.stem, [told(given[0], "h", "w")], [told(free[0], "H", "W")], draft.weights
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def layers_of(text: str) -> list[Layer]:
    """The layers of the text, all of them known."""
    lines = text.split("\n")
    if lines[0].strip() != MAGIC:
        raise ImportRefused(f"it does not begin with {MAGIC}, as ncnn's text files do")
    try:
        layers = [_layer(line.split()) for line in lines[2:] if line.strip()]
    except (ValueError, IndexError):
        raise ImportRefused("a line of it is damaged") from None
    unknown = sorted({layer.kind for layer in layers} - {"Input", *LAYERS})
    if unknown:
        raise ImportRefused(f"it has layers {', '.join(unknown)}; known are {', '.join(LAYERS)}")
    return layers


def _layer(words: list[str]) -> Layer:
    kind, name, inputs, outputs = words[0], words[1], int(words[2]), int(words[3])
    blobs, options = words[4 : 4 + inputs + outputs], {}
    if min(inputs, outputs) < 0 or len(blobs) != inputs + outputs:
        raise ValueError("a layer without the inputs and outputs that it counts")
    for word in words[4 + inputs + outputs :]:
        key, value = word.split("=")
        values = [float(part) for part in value.split(",")]
        # Keys of lists are written as -23300 - key; the list begins with its length.
        options.update({-23300 - int(key): values[1:]} if int(key) < -23299 else {int(key): values})
    return Layer(kind, name, blobs[:inputs], blobs[inputs:], options)


def _convolution(layer: Layer, draft: Draft, weights: Weights) -> None:
    outputs, size = int(layer.number(0)), int(layer.number(1))
    total, pad = int(layer.number(6)), int(layer.number(4))
    shape = (outputs, total // (outputs * size * size), size, size)
    inputs = [*layer.inputs, draft.hold(f"{layer.name}.weight", weights.flagged(total).reshape(shape))]
    if layer.number(5):
        inputs.append(draft.hold(f"{layer.name}.bias", weights.plain(outputs)))
    active = int(layer.number(9))
    if active not in ACTIVATIONS:
        raise ImportRefused(f"the layer {layer.name} has ncnn's activation {active}; known are "
                            f"{', '.join(map(str, ACTIVATIONS))}")
    plain = f"{layer.name}.plain" if active else layer.outputs[0]
    draft.add("Conv", inputs, plain, pads=[pad] * 4, strides=[int(layer.number(3, 1))] * 2,
              dilations=[int(layer.number(2, 1))] * 2, kernel_shape=[size, size])
    if active:
        slope = {"alpha": layer.number(10)} if active == 2 else {}
        draft.add(ACTIVATIONS[active], [plain], layer.outputs[0], **slope)


def _prelu(layer: Layer, draft: Draft, weights: Weights) -> None:
    slopes = weights.plain(int(layer.number(0))).reshape(-1, 1, 1)
    draft.add("PRelu", [*layer.inputs, draft.hold(f"{layer.name}.slope", slopes)], layer.outputs[0])


def _split(layer: Layer, draft: Draft, _: Weights) -> None:
    for output in layer.outputs:
        draft.add("Identity", layer.inputs, output)


def _concat(layer: Layer, draft: Draft, _: Weights) -> None:
    draft.add("Concat", layer.inputs, layer.outputs[0], axis=1 + int(layer.number(0)))


def _eltwise(layer: Layer, draft: Draft, _: Weights) -> None:
    if layer.number(0) != 1:
        raise ImportRefused(f"the layer {layer.name} is not a sum")
    terms = list(layer.inputs)
    for i, factor in enumerate(layer.options.get(1, [])):
        if factor != 1:
            by = draft.hold(f"{layer.name}.factor{i}", factor)
            terms[i] = draft.add("Mul", [terms[i], by], f"{layer.name}.term{i}")
    draft.add("Sum", terms, layer.outputs[0])


def _binary(layer: Layer, draft: Draft, _: Weights) -> None:
    kind = {0: "Add", 1: "Sub", 2: "Mul", 3: "Div"}.get(int(layer.number(0)))
    if kind is None or len(layer.inputs) != 2:
        raise ImportRefused(f"the layer {layer.name} is not the sum, difference, product or ratio of two")
    draft.add(kind, layer.inputs, layer.outputs[0])


def _interp(layer: Layer, draft: Draft, _: Weights) -> None:
    if layer.number(0) != 1:
        raise ImportRefused(f"the layer {layer.name} does not repeat pixels")
    scales = draft.hold(f"{layer.name}.scales", [1, 1, layer.number(1, 1), layer.number(2, 1)])
    draft.add("Resize", [*layer.inputs, "", scales], layer.outputs[0], mode="nearest",
              coordinate_transformation_mode="asymmetric", nearest_mode="floor")


def _shuffle(layer: Layer, draft: Draft, _: Weights) -> None:
    draft.add("DepthToSpace", layer.inputs, layer.outputs[0], blocksize=int(layer.number(0)), mode="CRD")


def _relu(layer: Layer, draft: Draft, _: Weights) -> None:
    slope = layer.number(0)
    draft.add("LeakyRelu" if slope else "Relu", layer.inputs, layer.outputs[0], **({"alpha": slope} if slope else {}))


ACTIVATIONS = {0: "", 1: "Relu", 2: "LeakyRelu"}
LAYERS: dict[str, Callable[[Layer, Draft, Weights], None]] = {
    "Convolution": _convolution,
    "PReLU": _prelu,
    "ReLU": _relu,
    "Split": _split,
    "Concat": _concat,
    "Eltwise": _eltwise,
    "BinaryOp": _binary,
    "Interp": _interp,
    "PixelShuffle": _shuffle,
}
