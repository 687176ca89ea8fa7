"""ONNX files of unknown origin, read by their signature: one image in, one larger image out.

Channels, layout, scale, range and the sides that the graph takes are found by running it on an image
whose enlargement is known: a smooth one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, compose, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

from ..graphs import PARITY, Graph, session
from .ordinary_file import checked_file
from .system import Conversion, ImportRefused

MOST = 2**31 - 1     # bytes of a protobuf
ENDLESS = {"Loop", "Scan", "SequenceMap"}
OPSETS = range(11, 24)
TYPES = {TensorProto.FLOAT: np.float32, TensorProto.FLOAT16: np.float16}
# Ranges that images may have, the most common first, as value = gain * v + offset of v in [0, 1].
RANGES = {"[0, 1]": (1.0, 0.0), "[-1, 1]": (2.0, -1.0), "[0, 255]": (255.0, 0.0)}
# Mean difference in [-1, 1] from a smooth image's enlargement, above which the range stays unknown.
LIKENESS = 0.24
# By how much a range must be better than a more common one.
MARGIN = 0.01
MULTIPLES = (1, 2, 4, 8, 16, 32, 64)
# How far the graph reaches is unknown, so tiles are blended. Low-resolution pixels.
TILE, OVERLAP = 128, 16


@dataclass(frozen=True)
class Signature:
    """How the graph takes images."""

    model: onnx.ModelProto
    gray: bool
    last: bool       # whether channels come last
    dtype: int       # of TensorProto
    batch: bool      # whether it takes any number of images
    gain: float = 1.0
    offset: float = 0.0
    multiple: int = 1
    scale: int = 1
    fixed: tuple[int, ...] = ()  # the sides that its input claims to have, if it claims any


def convert(model: onnx.ModelProto, name: str, system: str = "ONNX") -> Conversion:
    """Finds out what a card must say of the graph."""
    signature = probed(signature_of(model))
    told = next(name for name, ends in RANGES.items() if ends == (signature.gain, signature.offset))
    network = Original(signature)
    up = lambda pixels: -(-pixels // signature.multiple) * signature.multiple
    weights = [i.data_type for i in signature.model.graph.initializer if i.data_type in TYPES]
    return Conversion(
        graphs=(Graph("network", network, Draw(signature), {"sr": 0}),),
        card={
            "name": f"{name} x{signature.scale}",
            "description": f"Imported {system} network for {signature.scale} times the size: one answer, "
            "without chance.",
            "family": "regression",
            "scale": signature.scale,
            "licence": {"weights": "not stated by the file", "data": []},
            "tiling": {"size": up(TILE), "overlap": up(OVERLAP), "multiple": signature.multiple,
                       "blended": True},
        },
        notes=(f"it takes {'gray' if signature.gray else 'RGB'} in {told}, sides a multiple of "
               f"{signature.multiple}", "how far it reaches is not known: tiles are blended"),
        system=system,
        half=bool(weights) and all(kind == TensorProto.FLOAT16 for kind in weights),
        models=(wrapped(signature),),
        # ONNX Runtime may leave out roundings to half precision.
        parity=2**-9 if TYPES[signature.dtype] == np.float16 else PARITY,
    )


def read(path: Path) -> onnx.ModelProto:
    """The graph in a file, which must be whole in it and of ONNX's own operators."""
    checked_file(path, MOST)
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf's own kinds of errors
        raise ImportRefused(f"it is damaged or not an ONNX file: {' '.join(str(error).split())[:200]}") from error
    tensors = [*model.graph.initializer, *(a.t for n in model.graph.node for a in n.attribute)]
    if any(tensor.external_data for tensor in tensors):
        raise ImportRefused("it keeps weights in another file; save it with all of them inside")
    foreign = sorted({f"{n.domain}.{n.op_type}" for n in model.graph.node if n.domain not in ("", "ai.onnx")})
    if foreign or model.functions:
        raise ImportRefused(f"it uses operators beyond ONNX's own: {', '.join(foreign) or 'functions'}")
    endless = sorted({node.op_type for node in nodes_in(model.graph)} & ENDLESS)
    if endless:
        raise ImportRefused(f"it has {', '.join(endless)}, which can run without end")
    version = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    if version not in OPSETS:
        raise ImportRefused(f"its opset is {version}; known are {OPSETS.start} to {OPSETS.stop - 1}")
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise ImportRefused(f"it is not a valid graph: {' '.join(str(error).split())[:200]}") from error
    return model


