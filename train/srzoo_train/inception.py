"""Inception v3 (Szegedy et al. 2015), with the parameter names of torchvision's checkpoint."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class BasicConv(nn.Module):
    """Convolution without bias, batch norm, ReLU."""

    def __init__(self, channels: int, out: int, **options):
        super().__init__()
        self.conv = nn.Conv2d(channels, out, bias=False, **options)
        self.bn = nn.BatchNorm2d(out, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


class Branches(nn.Module):
    """Branches side by side, each a list of convolutions under torchvision's names."""

    # Each branch: how it begins ("", "avg" or "max" pooling) and the names of its convolutions; a tuple
    # of names at the end splits once more.
    plan: list[tuple[str, list]]

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self._branch(x, *branch) for branch in self.plan], 1)

    def _branch(self, x: Tensor, pool: str, names: list) -> Tensor:
        if pool == "avg":
            x = F.avg_pool2d(x, 3, 1, 1)
        elif pool == "max":
            x = F.max_pool2d(x, 3, 2)
        for name in names:
            if isinstance(name, tuple):
                return torch.cat([getattr(self, part)(x) for part in name], 1)
            x = getattr(self, name)(x)
        return x


class MixedA(Branches):
    """35x35 block (figure 5 of the paper)."""

    plan = [
        ("", ["branch1x1"]),
        ("", ["branch5x5_1", "branch5x5_2"]),
        ("", ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"]),
        ("avg", ["branch_pool"]),
    ]

    def __init__(self, channels: int, pooled: int):
        super().__init__()
        self.branch1x1 = BasicConv(channels, 64, kernel_size=1)
        self.branch5x5_1 = BasicConv(channels, 48, kernel_size=1)
        self.branch5x5_2 = BasicConv(48, 64, kernel_size=5, padding=2)
        self.branch3x3dbl_1 = BasicConv(channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = BasicConv(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = BasicConv(96, 96, kernel_size=3, padding=1)
        self.branch_pool = BasicConv(channels, pooled, kernel_size=1)


class MixedB(Branches):
    """From 35x35 to 17x17."""

    plan = [
        ("", ["branch3x3"]),
        ("", ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"]),
        ("max", []),
    ]

    def __init__(self, channels: int):
        super().__init__()
        self.branch3x3 = BasicConv(channels, 384, kernel_size=3, stride=2)
        self.branch3x3dbl_1 = BasicConv(channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = BasicConv(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = BasicConv(96, 96, kernel_size=3, stride=2)


class MixedC(Branches):
    """17x17 block with 7x7 kernels in two parts (figure 6)."""

    plan = [
        ("", ["branch1x1"]),
        ("", ["branch7x7_1", "branch7x7_2", "branch7x7_3"]),
        ("", [f"branch7x7dbl_{i}" for i in range(1, 6)]),
        ("avg", ["branch_pool"]),
    ]

    def __init__(self, channels: int, c7: int):
        super().__init__()
        row = dict(kernel_size=(1, 7), padding=(0, 3))
        column = dict(kernel_size=(7, 1), padding=(3, 0))
        self.branch1x1 = BasicConv(channels, 192, kernel_size=1)
        self.branch7x7_1 = BasicConv(channels, c7, kernel_size=1)
        self.branch7x7_2 = BasicConv(c7, c7, **row)
        self.branch7x7_3 = BasicConv(c7, 192, **column)
        self.branch7x7dbl_1 = BasicConv(channels, c7, kernel_size=1)
        self.branch7x7dbl_2 = BasicConv(c7, c7, **column)
        self.branch7x7dbl_3 = BasicConv(c7, c7, **row)
        self.branch7x7dbl_4 = BasicConv(c7, c7, **column)
        self.branch7x7dbl_5 = BasicConv(c7, 192, **row)
        self.branch_pool = BasicConv(channels, 192, kernel_size=1)


class MixedD(Branches):
    """From 17x17 to 8x8."""

    plan = [
        ("", ["branch3x3_1", "branch3x3_2"]),
        ("", [f"branch7x7x3_{i}" for i in range(1, 5)]),
        ("max", []),
    ]

    def __init__(self, channels: int):
        super().__init__()
        self.branch3x3_1 = BasicConv(channels, 192, kernel_size=1)
        self.branch3x3_2 = BasicConv(192, 320, kernel_size=3, stride=2)
        self.branch7x7x3_1 = BasicConv(channels, 192, kernel_size=1)
        self.branch7x7x3_2 = BasicConv(192, 192, kernel_size=(1, 7), padding=(0, 3))
        self.branch7x7x3_3 = BasicConv(192, 192, kernel_size=(7, 1), padding=(3, 0))
        self.branch7x7x3_4 = BasicConv(192, 192, kernel_size=3, stride=2)


class MixedE(Branches):
    """8x8 block whose branches split (figure 7)."""

    plan = [
        ("", ["branch1x1"]),
        ("", ["branch3x3_1", ("branch3x3_2a", "branch3x3_2b")]),
        ("", ["branch3x3dbl_1", "branch3x3dbl_2", ("branch3x3dbl_3a", "branch3x3dbl_3b")]),
        ("avg", ["branch_pool"]),
    ]

    def __init__(self, channels: int):
        super().__init__()
        row, column = dict(kernel_size=(1, 3), padding=(0, 1)), dict(kernel_size=(3, 1), padding=(1, 0))
        self.branch1x1 = BasicConv(channels, 320, kernel_size=1)
        self.branch3x3_1 = BasicConv(channels, 384, kernel_size=1)
        self.branch3x3_2a = BasicConv(384, 384, **row)
        self.branch3x3_2b = BasicConv(384, 384, **column)
        self.branch3x3dbl_1 = BasicConv(channels, 448, kernel_size=1)
        self.branch3x3dbl_2 = BasicConv(448, 384, kernel_size=3, padding=1)
        self.branch3x3dbl_3a = BasicConv(384, 384, **row)
        self.branch3x3dbl_3b = BasicConv(384, 384, **column)
        self.branch_pool = BasicConv(channels, 192, kernel_size=1)


class Inception(nn.Module):
    """Features [n, 2048] and class probabilities [n, 1000] of ImageNet-normalised images [n, 3, h, w].

    Images of any size are resized to 299x299 (bilinear, as in the FID code of pytorch-fid).
    """

    def __init__(self):
        super().__init__()
        self.Conv2d_1a_3x3 = BasicConv(3, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = BasicConv(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = BasicConv(32, 64, kernel_size=3, padding=1)
        self.Conv2d_3b_1x1 = BasicConv(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = BasicConv(80, 192, kernel_size=3)
        self.Mixed_5b, self.Mixed_5c = MixedA(192, 32), MixedA(256, 64)
        self.Mixed_5d, self.Mixed_6a = MixedA(288, 64), MixedB(288)
        self.Mixed_6b, self.Mixed_6c = MixedC(768, 128), MixedC(768, 160)
        self.Mixed_6d, self.Mixed_6e = MixedC(768, 160), MixedC(768, 192)
        self.Mixed_7a, self.Mixed_7b, self.Mixed_7c = MixedD(768), MixedE(1280), MixedE(2048)
        self.fc = nn.Linear(2048, 1000)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
        deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
        x = F.interpolate(image, (299, 299), mode="bilinear", align_corners=False)
        x = (x * deviation + mean) * 2 - 1  # the weights were trained on [-1, 1]
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, 2)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(F.max_pool2d(x, 3, 2))))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        features = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x))).mean((2, 3))
        return features, self.fc(features).softmax(1)
