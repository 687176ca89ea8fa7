"""LPIPS as a loss, with the weights of the `lpips_*.onnx` that the bench measures with."""

import os
import sys
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

NAME = "lpips_alex.onnx"
JUDGED = ("few_step", "flow_sample")  # losses of stages that need it
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
# AlexNet's five convolutions: stride, padding, and whether a 3x3 max-pool of stride 2 comes first.
LAYERS = [(4, 2, False), (1, 2, True), (1, 1, True), (1, 1, False), (1, 1, False)]
PERIOD = 8  # pixels: the first stride times the first pool's. An image shifted by this much looks the same
SMALLEST = 31 + PERIOD - 1  # least side in pixels whose `window` still reaches the last layer


class LpipsAlex(nn.Module):
    """LPIPS v0.1 with AlexNet: distances [n] of images [n, 3, h, w] in [-1, 1]."""

    def __init__(self, file: Path):
        super().__init__()
        convs, linears = _weights(file)
        self.convs = nn.ParameterList(p for pair in convs for p in pair)
        self.linears = nn.ParameterList(linears)
        self.requires_grad_(False)

    def features(self, x: Tensor) -> list[Tensor]:
        """The five activations, unit length over channels and weighted by sqrt of the linears."""
        x = ((x + 1) / 2 - MEAN.to(x)) / STD.to(x)
        found = []
        for i, (stride, padding, pool) in enumerate(LAYERS):
            x = F.max_pool2d(x, 3, 2) if pool else x
            x = F.relu(F.conv2d(x, self.convs[2 * i], self.convs[2 * i + 1], stride, padding))
            length = x.float().square().sum(1, keepdim=True).add(1e-20).sqrt()
            found.append(x.float() / (length + 1e-10) * self.linears[i].clamp(min=0).sqrt())
        return found

    def forward(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """Distances [n] between two results of `features`."""
        return sum((p - q).square().sum(1).mean((1, 2)) for p, q in zip(a, b))


def window(images: Tensor, corner: tuple[int, int]) -> Tensor:
    """Images [n, 3, h, w] cropped to h - PERIOD + 1 by w - PERIOD + 1, from a corner (y, x) below PERIOD.

    AlexNet samples every fourth pixel. If these are always the same pixels of the grid of four on
    which a network draws, the network learns to put its texture there: LPIPS of such images is a
    tenth worse as soon as they are shifted by a pixel. A moving corner prevents this.
    """
    y, x = corner
    height, width = (side - PERIOD + 1 for side in images.shape[2:])
    return images[:, :, y : y + height, x : x + width]


def _weights(file: Path) -> tuple[list[tuple[nn.Parameter, nn.Parameter]], list[nn.Parameter]]:
    """Kernel and bias of each AlexNet convolution, and the 1x1 weights of each layer's distance."""
    graph = onnx.load(file).graph
    tensors = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            tensors[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    parameter = lambda name: nn.Parameter(torch.from_numpy(tensors[name].copy()).float())
    convs, linears, seen = [], {}, set()
    for node in graph.node:
        if node.op_type != "Conv" or node.input[1] in seen:
            continue
        seen.add(node.input[1])
        shape = tensors[node.input[1]].shape
        if shape[0] == 1:
            linears[len(linears)] = parameter(node.input[1])
        else:
            convs.append((parameter(node.input[1]), parameter(node.input[2])))
    if [c[0].shape[0] for c in convs] != [64, 192, 384, 256, 256] or len(linears) != 5:
        raise ValueError(f"cannot use {file} as a loss: it is not LPIPS with AlexNet")
    return convs, list(linears.values())


def cache_folder() -> Path:
    """Where the bench looks for the graphs (lib/zoo/cache_folder.ts)."""
    if own := os.environ.get("SRZOO_CACHE"):
        return Path(own) / "lpips"
    if sys.platform == "win32":
        caches = os.environ["LOCALAPPDATA"]
    elif sys.platform == "darwin":
        caches = Path.home() / "Library" / "Caches"
    else:
        caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "srzoo" / "lpips"


def find_lpips() -> Path | None:
    """`lpips_alex.onnx` at or in `SRZOO_LPIPS` or, if that is not set, in the cache or `../shared/lpips`; or None."""
    shared = Path(__file__).parents[2].parent / "shared/lpips"
    given = os.environ.get("SRZOO_LPIPS")
    places = [Path(given)] if given else [cache_folder(), shared]
    files = [place / NAME if place.is_dir() else place for place in places]
    return next((file for file in files if file.is_file()), None)
