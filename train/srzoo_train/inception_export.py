"""Makes the feature graph for FID and the Inception Score from torchvision's weights: `deno task inception`.

The checkpoint is torchvision's `inception_v3_google-*.pth`. Its FID is not that of the papers, which
use the weights of TensorFlow's 2015 graph; compare only with figures of the same graph.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from srzoo_train.feature_export import ExportFailed, checkpoint, save_graph
from srzoo_train.inception import Inception

AXES = {
    "image": {0: "n", 2: "h", 3: "w"},
    "features": {0: "n"},
    "probabilities": {0: "n"},
}


def export(weights: Path, file: Path) -> None:
    """Writes the graph; refuses weights that do not fit, and a graph that computes other values."""
    network = Inception().eval().requires_grad_(False)
    state = torch.load(weights, map_location="cpu", weights_only=True)
    missing, unknown = network.load_state_dict(state, strict=False)
    extra = [name for name in unknown if not name.startswith("AuxLogits.")]
    if missing or extra:
        raise ExportFailed(f"{weights} is not torchvision's Inception v3: {(missing + extra)[0]}")
    image = torch.randn(2, 3, 70, 90, generator=torch.Generator().manual_seed(0))
    content = save_graph(network, {"image": image}, ["features", "probabilities"], AXES)
    actual = onnxruntime.InferenceSession(content).run(None, {"image": image.numpy()})
    for name, own, other in zip(AXES, network(image), actual):
        difference = np.abs(own.numpy() - other).max()
        if difference > 1e-3 * max(1, np.abs(other).max()):
            raise ExportFailed(f"the graph's {name} differ from PyTorch's by {difference}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def main() -> int:
    parser = argparse.ArgumentParser(prog="deno task inception", description=__doc__)
    parser.add_argument("--weights", type=Path, help="folder with torchvision's checkpoint")
    parser.add_argument("--out", type=Path, default=Path("inception.onnx"), help="the graph")
    options = parser.parse_args()
    try:
        export(checkpoint(options.weights, "inception_v3_google-*.pth"), options.out)
    except ExportFailed as error:
        print(f"Cannot make {options.out}: {error}", file=sys.stderr)
        return 1
    print(f"{options.out}: give it to the bench as --inception {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
