"""Muon (Jordan et al. 2024): momentum whose update is made orthogonal, for the weights of layers.

A weight [outputs, ...] counts as the matrix [outputs, inputs * kernel]. Biases and other vectors
take AdamW's step. The update is scaled to the root mean square of AdamW's (Liu et al. 2025,
"Muon is scalable for LLM training", equation 4), so that both take the same learning rates.
Matrices of one shape are updated together: a GPU then launches a dozen kernels for each shape, not
for each layer.
"""

import torch
from torch import Tensor

ROUNDS = 5                           # of the iteration: singular values end within 0.7 ... 1.2
QUINTIC = (3.4445, -4.7750, 2.0315)  # a x + b x^3 + c x^5, steepest at 0 (Jordan et al.)
RMS = 0.2                            # of an AdamW update, as measured by Liu et al.


def orthogonal(matrices: Tensor) -> Tensor:
    """Approximates the nearest semi-orthogonal matrices of [..., rows, columns] by a Newton-Schulz iteration."""
    tall = matrices.shape[-2] > matrices.shape[-1]
    wide = matrices.mT if tall else matrices
    x = wide / (wide.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    a, b, c = QUINTIC
    for _ in range(ROUNDS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon(torch.optim.AdamW):
    """AdamW for vectors, Muon for everything with two axes or more.

    Args:
        rounds_in: dtype of the iteration; bfloat16 is precise enough, and several times as fast on
            processors that multiply bfloat16 matrices.
    """

    def __init__(
        self, parameters, lr: float, betas: tuple[float, float], momentum: float = 0.95,
        rounds_in: torch.dtype = torch.float32,
    ):
        self.rounds_in = rounds_in
        every = list(parameters)
        vectors = [p for p in every if p.ndim < 2]
        super().__init__([{"params": vectors}], lr=lr, betas=betas, weight_decay=0.0)
        matrices = [p for p in every if p.ndim >= 2]
        self.add_param_group({"params": matrices, "momentum": momentum, "muon": True})

    @torch.no_grad()
    def step(self, closure=None):
        """One update of every parameter that has a gradient."""
        groups = self.param_groups
        self.param_groups = [g for g in groups if not g.get("muon")]
        try:
            loss = super().step(closure)
        finally:
            self.param_groups = groups
        for group in groups:
            if group.get("muon"):
                for alike in _by_shape(group["params"]):
                    self._turn(alike, group)
        return loss

    def _turn(self, parameters: list[Tensor], group: dict) -> None:
        """Updates parameters of one shape."""
        for parameter in parameters:
            state = self.state[parameter]
            if "momentum" not in state:
                state["momentum"] = torch.zeros_like(parameter)
                state["step"] = torch.zeros(())  # unused, but AdamW expects it in every state that it loads
        share, grads = group["momentum"], [p.grad for p in parameters]
        means = [self.state[p]["momentum"] for p in parameters]
        torch._foreach_lerp_(means, grads, 1 - share)
        ahead = torch.stack(torch._foreach_lerp(grads, means, share)).flatten(2)
        updates = orthogonal(ahead.to(self.rounds_in)).float() * (RMS * max(ahead.shape[1:]) ** 0.5)
        shaped = [u.view(p.shape) for u, p in zip(updates, parameters)]
        torch._foreach_add_(parameters, shaped, alpha=-group["lr"])


def _by_shape(parameters: list[Tensor]) -> list[list[Tensor]]:
    """The parameters with a gradient, those of one shape together."""
    found: dict[torch.Size, list[Tensor]] = {}
    for parameter in parameters:
        if parameter.grad is not None:
            found.setdefault(parameter.shape, []).append(parameter)
    return list(found.values())
