"""The graphs of metrics, exported from checkpoints as torchvision and lpips write them."""

import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper

from srzoo_train import inception_export, lpips_export
from srzoo_train.feature_export import ExportFailed, checkpoint
from srzoo_train.inception import Inception

SHARED = Path(__file__).parents[3] / "shared" / "lpips"
needs_graphs = pytest.mark.skipif(not SHARED.exists(), reason="../shared/lpips is absent")


def state_of(backbone: str) -> tuple[dict, dict]:
    """What torchvision's and lpips' checkpoints would contain, read from the known graphs."""
    graph = onnx.load(SHARED / lpips_export.FILES[backbone]).graph
    tensors = {i.name: torch.from_numpy(numpy_helper.to_array(i).copy()) for i in graph.initializer}
    if backbone == "alex":
        places = [0, 3, 6, 8, 10]
        weights = {f"features.{p}.weight": tensors[f"w{i}"] for i, p in enumerate(places)}
        weights |= {f"features.{p}.bias": tensors[f"b{i}"] for i, p in enumerate(places)}
        return weights, {f"lin{i}.model.1.weight": tensors[f"l{i}"] for i in range(5)}
    net = re.compile(r"core\.net\.slice\d\.(.*)")
    weights = {f"features.{m[1]}": t for name, t in tensors.items() if (m := net.fullmatch(name))}
    return weights, {f"lin{i}.model.1.weight": tensors[f"core.lins.{i}.model.1.weight"] for i in range(7)}


@needs_graphs
@pytest.mark.parametrize("backbone", ["alex", "squeeze"])
def test_an_exported_lpips_graph_scores_like_the_known_one(backbone, tmp_path):
    weights, linears = state_of(backbone)
    torch.save(weights, tmp_path / "weights.pth")
    torch.save(linears, tmp_path / "linears.pth")
    file = lpips_export.export(backbone, tmp_path / "weights.pth", tmp_path / "linears.pth", tmp_path)
    generator = np.random.default_rng(0)
    feeds = {name: generator.normal(size=(1, 3, 75, 101)).astype(np.float32) for name in ("ref", "dist")}
    own, known = (
        onnxruntime.InferenceSession(path).run(None, feeds)[0].item()
        for path in (file, SHARED / lpips_export.FILES[backbone])
    )
    assert own == pytest.approx(known, abs=1e-5)


@needs_graphs
def test_export_refuses_other_weights(tmp_path):
    weights, linears = state_of("alex")
    torch.save({name: 0.9 * tensor for name, tensor in weights.items()}, tmp_path / "weights.pth")
    torch.save(linears, tmp_path / "linears.pth")
    with pytest.raises(ExportFailed, match="not the weights of LPIPS 0.1"):
        lpips_export.export("alex", tmp_path / "weights.pth", tmp_path / "linears.pth", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(ExportFailed, match="alexnet"):
        checkpoint(tmp_path, "alexnet-*.pth")


def test_the_inception_graph_gives_features_and_probabilities(tmp_path):
    torch.manual_seed(0)
    file = tmp_path / "inception_v3_google-0.pth"
    state = Inception().state_dict() | {"AuxLogits.fc.bias": torch.zeros(3)}
    torch.save(state, file)
    inception_export.export(file, tmp_path / "inception.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "inception.onnx")
    image = np.zeros((1, 3, 33, 50), np.float32)
    features, probabilities = session.run(["features", "probabilities"], {"image": image})
    assert features.shape == (1, 2048)
    assert probabilities.sum() == pytest.approx(1, abs=1e-4)


def test_inception_refuses_other_checkpoints(tmp_path):
    torch.save({"weight": torch.zeros(1)}, tmp_path / "weights.pth")
    with pytest.raises(ExportFailed, match="is not torchvision.s Inception v3"):
        inception_export.export(tmp_path / "weights.pth", tmp_path / "inception.onnx")
