"""Which noise schedule a checkpoint was trained with, by its table of betas and what its configuration says."""

from __future__ import annotations

from torch import Tensor

from ..noise_schedule import KINDS, S, Schedule, fits, recognised
from .system import ImportRefused

# Tables that the official checkpoints keep beside the weights; all follow from the betas.
SCHEDULE_BUFFERS = (
    "betas",
    "alphas_cumprod",
    "alphas_cumprod_prev",
    "sqrt_alphas_cumprod",
    "sqrt_one_minus_alphas_cumprod",
    "log_one_minus_alphas_cumprod",
    "sqrt_recip_alphas_cumprod",
    "sqrt_recipm1_alphas_cumprod",
    "posterior_variance",
    "posterior_log_variance_clipped",
    "posterior_mean_coef1",
    "posterior_mean_coef2",
)


def decided(
    told: Schedule | None, table: Tensor | None, released: Schedule, keys: str
) -> tuple[Schedule, list[str]]:
    """The schedule, with notes on how it was decided.

    Without a table it is the configured one, or else the released one. A table in the checkpoint is
    what the reference samples with, so it overrules a configuration that it does not fit.

    Args:
        keys: what a configuration may say if the table is not recognised, for the message.

    Raises:
        ImportRefused: if the table fits neither the configuration nor a known schedule.
    """
    if table is None:
        return told or released, []
    if told is not None and fits(told, table):
        return told, []
    found = recognised(table)
    if found is None:
        raise ImportRefused(
            f"its table of {len(table)} betas is not one of {', '.join(KINDS)} (with s = {S}); say with "
            f"--config what it is: {keys}"
        )
    differs = f"the configuration says {told}, the checkpoint's table is {found} and decides"
    return found, [] if told is None else [differs]
