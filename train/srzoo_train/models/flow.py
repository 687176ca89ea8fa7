"""Our compact conditional normalizing flow on the LR grid.

An invertible map between the residual of an image, 3 * scale^2 channels a pixel of the LR grid, and
as many values of a standard normal. Every step is an actnorm and an invertible matrix over channels
(Kingma & Dhariwal 2018), an affine map whose parameters come from the encoder's features alone, and
one that reads half of the channels too (Lugmayr et al. 2020, section 3.2). Scales of the affine maps
are bounded on both sides, so that the inverse cannot explode, and there is no squeeze beyond the
shuffle: the inverse costs as much as the forward pass. Log-determinants are exact. The flow's own
arithmetic is fp32 under autocast too; only what the convolutions predict is rounded.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .compact import Block, conv

INJECTED = 1.0  # an injector's log-scale lies within +-1: features may distinguish flat from textured
COUPLED = 0.7   # a coupling's scale lies between 1/2 and 2


def scale_of(raw: Tensor, limit: float, sign: int) -> tuple[Tensor, Tensor]:
    """exp of a log-scale that is smoothly held within +-limit, or of its negative, and the log-scale; fp32."""
    log_scale = sign * limit * torch.tanh(raw.float())
    return log_scale.exp(), log_scale


def mixed(x: Tensor, matrix: Tensor, bias: Tensor) -> Tensor:
    """matrix [c, c] times the channels of x [n, c, h, w], and a bias [c], in fp32 even under autocast.

    A product of matrices, since GPUs round a convolution's fp32 factors to ten bits.
    """
    with torch.autocast(x.device.type, enabled=False):
        return torch.einsum("oc,nchw->nohw", matrix, x.float()) + bias[:, None, None]


class ActNorm(nn.Module):
    """y = exp(log_scale) * (x + bias) for each channel, started so that y has mean 0 and variance 1."""

    def __init__(self, channels: int):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))
        self.log_scale = nn.Parameter(torch.zeros(channels))

    @torch.no_grad()
    def start(self, x: Tensor) -> None:
        """Takes mean and deviation of the first batch, x [n, c, h, w]."""
        self.bias.copy_(-x.mean((0, 2, 3)))
        self.log_scale.copy_(-x.std((0, 2, 3)).clamp(min=1e-3).log())


class Linear(nn.Module):
    """An invertible matrix over channels as P L U: a fixed order, and unit lower times upper triangle.

    Its log-determinant is the sum of the logarithms of U's diagonal. The triangles are kept as
    vectors, which optimizers that orthogonalise matrices leave alone.
    """

    def __init__(self, channels: int, place: int):
        super().__init__()
        rows, columns = torch.tril_indices(channels, channels, -1)
        spread = 0.5 / channels
        self.lower = nn.Parameter(torch.randn(len(rows)) * spread)
        self.upper = nn.Parameter(torch.randn(len(rows)) * spread)
        self.log_diagonal = nn.Parameter(torch.zeros(channels))
        # Permutes the channels by a stride that separates neighbours and differs from step to step.
        strides = [n for n in range(2, channels) if math.gcd(n, channels) == 1] or [1]
        order = torch.arange(channels) * strides[place % len(strides)] % channels
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("below", rows * channels + columns, persistent=False)
        self.register_buffer("one", torch.eye(channels), persistent=False)

    def triangles(self) -> tuple[Tensor, Tensor]:
        """L and U [c, c]."""
        lower, upper = (
            torch.zeros_like(self.one).flatten().index_copy(0, self.below, values.to(self.one))
            .view_as(self.one) for values in (self.lower, self.upper)
        )
        return lower + self.one, upper.T + torch.diag(self.log_diagonal.to(self.one).exp())

    def matrix(self) -> Tensor:
        """W = P L U [c, c]."""
        lower, upper = self.triangles()
        return (lower @ upper)[self.order]

    def inverse(self) -> Tensor:
        """The inverse of W, by substitution."""
        lower, upper = self.triangles()
        unmixed = torch.linalg.solve_triangular(lower, self.one, upper=False, unitriangular=True)
        found = torch.linalg.solve_triangular(upper, unmixed, upper=True)
        return found[:, self.order]


class Mix(nn.Module):
    """Actnorm and matrix in one: y = W (exp(log_scale) * (x + bias))."""

    def __init__(self, channels: int, place: int):
        super().__init__()
        self.norm = ActNorm(channels)
        self.linear = Linear(channels, place)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """y, and the log-determinant of one pixel."""
        norm, log_det = self.norm, self.norm.log_scale.sum() + self.linear.log_diagonal.sum()
        with torch.autocast(x.device.type, enabled=False):
            matrix = self.linear.matrix() * norm.log_scale.exp()
            return mixed(x, matrix, matrix @ norm.bias), log_det

    def decode(self, y: Tensor) -> Tensor:
        """x."""
        norm = self.norm
        with torch.autocast(y.device.type, enabled=False):
            return mixed(y, self.linear.inverse() * (-norm.log_scale).exp()[:, None], -norm.bias)

    @torch.no_grad()
    def fixed(self) -> "FixedMix":
        """The same with computed matrices, in float64."""
        exact = self.double()
        log_scale, bias = exact.norm.log_scale, exact.norm.bias
        forth = exact.linear.matrix() * log_scale.exp()
        back = exact.linear.inverse() * (-log_scale).exp()[:, None]
        log_det = log_scale.sum() + exact.linear.log_diagonal.sum()
        found = FixedMix(forth.float(), (forth @ bias).float(), back.float(), -bias.float(), log_det.float())
        self.float()
        return found

    @torch.no_grad()
    def unfixed(self, back: Tensor, back_bias: Tensor) -> dict[str, Tensor]:
        """Parameters that invert to this matrix and bias.

        A channel's scale can be in the actnorm or on U's diagonal; all of it goes to the actnorm.

        Raises:
            ValueError: if no parameters do, since a pivot is not positive.
        """
        linear, forth = self.linear, torch.linalg.inv(back.double().cpu())
        lower, upper = unpivoted(forth[linear.order.cpu().argsort()])
        scale = upper.diagonal()
        if not bool((scale > 0).all()):
            raise ValueError("a pivot of its matrix is not positive")
        below = linear.below.cpu()
        return {
            "norm.bias": -back_bias, "norm.log_scale": scale.log().float(),
            "linear.lower": lower.flatten()[below].float(),
            "linear.upper": (upper / scale).T.flatten()[below].float(),
            "linear.log_diagonal": torch.zeros(len(scale)),
        }


def unpivoted(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """L with ones on its diagonal and U, so that L U is the matrix [c, c]; rows stay in their order."""
    lower, upper = torch.eye(len(matrix)).to(matrix), matrix.clone()
    for i in range(len(matrix) - 1):
        lower[i + 1 :, i] = upper[i + 1 :, i] / upper[i, i]
        upper[i + 1 :] -= torch.outer(lower[i + 1 :, i], upper[i])
    return lower, upper.triu()


class FixedMix(nn.Module):
    """A mix with precomputed matrices: constants of a graph, fp32 whatever its weights are."""

    def __init__(self, forth: Tensor, forth_bias: Tensor, back: Tensor, back_bias: Tensor, log_det: Tensor):
        super().__init__()
        for name, value in (
            ("forth", forth), ("forth_bias", forth_bias), ("back", back), ("back_bias", back_bias),
            ("log_det", log_det),
        ):
            self.register_buffer(name, value)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As that of Mix."""
        return F.conv2d(x, self.forth[:, :, None, None], self.forth_bias), self.log_det

    def decode(self, y: Tensor) -> Tensor:
        """As that of Mix."""
        return F.conv2d(y, self.back[:, :, None, None], self.back_bias)


