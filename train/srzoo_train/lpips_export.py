"""Makes the LPIPS graphs of the bench from torchvision's weights: `deno task lpips`.

Two files are needed for a backbone: torchvision's checkpoint, as `torchvision.models` caches it
(`alexnet-owt-7be5be79.pth`, `squeezenet1_1-b8a52dc0.pth`), and the linear layers of LPIPS 0.1,
which the PyPI package `lpips` carries (`pip install --no-deps lpips==0.1.4`).
"""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from srzoo_train.feature_export import ExportFailed, checkpoint, save_graph
from srzoo_train.lpips import cache_folder

# Scores of the graphs that the published figures were measured with, on `reference_pair()`.
SCORES = {"alex": 0.17006189, "squeeze": 0.18703434}
FILES = {"alex": "lpips_alex.onnx", "squeeze": "lpips_sq.onnx"}
CHECKPOINTS = {"alex": "alexnet-*.pth", "squeeze": "squeezenet1_1-*.pth"}


class Fire(nn.Module):
    """SqueezeNet's block: few channels, then 1x1 and 3x3 convolutions side by side."""

    def __init__(self, channels: int, squeezed: int, expanded: int):
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.squeeze(x))
        return torch.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], 1))


def alexnet() -> tuple[nn.Sequential, list[int]]:
    """torchvision's `alexnet().features` and the places of the activations that are compared."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(),
    ), [1, 4, 7, 9, 11]


def squeezenet() -> tuple[nn.Sequential, list[int]]:
    """torchvision's `squeezenet1_1().features`, likewise."""
    pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, 2), nn.ReLU(), pool(),
        Fire(64, 16, 64), Fire(128, 16, 64), pool(),
        Fire(128, 32, 128), Fire(256, 32, 128), pool(),
        Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256),
    ), [1, 4, 7, 9, 10, 11, 12]


class Lpips(nn.Module):
    """LPIPS v0.1 (Zhang et al. 2018, equation 1) of ImageNet-normalised images [n, 3, h, w]."""

    def __init__(self, backbone: str, weights: dict[str, Tensor], linears: dict[str, Tensor]):
        super().__init__()
        self.features, self.places = {"alex": alexnet, "squeeze": squeezenet}[backbone]()
        own = {name: weights[f"features.{name}"] for name in self.features.state_dict()}
        self.features.load_state_dict(own)
        self.linears = nn.ParameterList(
            linears[f"lin{i}.model.1.weight"] for i in range(len(self.places))
        )
        self.requires_grad_(False)

    def activations(self, x: Tensor) -> list[Tensor]:
        """The compared activations, of unit length over the channels."""
        found = []
        for place, layer in enumerate(self.features):
            x = layer(x)
            if place in self.places:
                found.append(x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10))
        return found

    def forward(self, ref: Tensor, dist: Tensor) -> Tensor:
        pairs = zip(self.activations(ref), self.activations(dist), self.linears)
        return sum(
            nn.functional.conv2d((a - b).square(), linear).mean((1, 2, 3))
            for a, b, linear in pairs
        )


def reference_pair() -> tuple[np.ndarray, np.ndarray]:
    """Two normalised images of 64x64 that any language can make; cli/zoo/lpips.ts makes the same."""
    y, x = np.mgrid[0:64, 0:64]
    mean = np.array([0.485, 0.456, 0.406])[:, None, None]
    deviation = np.array([0.229, 0.224, 0.225])[:, None, None]

    def picture(a: int, b: int) -> np.ndarray:
        bytes_ = np.stack([(a * x + b * y + 50 * c) % 256 for c in range(3)])
        return (((bytes_ / 255 - mean) / deviation)[None]).astype(np.float32)

    return picture(3, 2), picture(2, 3)


def export(backbone: str, weights: Path, linears: Path, folder: Path) -> Path:
    """Writes one graph; refuses one whose scores differ from those of the published figures' graph."""
    load = lambda file: torch.load(file, map_location="cpu", weights_only=True)
    network = Lpips(backbone, load(weights), load(linears)).eval()
    pair = [torch.from_numpy(picture) for picture in reference_pair()]
    free = {"ref": {0: "n", 2: "h", 3: "w"}, "dist": {0: "n", 2: "h", 3: "w"}, "score": {0: "n"}}
    content = save_graph(network, dict(zip(("ref", "dist"), pair)), ["score"], free)
    session = onnxruntime.InferenceSession(content)
    feeds = dict(zip(("ref", "dist"), reference_pair()))
    score = float(session.run(["score"], feeds)[0][0])
    if abs(score - SCORES[backbone]) > 1e-4:
        raise ExportFailed(
            f"the {backbone} graph scores {score:.5f} on the reference pair, not "
            f"{SCORES[backbone]:.5f}: {weights} or {linears} are not the weights of LPIPS 0.1"
        )
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / FILES[backbone]
    file.write_bytes(content)
    return file


def linear_folder(given: Path | None) -> Path:
    """Where `alex.pth` and `squeeze.pth` lie."""
    if given:
        return given
    package = find_spec("lpips")
    if package is None or package.origin is None:
        raise ExportFailed(
            "the linear layers of LPIPS are missing: pip install --no-deps lpips==0.1.4 into this "
            "Python, or give --linears FOLDER with alex.pth and squeeze.pth"
        )
    return Path(package.origin).parent / "weights" / "v0.1"


def main() -> int:
    parser = argparse.ArgumentParser(prog="deno task lpips", description=__doc__)
    parser.add_argument("--weights", type=Path, help="folder with torchvision's checkpoints")
    parser.add_argument("--linears", type=Path, help="folder with alex.pth and squeeze.pth")
    parser.add_argument("--out", type=Path, default=cache_folder(), help="folder for the graphs")
    options = parser.parse_args()
    failures = 0
    for backbone in FILES:
        try:
            weights = checkpoint(options.weights, CHECKPOINTS[backbone])
            linears = linear_folder(options.linears) / f"{backbone}.pth"
            print(f"{export(backbone, weights, linears, options.out)} has the expected score")
        except (ExportFailed, FileNotFoundError) as error:
            failures += 1
            print(f"Cannot make {FILES[backbone]}: {error}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
