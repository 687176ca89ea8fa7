"""Which precision a step is computed in: bf16 autocast is faster on some machines, fp32 on others."""

import time

import torch

from .batches import Batch

STEPS = 5  # steps that are timed, after one that is not


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The context that forward passes run in."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def faster(network, objective, batch: Batch, device: torch.device) -> tuple[str, str]:
    """The faster of bf16 and fp32 by the median of a few steps, and the times in words.

    No weight changes: the steps have no optimizer.
    """
    times = {precision: _seconds(network, objective, batch, device, precision) for precision in ("bf16", "fp32")}
    network.zero_grad(set_to_none=True)
    words = ", ".join(f"{name} {1e3 * seconds:.0f} ms" for name, seconds in times.items())
    return min(times, key=times.get), words


def _seconds(network, objective, batch: Batch, device: torch.device, precision: str) -> float:
    found = []
    for _ in range(1 + STEPS):
        _wait(device)
        started = time.perf_counter()
        with autocast(device, precision):
            loss, _ = objective(network, batch)
        loss.backward()
        _wait(device)
        found.append(time.perf_counter() - started)
    return sorted(found[1:])[STEPS // 2]


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
