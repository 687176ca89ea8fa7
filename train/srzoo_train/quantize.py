"""Int8 graphs: static QDQ of the convolutions, a scale per channel, calibrated on training crops.

`python -m srzoo_train.quantize ENTRY --data STORE` adds int8 graphs to an entry.
"""

import argparse
import contextlib
import io
import json
import logging
import math
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, numpy_helper
from safetensors.numpy import load_file, save
from safetensors.torch import save_file
from torch import Tensor, nn

from . import card, families, fixture, graphs
from .data.crops import Crops
from .data.store import Store
from .diffusion import Chain
from .graphs import ExportError, Graph
from .noise_schedule import alpha_bar_of
from .recipe import Data, Stage
from .run import Run
from .schedule import add_noise

BATCHES, BATCH, SIDE = 12, 4, 32  # calibration: batches of crops of so many LR pixels square
LOSS = 0.2  # largest root mean square error, relative to the output: the images are judged afterwards
# Activations and sums between convolutions become int8 too; what FiLM multiplies stays float.
QUANTISED = ["Conv", "Relu", "Add"]
# By graph, the convolutions that stay float, since they read or make an image of 8 bits rather than noise.
FLOAT = {"network": (0, -1), "encoder": (0, -1)}
COVERED = 99.99  # percent of an activation's values that its range holds: the rest are outliers
LEAST = 256  # smaller weights stay fp32

FIXTURE = "fixture.int8.safetensors"

Feeds = list[dict[str, np.ndarray]]


def calibration(run: Run, store: Store) -> Iterator[dict[str, Tensor]]:
    """Inputs of the graphs as in use: crops, noised to random levels."""
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
    """Keeps the fp16 weights, which an int8 graph has lost, so that training can continue from them."""
    save_file({name: p.detach().half().contiguous() for name, p in network.named_parameters()}, file)


def to_int8(graph: Graph, samples: list[dict[str, Tensor]]) -> onnx.ModelProto:
    """The graph with int8 convolutions; refuses one that lost too much."""
    names = list(graph.draw(8, 8, 1))
    feeds = [{name: sample[name].numpy() for name in names} for sample in samples]
    return quantised(graph.name, graphs.to_onnx(graph, half=False), feeds)


def quantised(name: str, exact: onnx.ModelProto, feeds: Feeds) -> onnx.ModelProto:
    """The fp32 graph with int8 convolutions, calibrated on all feeds but the last, which judges it."""
    from onnxruntime.quantization import (
        CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static,
    )

    class Samples(CalibrationDataReader):
        def __init__(self):
            self.left = iter(feeds[:-1])

        def get_next(self):
            return next(self.left, None)

    convolutions = [node.name for node in exact.graph.node if node.op_type == "Conv"]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"), silent():
        source, target = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        onnx.save(exact, source)
        quantize_static(
            source, target, Samples(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=QUANTISED,
            nodes_to_exclude=[convolutions[at] for at in FLOAT.get(name, ())],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": COVERED},
        )
        model = onnx.load(target)
    halve(model)
    _check_loss(name, graphs.session(exact), graphs.session(model), feeds[-1])
    return model


def _check_loss(graph: str, exact, rounded, feed: dict[str, np.ndarray]) -> None:
    names = [output.name for output in exact.get_outputs()]
    for name, wanted, got in zip(names, exact.run(names, feed), rounded.run(names, feed)):
        error = float(np.sqrt(np.mean((wanted - got) ** 2) / np.mean(wanted**2)))
        if not error <= LOSS:
            raise ExportError(
                f"cannot make {graph} int8: its output {name} is off by {error:.2g} of its size; "
                f"allowed is {LOSS}. Leave it as it is"
            )


@contextmanager
def silent() -> Iterator[None]:
    """Silences ONNX Runtime's calibration, which prints and logs what it does."""
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)


def halve(model: onnx.ModelProto) -> None:
    """Stores fp32 weights as fp16 where that is exact; they are cast back when the graph is loaded."""
    for tensor in list(model.graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or math.prod(tensor.dims) < LEAST:
            continue
        values = numpy_helper.to_array(tensor)
        half = values.astype(np.float16)
        if np.array_equal(half.astype(np.float32), values):
            name = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(half, f"{name}.fp16"))
            cast = onnx.helper.make_node("Cast", [f"{name}.fp16"], [name], to=TensorProto.FLOAT)
            model.graph.node.insert(0, cast)


