"""Networks of other systems, by spandrel, and ONNX files: imported, agreeing with torch, or refused."""

import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import yaml
from conftest import enlarged, needs_deno
from onnx import TensorProto, helper
from safetensors.torch import save_file
from test_import_files import Payload
from torch import Tensor, nn
from torch.nn import functional as F

from srzoo_train.import_checkpoint import main

pytest.importorskip("spandrel", reason="(needs the optional package spandrel)")

from spandrel.architectures.Compact import Compact  # noqa: E402
from spandrel.architectures.ESRGAN import ESRGAN  # noqa: E402
from spandrel.architectures.SAFMN import SAFMN  # noqa: E402
from spandrel.architectures.SPAN import SPAN  # noqa: E402
from spandrel.architectures.SwinIR import SwinIR  # noqa: E402


def esrgan(**changes) -> nn.Module:
    return ESRGAN(**(dict(num_filters=8, num_blocks=1, scale=4) | changes))


def swinir() -> nn.Module:
    return SwinIR(img_size=16, embed_dim=12, depths=[2, 2], num_heads=[2, 2], window_size=4, mlp_ratio=2,
                  upscale=2, upsampler="pixelshuffle")


def new_layout(network: nn.Module) -> dict[str, Tensor]:
    """An ESRGAN's weights under the names of Real-ESRGAN's files."""
    names = {"model.0": "conv_first", "model.1.sub.1": "conv_body", "model.3": "conv_up1",
             "model.6": "conv_up2", "model.8": "conv_hr", "model.10": "conv_last"}
    found = {}
    for key, value in network.state_dict().items():
        for old, new in names.items():
            if key.startswith(f"{old}."):
                key = key.replace(old, new, 1)
        key = key.replace("model.1.sub.", "body.").replace("RDB", "rdb").replace(".0.weight", ".weight")
        found[key.replace(".0.bias", ".bias")] = value
    return found


# Network, scale, and what the card says of tiles.
NETWORKS = {
    "esrgan x1": (lambda: esrgan(scale=1), 1, {"overlap": 19}),
    "esrgan x2": (lambda: esrgan(scale=2), 2, {"overlap": 19}),
    "esrgan x4": (esrgan, 4, {"overlap": 19}),
    "esrgan x8": (lambda: esrgan(scale=8), 8, {"overlap": 19}),
    "esrgan x2, gray": (lambda: esrgan(scale=2, in_nc=1, out_nc=1), 2, {"overlap": 19}),
    "compact x4": (lambda: Compact(num_feat=8, num_conv=2, upscale=4), 4, {"overlap": 4}),
    "span x2": (lambda: SPAN(num_in_ch=3, num_out_ch=3, feature_channels=8, upscale=2), 2, {"overlap": 21}),
    "swinir x2": (swinir, 2, {"overlap": 16, "multiple": 4, "blended": True}),
}


def imported(folder: Path, tree: object, *arguments: str) -> dict:
    """The card of an entry made from a file; the entry lies in folder / "entry"."""
    torch.save(tree, folder / "net.pth")
    assert main([str(folder / "net.pth"), "--out", str(folder / "entry"), *arguments]) == 0
    return yaml.safe_load((folder / "entry" / "model.yml").read_text())


def difference(folder: Path, network: nn.Module, gray: bool = False) -> float:
    """Between the entry and the network, whose values are in [0, 1], relative to the range."""
    lr = torch.rand(2, 3, 24, 28) * 2 - 1
    with torch.no_grad():
        channels = lr.split(1, 1) if gray else [lr]
        wanted = torch.cat([network.eval()((c + 1) / 2) for c in channels], 1) * 2 - 1
    session = onnxruntime.InferenceSession(folder / "entry" / "network.onnx")
    found = torch.from_numpy(session.run(["sr"], {"lr": lr.numpy()})[0])
    return float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1))


@pytest.mark.parametrize("name", NETWORKS)
def test_import_agrees_with_spandrel(name, tmp_path):
    make, scale, tiles = NETWORKS[name]
    torch.manual_seed(1)
    network = make()
    card = imported(tmp_path, {"params_ema": network.state_dict()}, "--licence", "Apache-2.0")
    assert (card["family"], card["scale"]) == ("regression", scale)
    assert card["licence"]["weights"] == "Apache-2.0"
    assert {key: card["tiling"].get(key) for key in tiles} == tiles
    assert difference(tmp_path, network, "gray" in name) < 2e-5