class Injector(nn.Module):
    """y = exp(s) * x + b with s and b of every channel and pixel from the context alone."""

    def __init__(self, channels: int, context: int):
        super().__init__()
        self.head = nn.Conv2d(context, 2 * channels, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def terms(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """The raw log-scale and the shift, both [n, c, h, w]."""
        raw, shift = self.head(context).chunk(2, 1)
        return raw, shift.float()

    def encode(self, x: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """y, and the log-determinant of every pixel."""
        raw, shift = self.terms(context)
        scale, log_scale = scale_of(raw, INJECTED, 1)
        return x * scale + shift, log_scale.sum(1)

    def decode(self, y: Tensor, context: Tensor) -> Tensor:
        """x."""
        raw, shift = self.terms(context)
        return (y - shift) * scale_of(raw, INJECTED, -1)[0]


class Coupling(nn.Module):
    """y2 = exp(s) * x2 + b with s and b from x1 and the context; x1 is the first half of the channels."""

    def __init__(self, channels: int, context: int, hidden: int):
        super().__init__()
        self.kept = channels // 2
        self.changed = channels - self.kept
        self.enter = conv(self.kept, hidden)
        self.lead = nn.Conv2d(context, hidden, 1)
        self.middle = conv(hidden, hidden)
        self.head = conv(hidden, 2 * self.changed, gain=0.0)

    def terms(self, kept: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """The raw log-scale and the shift, both [n, c / 2, h, w]."""
        h = F.relu(self.enter(kept) + self.lead(context))
        raw, shift = self.head(F.relu(self.middle(h))).chunk(2, 1)
        return raw, shift.float()

    def encode(self, x: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """y, and the log-determinant of every pixel."""
        kept, changed = x.split([self.kept, self.changed], 1)
        raw, shift = self.terms(kept, context)
        scale, log_scale = scale_of(raw, COUPLED, 1)
        return torch.cat([kept, changed * scale + shift], 1), log_scale.sum(1)

    def decode(self, y: Tensor, context: Tensor) -> Tensor:
        """x."""
        kept, changed = y.split([self.kept, self.changed], 1)
        raw, shift = self.terms(kept, context)
        return torch.cat([kept, (changed - shift) * scale_of(raw, COUPLED, -1)[0]], 1)


class Step(nn.Module):
    """Mix, injector, coupling."""

    def __init__(self, channels: int, context: int, hidden: int, place: int):
        super().__init__()
        self.mix: Mix | FixedMix = Mix(channels, place)
        self.injector = Injector(channels, context)
        self.coupling = Coupling(channels, context, hidden)

    def encode(self, x: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """y, and the log-determinant [n, h, w] of every pixel."""
        x, mixed_by = self.mix.encode(x)
        x, injected = self.injector.encode(x, context)
        x, coupled = self.coupling.encode(x, context)
        return x, mixed_by + injected + coupled

    def decode(self, y: Tensor, context: Tensor) -> Tensor:
        """x."""
        return self.mix.decode(self.injector.decode(self.coupling.decode(y, context), context))


class Flow(nn.Module):
    """The conditional flow of residuals [n, 3, H, W] given features [n, features, h, w].

    Args:
        scale: H / h.
        features: channels of the encoder's features.
        channels: channels of the context, which a trained trunk makes of them.
        blocks: residual blocks of that trunk.
        couplings: steps of the flow.
        hidden: channels inside a coupling.
    """

    def __init__(
        self,
        scale: int = 4,
        features: int = 64,
        channels: int = 64,
        blocks: int = 3,
        couplings: int = 8,
        hidden: int = 64,
    ):
        super().__init__()
        self.scale = scale
        self.stem = conv(features, channels)
        self.trunk = nn.ModuleList(Block(channels) for _ in range(blocks))
        inside = 3 * scale * scale
        self.steps = nn.ModuleList(Step(inside, channels, hidden, i) for i in range(couplings))

    def context(self, features: Tensor) -> Tensor:
        """The context [n, channels, h, w] that all steps read."""
        x = self.stem(features)
        for block in self.trunk:
            x = block(x)
        return F.relu(x)

    def encode(self, residual: Tensor, context: Tensor) -> tuple[list[Tensor], Tensor]:
        """The latent z0 [n, 3 * scale^2, h, w], alone in a list, and log |d z0 / d residual| [n]."""
        x, log_det = F.pixel_unshuffle(residual.float(), self.scale), 0.0
        for step in self.steps:
            x, more = step.encode(x, context)
            log_det = log_det + more
        return [x], log_det.sum((1, 2))

    def decode(self, latents: list[Tensor], context: Tensor) -> Tensor:
        """The residual [n, 3, H, W] of a latent."""
        x = latents[0].float()
        for step in reversed(self.steps):
            x = step.decode(x, context)
        return F.pixel_shuffle(x, self.scale)

    def forward(
        self,
        features: Tensor,
        residual: Tensor | None = None,
        latents: list[Tensor] | None = None,
    ) -> tuple[list[Tensor] | None, Tensor | None, Tensor | None]:
        """Latents and log-determinant of `residual`, and the sample of `latents`; None for what is not given.

        `latents` may hold k items for each one of `features`: [k * n, ...], first one of each, then
        the second ones.
        """
        context = self.context(features)
        found = log_det = sample = None
        if residual is not None:
            found, log_det = self.encode(residual, context)
        if latents is not None:
            sample = self.decode(latents, context.repeat(len(latents[0]) // len(context), 1, 1, 1))
        return found, log_det, sample

    @torch.no_grad()
    def start(self, features: Tensor, residual: Tensor) -> None:
        """Sets every actnorm by a first batch, so that z0 begins with variance 1."""
        context = self.context(features)
        x = F.pixel_unshuffle(residual.float(), self.scale)
        for step in self.steps:
            step.mix.norm.start(x)
            x, _ = step.encode(x, context)

    def fix(self) -> "Flow":
        """Replaces the parametrised matrices by computed ones, as graphs have them; for inference only."""
        for step in self.steps:
            step.mix = step.mix.fixed()
        return self


class Inverse(nn.Module):
    """The graph `inverse`: z0 and features -> residual."""

    def __init__(self, flow: Flow):
        super().__init__()
        self.flow = flow

    def forward(self, z0: Tensor, features: Tensor) -> Tensor:
        return self.flow.decode([z0], self.flow.context(features))


class Forward(nn.Module):
    """The graph `forward`: residual and features -> z0 and its log-determinant."""

    def __init__(self, flow: Flow):
        super().__init__()
        self.flow = flow

    def forward(self, residual: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        (z0,), log_det = self.flow.encode(residual, self.flow.context(features))
        return z0, log_det


def log_normal(z: Tensor) -> Tensor:
    """log N(z; 0, 1) summed over all axes but the first, [n], in fp32."""
    return -0.5 * (z.float().square() + math.log(2 * math.pi)).flatten(1).sum(1)
