"""Networks with operators that ONNX Runtime computes faster: the same values, under the same names of weights."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def rewritten(network: nn.Module) -> nn.Module:
    """A copy for the export, with every Mish and every transposed convolution that has another form replaced."""
    network = copy.deepcopy(network)
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Mish):
                setattr(module, name, MishByExp())
            elif isinstance(child, nn.ConvTranspose2d) and ByPhases.fits(child):
                setattr(module, name, ByPhases(child))
    return network


class MishByExp(nn.Module):
    """Mish (Misra 2019), x tanh(ln(1 + e^x)), as x / (1 + 2 / (e^x (e^x + 2))).

    The two are equal since tanh(ln a) = (a^2 - 1) / (a^2 + 1). Softplus alone takes ONNX Runtime
    three times as long as all operators of this form. Where e^x overflows, this is x, and where it is 0, this is 0.
    """

    def forward(self, x: Tensor) -> Tensor:
        e = x.exp()
        # A number would be exported as a reciprocal and a multiplication.
        return x / (1 + torch.tensor(2.0) / (e * (e + 2)))


class ByPhases(nn.Module):
    """A transposed convolution that enlarges `s` times, as a 3x3 convolution to `s` x `s` phases of the result.

    Row `s` j + o of the result takes the rows j - 1, j and j + 1 of the input, with rows o + s / 2 - s d
    (d = -1, 0, 1) of the kernel; beyond the kernel's 2 s rows the weight is 0. ONNX Runtime computes the kernel of
    the phases once, when it loads the graph.
    """

    def __init__(self, origin: nn.ConvTranspose2d):
        super().__init__()
        self.weight, self.bias, self.scale = origin.weight, origin.bias, origin.stride[0]

    @staticmethod
    def fits(origin: nn.ConvTranspose2d) -> bool:
        """Whether the kernel reaches half a pixel of the input further than one pixel, on each side."""
        s = origin.stride[0]
        return s % 2 == 0 and origin.bias is not None and origin.groups == 1 and all((
            origin.stride == (s, s), origin.kernel_size == (2 * s, 2 * s),
            origin.padding == (s // 2, s // 2), origin.output_padding == (0, 0), origin.dilation == (1, 1),
        ))

    def forward(self, x: Tensor) -> Tensor:
        s, (inputs, outputs) = self.scale, self.weight.shape[:2]
        padded = F.pad(self.weight, [s // 2] * 4).reshape(inputs, outputs, 3, s, 3, s)
        kernel = padded.flip(2, 4).permute(1, 3, 5, 0, 2, 4).reshape(-1, inputs, 3, 3)
        bias = self.bias[:, None].expand(-1, s * s).reshape(-1)
        return F.pixel_shuffle(F.conv2d(x, kernel, bias, padding=1), s)