def test_import_knows_both_layouts_of_esrgan_and_safetensors(tmp_path):
    torch.manual_seed(1)
    network = esrgan()
    for name, weights in (("old", network.state_dict()), ("new", new_layout(network))):
        (tmp_path / name).mkdir()
        imported(tmp_path / name, weights)
        assert difference(tmp_path / name, network) < 2e-5, name
    file = tmp_path / "net.safetensors"
    save_file({key: value.contiguous() for key, value in new_layout(network).items()}, file)
    assert main([str(file), "--out", str(tmp_path / "entry")]) == 0
    assert difference(tmp_path, network) < 2e-5


def test_import_keeps_half_precision(tmp_path):
    torch.manual_seed(1)
    network = Compact(num_feat=8, num_conv=2, upscale=2).half()
    card = imported(tmp_path, network.state_dict())
    assert card["graphs"]["network"]["precision"] == "fp16"
    assert difference(tmp_path, network.float()) < 2e-5


@needs_deno
@pytest.mark.parametrize("make,scale", [(esrgan, 4), (swinir, 2)])
def test_an_imported_entry_runs_in_the_library(make, scale, tmp_path):
    imported(tmp_path, {"params": make().state_dict()})
    told = enlarged(tmp_path / "entry")
    assert (told["width"], told["height"]) == (20 * scale, 16 * scale)


def refusal(path: Path, folder: Path, capsys) -> str:
    """The message for a file that is refused; nothing is left behind."""
    before = sorted(folder.iterdir())
    assert main([str(path), "--out", str(folder / "entry")]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and sorted(folder.iterdir()) == before
    return told


def test_import_refuses_hostile_and_unfit_checkpoints(tmp_path, capsys):
    weights = esrgan().state_dict()
    first = "model.0.weight"
    hostile = {
        "asks to load": weights | {"x": Payload(f"touch {tmp_path / 'trace'}")},
        "more than the": weights | {first: torch.zeros(1).expand(10**5, 3, 10**4, 10**4)},
        "does not fit it": weights | {first: torch.zeros(8, 3, 3, 5)},
        "takes 4 channels": Compact(num_in_ch=4, num_out_ch=4, num_feat=8, num_conv=1).state_dict(),
        "cannot be exported": SAFMN(dim=16, n_blocks=1, upscaling_factor=2).state_dict(),
        "belong to no known system": {"a.weight": torch.ones(2)},
    }
    for why, tree in hostile.items():
        torch.save(tree, tmp_path / "net.pth")
        assert why in refusal(tmp_path / "net.pth", tmp_path, capsys), why
    assert not (tmp_path / "trace").exists()


def test_import_refuses_a_file_that_inflates(tmp_path, capsys):
    torch.save({"w": torch.zeros(10**5)}, tmp_path / "plain.pth")
    with zipfile.ZipFile(tmp_path / "plain.pth") as plain, zipfile.ZipFile(
        tmp_path / "net.pth", "w", zipfile.ZIP_DEFLATED
    ) as packed:
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    assert "is compressed" in refusal(tmp_path / "net.pth", tmp_path, capsys)


class Enlarged(nn.Module):
    """Twice the size, in some range, layout and number of channels."""

    def __init__(self, last: bool = False):
        super().__init__()
        self.last = last

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 3, 1, 2) if self.last else x
        x = F.interpolate(x, scale_factor=2.0, mode="bilinear")
        return x.permute(0, 2, 3, 1) if self.last else x


class Unshuffled(nn.Module):
    """Takes only even sides: it puts four pixels into one, and back."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(F.pixel_shuffle(F.pixel_unshuffle(x, 2), 2), scale_factor=4.0)


class Baked(nn.Module):
    """Takes one size: its shape is a constant of the graph."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x.reshape(1, 3, 64).reshape(1, 3, 8, 8), scale_factor=2.0)


class Full(nn.Module):
    """A network for values from 0 to 255, which it clamps."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x.clamp(10, 240), scale_factor=2.0)


class Signed(nn.Module):
    """A network for values from -1 to 1; its last layer gives no others."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(torch.tanh(1.2 * x), scale_factor=2.0)