def exact(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with fp32 weights, in place of fp16 ones that are cast when it is loaded."""
    half = {i.name: i for i in model.graph.initializer if i.data_type == TensorProto.FLOAT16}
    casts = {n.input[0]: n for n in model.graph.node if n.op_type == "Cast" and n.input[0] in half}
    for name, node in casts.items():
        values = numpy_helper.to_array(half[name]).astype(np.float32)
        half[name].CopyFrom(numpy_helper.from_array(values, node.output[0]))
        model.graph.node.remove(node)
    return model


def feeds_of(folder: Path, told: dict, store: Store) -> dict[str, Feeds]:
    """Inputs of an entry's graphs by name, as in use: crops, and states at the trained timesteps."""
    names = set(told["graphs"]) - {"damage"}
    if names not in ({"network"}, {"encoder", "denoiser"}):
        raise ExportError(
            f"cannot make {told['id']} int8: its graphs are {', '.join(sorted(names))}; known are network alone, "
            "and encoder with denoiser"
        )
    if store.scale != told["scale"]:
        raise ExportError(
            f"cannot make {told['id']} int8: it enlarges x{told['scale']}, and the store is of x{store.scale}"
        )
    crops = Crops(store, "train", SIDE, 0, Data(damage="photo" if "restore" in told else "none"))
    batches = [crops.batch(step, range(BATCH)).on("cpu") for step in range(BATCHES)]
    low = [
        {"lr": lr.numpy(), **({} if restore is None else {"restore": restore.numpy()})}
        for lr, _, restore in batches
    ]
    if names == {"network"}:
        return {"network": low}
    encoder = graphs.session(onnx.load(folder / told["graphs"]["encoder"]["file"]))
    encoded = [dict(zip(("features", "estimate"), encoder.run(["features", "estimate"], f))) for f in low]
    states = _states(told, [hr for _, hr, _ in batches], [torch.from_numpy(e["estimate"]) for e in encoded])
    fed = [
        {**state, "features": e["features"], **{k: v for k, v in f.items() if k == "restore"}}
        for state, e, f in zip(states, encoded, low)
    ]
    return {"encoder": low, "denoiser": fed}


def _states(told: dict, truths: list[Tensor], bases: list[Tensor]) -> Iterator[dict[str, np.ndarray]]:
    """`x` and `t` of batches: residuals noised to timesteps of the trained trajectories."""
    diffusion = told["diffusion"]
    alpha_bar = alpha_bar_of(diffusion["schedule"]).float()
    known = torch.tensor(sorted({t for entry in told["steps"]["trained"] for t in entry["timesteps"]}))
    draws = torch.Generator().manual_seed(0)
    for truth, base in zip(truths, bases):
        t = known[torch.randint(len(known), (len(truth),), generator=draws)]
        noise = torch.randn(truth.shape, generator=draws)
        x0 = diffusion["residualScale"] * (truth - base)
        x = add_noise(x0, noise, alpha_bar[t].view(-1, 1, 1, 1))
        yield {"x": x.numpy(), "t": t.float().numpy()}


def quantise(folder: Path, store: Store, names: list[str] | None = None) -> dict:
    """Writes `NAME.int8.onnx` and `fixture.int8.safetensors` into an entry; returns the card's `int8`."""
    told = card.read_yaml(folder / "model.yml")
    feeds = {n: f for n, f in feeds_of(folder, told, store).items() if not names or n in names}
    made = {
        name: quantised(name, exact(onnx.load(folder / told["graphs"][name]["file"])), samples)
        for name, samples in feeds.items()
    }
    facts = {}
    for name, model in made.items():
        data, file = model.SerializeToString(), f"{name}.int8.onnx"
        (folder / file).write_bytes(data)
        facts[name] = {"file": file, "sha256": card.sha256(data), "bytes": len(data)}
    recorded = load_file(folder / told["fixture"]["file"]) if "fixture" in told else {}
    others = {key: value for key, value in recorded.items() if key.split("/")[0] not in made}
    data = save(others | _recorded(made, feeds))
    (folder / FIXTURE).write_bytes(data)
    return {"graphs": facts, "fixture": {"file": FIXTURE, "sha256": card.sha256(data)}}


def _recorded(made: dict[str, onnx.ModelProto], feeds: dict[str, Feeds]) -> dict[str, np.ndarray]:
    """`<graph>/in/<input>` and `<graph>/out/<output>` of a crop's corner: int8 ranges do not fit random inputs."""
    tensors = {}
    for name, model in made.items():
        feed = {key: _corner(value) for key, value in feeds[name][-1].items()}
        opened = graphs.session(model)
        outputs = [output.name for output in opened.get_outputs()]
        tensors |= {f"{name}/in/{key}": value for key, value in feed.items()}
        tensors |= {f"{name}/out/{key}": v for key, v in zip(outputs, opened.run(outputs, feed))}
    return tensors


def _corner(value: np.ndarray) -> np.ndarray:
    """The first item's corner of 8x8 of 32x32 LR pixels, on its own grid; of one number per item, the first."""
    if value.ndim < 4:
        return np.ascontiguousarray(value[:1])
    height, width = (side * fixture.SIDE // SIDE for side in value.shape[2:])
    return np.ascontiguousarray(value[:1, :, :height, :width])


def main() -> None:
    parser = argparse.ArgumentParser(prog="quantize", description=__doc__.splitlines()[0])
    parser.add_argument("entry", type=Path, help="folder of a zoo entry")
    parser.add_argument("--data", required=True, type=Path, metavar="STORE", help="prepared training images")
    parser.add_argument("--graph", action="append", metavar="NAME", help="only this graph; repeatable")
    args = parser.parse_args()
    torch.set_num_threads(1)
    try:
        print(json.dumps(quantise(args.entry, Store(args.data), args.graph)))
    except (ExportError, OSError) as error:
        raise SystemExit(f"quantize: {error}") from None


if __name__ == "__main__":
    main()
