"""Int8 graphs: static QDQ of the convolutions, a scale per channel, calibrated on photographs."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor

from . import graphs, networks, objectives
from .data.crops import Crops
from .graphs import ExportError, Graph
from .recipe import Recipe
from .schedule import add_noise
from .data.store import Store

BATCHES, BATCH, SIDE = 12, 4, 32  # calibration: batches of crops of so many LR pixels square
LOSS = 0.1  # largest root mean square error, as a part of that of the output


def calibration(recipe: Recipe, store: Store, scale: float) -> Iterator[dict[str, Tensor]]:
    """`lr`, `x`, `t` and `features` as the graphs meet them: crops, noised to random levels."""
    crops = Crops(store, "train", SIDE, recipe.seed, recipe.data)
    draws = torch.Generator().manual_seed(recipe.seed)
    objective = None
    if recipe.family == "srdiff":
        objective = objectives.Residuals(recipe, networks.encoder_of(recipe), scale)
    for step in range(BATCHES):
        lr, hr, _ = crops.batch(step, range(BATCH)).on("cpu")
        found = {"lr": lr}
        if objective:
            features, base = objective.encode(lr)
            t = torch.randint(recipe.diffusion_steps, (BATCH,), generator=draws)
            noise = torch.randn(hr.shape, generator=draws)
            x = add_noise(objective.residual(hr, base), noise, objective.level(t))
            found |= {"x": x, "t": t.float(), "features": features}
        yield found


def to_int8(graph: Graph, samples: list[dict[str, Tensor]]) -> onnx.ModelProto:
    """The graph with int8 convolutions; refuses one that lost too much."""
    from onnxruntime.quantization import (
        CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static,
    )

    names = list(graph.draw(8, 8, 1))
    feeds = [{name: sample[name].numpy() for name in names} for sample in samples]

    class Samples(CalibrationDataReader):
        def __init__(self):
            self.left = iter(feeds)

        def get_next(self):
            return next(self.left, None)

    exact = graphs.to_onnx(graph, half=False)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        onnx.save(exact, source)
        quantize_static(
            source, target, Samples(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        model = onnx.load(target)
    _check_loss(graph, graphs.session(exact), graphs.session(model), samples[-1])
    return model


def _check_loss(graph: Graph, exact, rounded, sample: dict[str, Tensor]) -> None:
    inputs = {name: sample[name] for name in graph.draw(8, 8, 1)}
    pairs = zip(graphs.run(exact, graph, inputs), graphs.run(rounded, graph, inputs))
    for name, (wanted, got) in zip(graph.outputs, pairs):
        error = float(np.sqrt(np.mean((wanted - got) ** 2) / np.mean(wanted**2)))
        if not error <= LOSS:
            raise ExportError(
                f"cannot export {graph.name} as int8: its output {name} is off by {error:.2g} of "
                f"its size; allowed is {LOSS}. Export without --int8"
            )
