"""Int8 graphs: static QDQ of the convolutions, a scale per channel, calibrated on photographs."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from . import families, graphs
from .data.crops import Crops
from .data.store import Store
from .diffusion import Chain
from .graphs import ExportError, Graph
from .recipe import Stage
from .run import Run
from .schedule import add_noise

BATCHES, BATCH, SIDE = 12, 4, 32  # calibration: batches of crops of so many LR pixels square
LOSS = 0.1  # largest root mean square error, as a part of that of the output


def calibration(run: Run, store: Store) -> Iterator[dict[str, Tensor]]:
    """Inputs of the graphs as they meet them: crops, noised to random levels."""
    recipe = run.recipe
    crops = Crops(store, "train", SIDE, recipe.seed, recipe.data)
    draws = torch.Generator().manual_seed(recipe.seed)
    stage = Stage(families.of(recipe).LOSSES[0])
    objective = families.of(recipe).objective(
        recipe, stage, run.encoder(), run.state["residual_scale"], None
    )
    for step in range(BATCHES):
        lr, hr, restore = crops.batch(step, range(BATCH)).on("cpu")
        found = {"lr": lr, **({} if restore is None else {"restore": restore})}
        if isinstance(objective, Chain):
            fed, base = objective.given(lr, restore)
            t = torch.randint(recipe.diffusion_steps, (BATCH,), generator=draws)
            noise = torch.randn(hr.shape, generator=draws)
            x = add_noise(objective.residual(hr, base), noise, objective.level(t))
            level = objective.alpha_bar[t].sqrt()
            found |= {"x": x, "t": t.float(), "level": level}
            found |= dict(zip(("features" if run.recipe.encoder else "condition",), fed))
        yield found


def keep_weights(file: Path, network: nn.Module) -> None:
    """The fp16 weights that an int8 graph has lost, to go on from."""
    save_file({name: p.detach().half().contiguous() for name, p in network.named_parameters()}, file)


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
