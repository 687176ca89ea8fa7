"""What the export writes in other operators is the same network, and slower operators are gone."""

import json

import pytest
import torch
from torch import nn

from srzoo_train.eager import RECIPES, main, official_srdiff
from srzoo_train.graphs import Graph, run, session, to_onnx
from srzoo_train.rewritten import ByPhases, rewritten


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_phases_give_the_transposed_convolution(scale):
    torch.manual_seed(scale)
    origin = nn.Sequential(nn.ConvTranspose2d(3, 5, 2 * scale, scale, scale // 2))
    copy = rewritten(origin)
    assert isinstance(copy[0], ByPhases) and isinstance(origin[0], nn.ConvTranspose2d)
    assert {n: p.shape for n, p in copy.named_parameters()} == {n: p.shape for n, p in origin.named_parameters()}
    for size in ((1, 1), (1, 4), (5, 3)):
        x = torch.randn(2, 3, *size)
        torch.testing.assert_close(copy(x), origin(x), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("origin", [
    nn.ConvTranspose2d(3, 3, 2, 2),
    nn.ConvTranspose2d(3, 3, 3, 3, 1),
    nn.ConvTranspose2d(3, 3, 4, 2, 1, output_padding=1),
    nn.ConvTranspose2d(3, 3, 4, 2, 1, groups=3),
    nn.ConvTranspose2d(3, 3, 4, 2, 1, bias=False),
    nn.ConvTranspose2d(3, 3, (4, 8), (2, 4), (1, 2)),
])
def test_other_transposed_convolutions_stay(origin):
    assert isinstance(rewritten(nn.Sequential(origin))[0], nn.ConvTranspose2d)


def test_mish_is_exact_far_from_zero_and_beyond_the_range_of_the_exponential():
    graph = Graph("mish", nn.Sequential(nn.Mish()), lambda *_: {"x": torch.zeros(1, 1, 8, 8)}, {"sr": 0})
    model = to_onnx(graph)
    assert not {"Softplus", "Tanh", "Mish"} & {node.op_type for node in model.graph.node}
    values = torch.cat([torch.linspace(-30, 30, 52), torch.tensor([-1e30, -1e4, -104, -89, 0, 1e-30, -1e-30, 45, 89, 104, 1e4, 3e38])])
    wanted = nn.functional.mish(values.double()).float()
    got = torch.from_numpy(run(session(model), graph, {"x": values.reshape(1, 1, 8, 8)})[0]).flatten()
    torch.testing.assert_close(got, wanted, atol=1e-36, rtol=2e-6)


def test_srdiff_is_exported_without_its_slow_operators():
    graph = official_srdiff()[0][1]
    ops = {node.op_type for node in to_onnx(graph).graph.node}
    assert {"Conv", "DepthToSpace", "Exp"} <= ops
    assert not ops & {"Softplus", "ConvTranspose"}


def test_eager_prints_a_row_for_each_graph(capsys, monkeypatch):
    recipe = str(RECIPES / "regression-x4.yml")
    monkeypatch.setattr("sys.argv", ["eager", "--recipe", recipe, "--side", "32", "--threads", "1"])
    main()
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["model"], row["graph"]) for row in rows] == [
        ("SRDiff as published", "encoder"), ("SRDiff as published", "denoiser"), ("regression-x4", "network"),
    ]
    assert all(row["eager"] > 0 and row["onnx"] > 0 for row in rows)
