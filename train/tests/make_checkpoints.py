"""Writes a small file of every kind that `deno task import` takes: `python make_checkpoints.py FOLDER`.

The files have the names that train/README.md uses, for the test that runs its commands.
"""

import json
import sys
from pathlib import Path

import torch
from published_case import NOVWAUL, Case, checkpoint, network, told
from srdiff_case import Options, networks
from srdiff_case import checkpoint as srdiff_checkpoint
from test_import_ncnn import written
from torch import nn


def janspiry(folder: Path) -> None:
    case = Case()
    torch.save(checkpoint(case, network(case.shape)), folder / "I640000_E37_gen.pth")
    model = {"which_model_G": "sr3", "unet": {"norm_groups": case.shape.groups},
             "beta_schedule": {"train": told(case.trained), "val": told(case.sampled)}}
    sizes = {"train": {"l_resolution": 16, "r_resolution": 128}}
    (folder / "sr_sr3_16_128.json").write_text(json.dumps({"datasets": sizes, "model": model}))


def novwaul(folder: Path) -> None:
    case = Case(NOVWAUL)
    torch.save(checkpoint(case, network(case.shape)), folder / "last.pt")


def srdiff(folder: Path) -> None:
    options = Options()
    torch.save(srdiff_checkpoint(options, *networks(options)), folder / "model_ckpt_steps_400000.ckpt")


def onnx(folder: Path) -> None:
    same = nn.Conv2d(3, 3, 3, padding=1, bias=False)
    nn.init.dirac_(same.weight)
    torch.onnx.export(nn.Sequential(same, nn.Upsample(scale_factor=2)), (torch.rand(1, 3, 8, 8),), folder / "network.onnx", dynamo=False,
                      input_names=["input"], output_names=["output"],
                      dynamic_axes={"input": {2: "h", 3: "w"}, "output": {2: "h", 3: "w"}})


def ncnn(folder: Path) -> None:
    file, _ = written(folder, True)
    for suffix in (".param", ".bin"):
        file.with_suffix(suffix).rename(folder / f"network{suffix}")


def spandrel(folder: Path) -> None:
    try:
        from spandrel.architectures.Compact import Compact
    except ImportError:
        return
    torch.save({"params": Compact(num_feat=8, num_conv=2, upscale=4).state_dict()}, folder / "4x-model.pth")


if __name__ == "__main__":
    for make in (janspiry, novwaul, srdiff, onnx, ncnn, spandrel):
        make(Path(sys.argv[1]))