def nodes_in(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Every node, those of inner graphs too."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from nodes_in(inner)


def signature_of(model: onnx.ModelProto) -> Signature:
    """The layout, as types and sizes show it."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) != 1 or len(model.graph.output) != 1:
        raise ImportRefused(f"it has {len(inputs)} inputs and {len(model.graph.output)} outputs; an "
                            "image becomes an image with one of each")
    kind = inputs[0].type.tensor_type
    if kind.elem_type not in TYPES:
        raise ImportRefused("its input is not of fp32 or fp16 numbers")
    if model.graph.output[0].type.tensor_type.elem_type != kind.elem_type:
        raise ImportRefused("its output is of another type of numbers than its input")
    dims = [dim.dim_value if dim.HasField("dim_value") else 0 for dim in kind.shape.dim]
    if len(dims) != 4:
        raise ImportRefused(f"its input has {len(dims)} sizes; an image has 4: n, channels, height, width")
    last = dims[1] not in (1, 3) and dims[3] in (1, 3)
    channels = dims[3] if last else dims[1]
    sides = dims[1:3] if last else dims[2:]
    if channels not in (1, 3):
        raise ImportRefused(f"its input is {dims}; an image has 1 or 3 channels, in the second or last place")
    fixed = tuple(sides) if any(sides) else ()
    if fixed or (channels == 1 and dims[0]):
        model = freed(model, last)
        dims[0] = 0
    return Signature(model, channels == 1, last, kind.elem_type, dims[0] == 0, fixed=fixed)


def freed(model: onnx.ModelProto, last: bool) -> onnx.ModelProto:
    """The graph with free batch, height and width: most files state the size they were exported with, but take any."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    del model.graph.value_info[:]
    weights = {tensor.name for tensor in model.graph.initializer}
    inner, = [value for value in model.graph.input if value.name not in weights]
    for value in (inner, model.graph.output[0]):
        dims = value.type.tensor_type.shape.dim
        for place in (0, 1, 2) if last else (0, 2, 3):
            if place < len(dims):
                dims[place].dim_param = f"{value.name}_{place}"
    return model


def probed(signature: Signature) -> Signature:
    """The signature with multiple, scale and range, which are found by running the graph on a smooth image."""
    try:
        opened = session(signature.model, quiet=True)  # sizes that do not fit are expected to fail
    except Exception as error:  # ONNX Runtime has no common kind for graphs that it does not open
        raise ImportRefused(f"ONNX Runtime does not open it: {' '.join(str(error).split())[:200]}") from error
    found = next((m for m in MULTIPLES if scales(opened, signature, m)), None)
    if found is None and signature.fixed:
        raise ImportRefused(f"it only takes images of {list(signature.fixed)}; export it with free height "
                            "and width" + (" and batch" if signature.gray else ""))
    if found is None:
        raise ImportRefused(f"it ran on no image whose sides are multiples of {MULTIPLES[-1]} or less, "
                            "or its output is not a whole number of times as large")
    scale = scales(opened, signature, found)
    signature = replace(signature, batch=signature.batch and takes_two(opened, signature, found))
    side = -(-48 // found) * found
    picture = smooth(side, side)
    truth = F.interpolate(picture, scale_factor=float(scale), mode="bicubic")
    errors = {}
    for name, (gain, offset) in RANGES.items():
        told = replace(signature, gain=gain, offset=offset)
        errors[name] = float((call(opened, told, picture) - truth).abs().mean())
    least = min(error if math.isfinite(error) else math.inf for error in errors.values())
    # A linear network fits every range: the most common comes first.
    name = next((key for key, error in errors.items() if error <= least + MARGIN), None)
    if name is None or errors[name] > LIKENESS:
        raise ImportRefused("its output looks like its input in no known range of values: "
                            + ", ".join(f"{key} {value:.2g} off" for key, value in errors.items()))
    gain, offset = RANGES[name]
    return replace(signature, gain=gain, offset=offset, multiple=found, scale=scale)


def takes_two(opened: Any, signature: Signature, multiple: int) -> bool:
    """Whether two images at once give what each gives alone."""
    side = -(-24 // multiple) * multiple
    one = smooth(side, side)
    try:
        both = call(opened, signature, torch.cat([one, -one]))
        return torch.allclose(both[:1], call(opened, signature, one), atol=1e-2)
    except Exception:  # as in `scales`
        return False


def scales(opened: Any, signature: Signature, multiple: int) -> int:
    """The scale of the output, the same for three sizes; 0 if they differ, or the graph fails."""
    least, found = -(-24 // multiple), set()
    for rows, columns in ((least, least + 1), (least + 3, least), (least + 1, least + 2)):
        height, width = rows * multiple, columns * multiple
        try:
            out = call(opened, signature, smooth(height, width))
        except Exception:  # ONNX Runtime has no common kind for sizes that a graph does not take
            return 0
        scale, rest = divmod(out.shape[2], height)
        found.add(scale if not rest and out.shape == (1, 3, scale * height, scale * width) else 0)
    return found.pop() if len(found) == 1 and max(found) <= 16 else 0


def smooth(height: int, width: int) -> Tensor:
    """An image [1, 3, h, w] in [-1, 1] without detail, with different channels."""
    y = torch.linspace(-0.6, 0.6, height)[:, None]
    x = torch.linspace(-0.6, 0.6, width)[None]
    return torch.stack([x + 0 * y, y + 0 * x, -(x + y) / 2])[None]


def call(opened: Any, signature: Signature, image: Tensor) -> Tensor:
    """The graph's image [n, 3, H, W] of an image, both in [-1, 1]."""
    n, gain, offset = len(image), signature.gain, signature.offset
    x = image * (gain / 2) + (gain / 2 + offset)
    x = x.reshape(-1, 1, *x.shape[2:]) if signature.gray else x
    x = x.permute(0, 2, 3, 1) if signature.last else x
    fed = {opened.get_inputs()[0].name: x.contiguous().numpy().astype(TYPES[signature.dtype])}
    out = torch.from_numpy(opened.run(None, fed)[0].astype(np.float32))
    out = out.permute(0, 3, 1, 2) if signature.last else out
    return out.reshape(n, 3, *out.shape[2:]) * (2 / gain) - (2 * offset / gain + 1)


class Original(nn.Module):
    """The original graph, called with images in [-1, 1]: the wrapped one must compute the same."""

    def __init__(self, signature: Signature):
        super().__init__()
        self.signature, self.opened = signature, session(signature.model)

    def forward(self, lr: Tensor) -> Tensor:
        return call(self.opened, self.signature, lr)


@dataclass(frozen=True)
class Draw:
    """Makes images of sides that the graph takes, for checks."""

    signature: Signature

    def __call__(self, height: int, width: int, n: int) -> dict[str, Tensor]:
        multiple = self.signature.multiple
        h, w = (-(-max(side, 24) // multiple) * multiple for side in (height, width))
        return {"lr": torch.rand(n if self.signature.batch else 1, 3, h, w) * 2 - 1}


def wrapped(signature: Signature) -> onnx.ModelProto:
    """The graph with `lr` and `sr` [n, 3, h, w] in [-1, 1] around it."""
    model = compose.add_prefix(signature.model, "net/")
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    inner, = [value.name for value in graph.input if value.name not in weights]
    outer = graph.output[0].name
    half = TYPES[signature.dtype] == np.float16
    constants, before, after = [], [], []

    def add(nodes: list, kind: str, value: str, operand: Any = None, **attributes: Any) -> str:
        """One node; a number or a shape becomes an initializer."""
        made = f"wrap/{len(before) + len(after)}"
        inputs = [value]
        if operand is not None:
            array = np.array(operand, np.float32 if isinstance(operand, float) else np.int64)
            constants.append(numpy_helper.from_array(array, f"{made}/operand"))
            inputs.append(constants[-1].name)
        nodes.append(helper.make_node(kind, inputs, [made], **attributes))
        return made

    # The range's gain and offset apply to (lr + 1) / 2, which is in [0, 1].
    x = add(before, "Mul", "lr", signature.gain / 2)
    x = add(before, "Add", x, signature.gain / 2 + signature.offset)
    x = add(before, "Reshape", x, [-1, 1, 0, 0]) if signature.gray else x
    x = add(before, "Transpose", x, perm=[0, 2, 3, 1]) if signature.last else x
    x = add(before, "Cast", x, to=TensorProto.FLOAT16) if half else x
    before.append(helper.make_node("Identity", [x], [inner]))
    y = add(after, "Cast", outer, to=TensorProto.FLOAT) if half else outer
    y = add(after, "Transpose", y, perm=[0, 3, 1, 2]) if signature.last else y
    y = add(after, "Reshape", y, [-1, 3, 0, 0]) if signature.gray else y
    y = add(after, "Mul", y, 2 / signature.gain)
    y = add(after, "Add", y, -2 * signature.offset / signature.gain - 1)
    after.append(helper.make_node("Identity", [y], ["sr"]))

    nodes = [*before, *graph.node, *after]
    del graph.node[:], graph.input[:], graph.output[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(constants)
    batch = "n" if signature.batch else 1
    graph.input.append(helper.make_tensor_value_info("lr", TensorProto.FLOAT, [batch, 3, "h", "w"]))
    graph.output.append(helper.make_tensor_value_info("sr", TensorProto.FLOAT, [batch, 3, "H", "W"]))
    onnx.checker.check_model(model)
    return model
