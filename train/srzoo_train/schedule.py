"""Noised states and predictions of a diffusion; the same numbers as lib/diffusion."""

from torch import Tensor


def add_noise(x0: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """x_t = sqrt(alphaBar) x0 + sqrt(1 - alphaBar) noise; alpha_bar is [n, 1, 1, 1]."""
    return alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * noise


def target_of(kind: str, x0: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """What a network of that kind should predict: the noise, x0, or
    v = sqrt(alphaBar) noise - sqrt(1 - alphaBar) x0 (Salimans & Ho 2022, appendix D)."""
    if kind == "eps":
        return noise
    if kind == "x0":
        return x0
    return alpha_bar.sqrt() * noise - (1 - alpha_bar).sqrt() * x0


def x0_of(kind: str, x: Tensor, prediction: Tensor, alpha_bar: Tensor) -> Tensor:
    """x0 from x_t and a prediction of that kind."""
    if kind == "eps":
        return (x - (1 - alpha_bar).sqrt() * prediction) / alpha_bar.sqrt()
    if kind == "x0":
        return prediction
    return alpha_bar.sqrt() * x - (1 - alpha_bar).sqrt() * prediction


def ancestral(x: Tensor, x0: Tensor, noise: Tensor, now: Tensor, then: Tensor) -> Tensor:
    """One DDPM step from alphaBar `now` to the larger `then` (Ho et al. 2020, equation 7, respaced)."""
    alpha = now / then
    beta = 1 - alpha
    mean = (then.sqrt() * beta * x0 + alpha.sqrt() * (1 - then) * x) / (1 - now)
    return mean + (beta * (1 - then) / (1 - now)).sqrt() * noise