class Lost(nn.Module):
    """A network whose output has nothing to do with its input."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0) * 0 - 7e4


def exported(file: Path, network: nn.Module, channels: int = 3, last: bool = False,
             dtype: torch.dtype = torch.float32, free: bool = True) -> Path:
    """Writes an ONNX file as other people make them."""
    shape = (1, 8, 8, channels) if last else (1, channels, 8, 8)
    axes = {0: "b", 1: "h", 2: "w"} if last else {0: "b", 2: "h", 3: "w"}
    torch.onnx.export(network.eval(), (torch.rand(shape).to(dtype),), file, dynamo=False, opset_version=17,
                      input_names=["input"], output_names=["output"],
                      dynamic_axes={"input": axes, "output": axes} if free else None)
    return file


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name,network,options,scale,told", [
    ("plain", Enlarged(), {}, 2, "RGB in [0, 1], sides a multiple of 1"),
    ("gray", Enlarged(), {"channels": 1}, 2, "gray in [0, 1]"),
    ("last", Enlarged(True), {"last": True}, 2, "RGB in [0, 1]"),
    ("half", Enlarged(), {"dtype": torch.float16}, 2, "RGB in [0, 1]"),
    ("even", Unshuffled(), {}, 4, "sides a multiple of 2"),
    ("bytes", Full(), {}, 2, "RGB in [0, 255]"),
    ("signed", Signed(), {}, 2, "RGB in [-1, 1]"),
    # These claim to take only 8x8 pixels, and take any size.
    ("fixed", Enlarged(), {"free": False}, 2, "RGB in [0, 1]"),
    ("fixed gray", Enlarged(), {"channels": 1, "free": False}, 2, "gray in [0, 1]"),
    ("fixed last", Enlarged(True), {"last": True, "free": False}, 2, "RGB in [0, 1]"),
])
def test_import_finds_the_signature_of_an_onnx_file(name, network, options, scale, told, tmp_path, capsys):
    file = exported(tmp_path / f"{name}.onnx", network, **options)
    assert main([str(file), "--out", str(tmp_path / "entry")]) == 0
    assert told in capsys.readouterr().out
    card = yaml.safe_load((tmp_path / "entry" / "model.yml").read_text())
    assert (card["family"], card["scale"], card["imported"]["system"]) == ("regression", scale, "ONNX")
    session = onnxruntime.InferenceSession(tmp_path / "entry" / "network.onnx")
    flat = session.run(["sr"], {"lr": np.full((1, 3, 26, 30), 0.25, np.float32)})[0]
    assert flat.shape == (1, 3, 26 * scale, 30 * scale)
    assert np.abs(flat - 0.25).max() < 0.06


@pytest.mark.filterwarnings("ignore")
def test_import_refuses_onnx_files_that_are_no_image_network(tmp_path, capsys):
    plain = exported(tmp_path / "plain.onnx", Enlarged())
    fixed = exported(tmp_path / "fixed.onnx", Baked(), free=False)
    assert "only takes images of [8, 8]" in refusal(fixed, tmp_path, capsys)

    def changed(change) -> Path:
        model = onnx.load(plain)
        change(model)
        onnx.save(model, tmp_path / "changed.onnx")
        return tmp_path / "changed.onnx"

    def outside(model: onnx.ModelProto) -> None:
        tensor = model.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[1])
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="../../etc/passwd")

    def foreign(model: onnx.ModelProto) -> None:
        model.graph.node.append(helper.make_node("Run", ["output"], ["more"], domain="evil"))

    def second(model: onnx.ModelProto) -> None:
        model.graph.input.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1]))

    def old(model: onnx.ModelProto) -> None:
        model.opset_import[0].version = 7

    for change, why in ((outside, "another file"), (foreign, "evil.Run"), (second, "2 inputs"),
                        (old, "opset is 7")):
        assert why in refusal(changed(change), tmp_path, capsys), why
    (tmp_path / "changed.onnx").write_bytes(b"\x08\x07 and no more")
    assert "not an ONNX file" in refusal(tmp_path / "changed.onnx", tmp_path, capsys)
    lost = exported(tmp_path / "changed.onnx", Lost())
    assert "no known range" in refusal(lost, tmp_path, capsys)
