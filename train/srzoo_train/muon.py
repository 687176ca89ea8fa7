"""Muon (Jordan et al. 2024): momentum whose update is made orthogonal, for the weights of layers.

A weight [outputs, ...] counts as the matrix [outputs, inputs * kernel]. Biases and other vectors
take AdamW's step. The update is scaled to the root mean square of AdamW's (Liu et al. 2025,
"Muon is scalable for LLM training", equation 4), so that both take the same learning rates.
"""

import torch
from torch import Tensor

ROUNDS = 5                           # of the iteration: singular values end within 0.7 ... 1.2
QUINTIC = (3.4445, -4.7750, 2.0315)  # a x + b x^3 + c x^5, steepest at 0 (Jordan et al.)
RMS = 0.2                            # of an AdamW update, as measured by Liu et al.


def orthogonal(matrix: Tensor) -> Tensor:
    """The nearest half-orthogonal matrix, about: a Newton-Schulz iteration on [rows, columns]."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = wide / (wide.norm() + 1e-7)
    a, b, c = QUINTIC
    for _ in range(ROUNDS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if wide is matrix else x.T


class Muon(torch.optim.AdamW):
    """AdamW for vectors, Muon for everything with two axes or more."""

    def __init__(self, parameters, lr: float, betas: tuple[float, float], momentum: float = 0.95):
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
                for parameter in group["params"]:
                    self._turn(parameter, group)
        return loss

    def _turn(self, parameter: Tensor, group: dict) -> None:
        if parameter.grad is None:
            return
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
            state["step"] = torch.zeros(())  # unused, but AdamW looks for it in every state it loads
        mean = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
        ahead = parameter.grad.lerp(mean, group["momentum"]).float().flatten(1)
        update = orthogonal(ahead) * (RMS * max(ahead.shape) ** 0.5)
        parameter.sub_(update.view(parameter.shape), alpha=group["lr"])
