"""ncnn networks become graphs that compute what their layers say."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from srzoo_train.graphs import session
from srzoo_train.importers import ncnn
from srzoo_train.importers.system import ImportRefused

TEXT = """7767517
11 14
Input in 0 1 data
Split s0 1 2 data a b
Convolution c1 1 1 a x 0=8 1=3 4=1 5=1 6=216 9=2 -23310=1,2.000000e-01
Split s1 1 3 x x0 x1 x2
PReLU p1 1 1 x0 y 0=8
Concat k1 2 1 x1 y z
Convolution c2 1 1 z w 0=8 1=1 5=1 6=128
Eltwise e1 2 1 w x2 v 0=1 -23301=2,2.000000e-01,1.000000e+00
Convolution c3 1 1 v u 0=12 1=3 4=1 5=1 6=864
PixelShuffle d1 1 1 u big 0=2
Interp i1 1 1 b near 0=1 1=2.000000e+00 2=2.000000e+00
BinaryOp q1 2 1 big near output 0=0
"""


class Network(nn.Module):
    """The network of the text, in PyTorch."""

    def __init__(self):
        super().__init__()
        self.c1, self.p1 = nn.Conv2d(3, 8, 3, padding=1), nn.PReLU(8)
        self.c2, self.c3 = nn.Conv2d(16, 8, 1), nn.Conv2d(8, 12, 3, padding=1)

    def forward(self, image):
        x = F.leaky_relu(self.c1(image), 0.2)
        z = torch.cat([x, self.p1(x)], 1)
        residual = F.pixel_shuffle(self.c3(0.2 * self.c2(z) + x), 2)
        return residual + F.interpolate(image, scale_factor=2.0)


def written(folder, half: bool, text: str = TEXT, more: bytes = b""):
    """Writes the files of a network with random weights; returns the text file and the network."""
    torch.manual_seed(1)
    network = Network().requires_grad_(False)
    if half:
        for layer in (network.c1, network.c2, network.c3):
            layer.weight.data = layer.weight.data.half().float()
    data = b""
    for layer in (network.c1, network.p1, network.c2, network.c3):
        weight = layer.weight.numpy()
        if isinstance(layer, nn.PReLU):
            data += weight.tobytes()
            continue
        kind = np.float16 if half else np.float32
        data += np.uint32(ncnn.HALF if half else 0).tobytes() + weight.astype(kind).tobytes()
        data += b"\0" * (-len(data) % 4) + layer.bias.numpy().tobytes()
    (folder / "net.param").write_text(text)
    (folder / "net.bin").write_bytes(data + more)
    return folder / "net.param", network


@pytest.mark.parametrize("half", [True, False])
def test_read_computes_what_the_layers_say(tmp_path, half):
    file, network = written(tmp_path, half)
    image = torch.rand(2, 3, 9, 7)
    (found,) = session(ncnn.read(file)).run(None, {"data": image.numpy()})
    assert np.abs(found - network(image).numpy()).max() < 1e-5


@pytest.mark.parametrize("text, more, why", [
    (TEXT.replace("7767517", "7767516"), b"", "does not begin with 7767517"),
    (TEXT.replace("PReLU p1", "GELU p1"), b"", "it has layers GELU; known are Convolution"),
    (TEXT.replace("0=1 -23301", "0=0 -23301"), b"", "e1 is not a sum"),
    (TEXT.replace("0=1 1=2", "0=2 1=2"), b"", "i1 does not repeat pixels"),
    (TEXT.replace("9=2", "9=5"), b"", "activation 5"),
    (TEXT.replace("6=864", "6=8640"), b"", "shorter than its .param says"),
    (TEXT, b"more", "longer than its .param says"),
    (TEXT.replace("1 1 a x", "one 1 a x"), b"", "a line of it is damaged"),
    (TEXT.replace("1 1 a x", "1 -1 a x"), b"", "a line of it is damaged"),
    (TEXT.replace("c2 1 1 z w 0=8", "c2 1 1 z w 0=0"), b"", "a layer of it is damaged"),
    (TEXT.replace("6=128", "6=inf"), b"", "a layer of it is damaged"),
    (TEXT.replace("6=128", "6=-8"), b"", "asks for -8 weights"),
    (TEXT.replace("-23301=2,", "-23301=4,1,1,"), b"", "a layer of it is damaged"),
])
def test_read_says_what_it_cannot_read(tmp_path, text, more, why):
    file, _ = written(tmp_path, True, text, more)
    with pytest.raises(ImportRefused, match=why):
        ncnn.read(file)


def test_read_needs_the_weights_beside_the_text(tmp_path):
    file, _ = written(tmp_path, True)
    (tmp_path / "net.bin").unlink()
    with pytest.raises(ImportRefused, match="net.bin are not beside it"):
        ncnn.read(file)
