"""Official checkpoints of Janspiry's SR3 and DDPM (`I*_E*_gen.pth`), conditional and unconditional."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..graphs import Graph
from ..models.janspiry_unet import JanspiryShape, JanspiryUNet
from ..noise_schedule import KINDS, RAMPS, S, Schedule
from ..published import Draw, tiling
from .image_diffusion import Level, diffusion_of, layers_of, levels_of, scale_of
from .reference_config import lookup, number, shown
from .schedule_table import SCHEDULE_BUFFERS, decided
from .system import Conversion, ImportRefused, System, Weights, listed, load_exactly, shape_of

NET = "denoise_fn."
# Names that only a network with this embedding of the time has.
TIMES = {"level": f"{NET}noise_level_mlp.", "timestep": f"{NET}time_mlp."}
# Both released tasks, 16 -> 128 and 64 -> 512.
SCALE = 8
# The code's default, and the configuration sr_sr3_64_512: inner 64, one block a level, five levels.
GROUPS = 32
GROUPS_64_512 = 16
WIDTHS_64_512 = (64, 128, 256, 512, 1024)
TIMESTEPS = 2000
RELEASED = {
    "level": {"kind": "linear", "timesteps": TIMESTEPS, "first": 1e-6, "last": 1e-2},
    "timestep": {"kind": "linear", "timesteps": TIMESTEPS, "first": 1e-4, "last": 2e-2},
}


def detect(keys: Iterable[str]) -> bool:
    """Whether these are the keys of a U-Net whose layers stand in one list."""
    keys = set(keys)
    stem = {f"{NET}downs.0.weight", f"{NET}final_conv.block.3.weight"} <= keys
    return stem and any(key.startswith(tuple(TIMES.values())) for key in keys)


def convert(weights: Weights, config: Mapping[str, Any]) -> Conversion:
    """Reads the sizes off the weights, the rest from the configuration or the release."""
    unknown = sorted({key.split(".")[0] for key in weights} - {NET[:-1], *SCHEDULE_BUFFERS})
    if unknown:
        raise ImportRefused(f"{len(unknown)} unknown: {listed(unknown)}")
    shape, notes = shape_in(weights, config)
    network = JanspiryUNet(shape).eval()
    load_exactly(network, weights, NET)
    conditional = shape.inputs == 6
    schedule, told = trained_with(weights.get("betas"), config, shape.time)
    notes += told
    sampling, told = sampled_with(config, schedule)
    notes += told
    scale, told = scale_of(config, SCALE) if conditional else (1, [])
    notes += told
    time = "level" if shape.time == "level" else "t"
    draw = Draw(time, scale, shape.stride, sampling["timesteps"], conditional)
    return Conversion(
        graphs=(Graph("denoiser", network, draw, {"prediction": 0}),),
        card=card_of(shape, scale, schedule, sampling),
        notes=tuple(notes),
    )


JANSPIRY = System("SR3 / DDPM (Janspiry)", ("",), detect, convert)


def shape_in(weights: Weights, config: Mapping[str, Any]) -> tuple[JanspiryShape, list[str]]:
    """The network's sizes, with notes on what the shapes do not show."""
    inner, inputs = shape_of(weights, f"{NET}downs.0.weight", 4)[:2]
    if inputs not in (3, 6):
        raise ImportRefused(f"its network takes {inputs} channels; known are 3 (unconditional) and 6")
    layers = layers_of(weights, f"{NET}downs.", 1)
    width = lambda prefix: f"{prefix}res_block.block1.block.3.weight"
    levels = levels_of(weights, f"{NET}downs.", layers, width, "attn")
    groups, notes = groups_of(levels, inner, config)
    time = next(time for time, prefix in TIMES.items() if any(k.startswith(prefix) for k in weights))
    attention = frozenset(i for i, level in enumerate(levels) if level.attention)
    widths = tuple(level.width for level in levels)
    return JanspiryShape(time, inputs, inner, widths, levels[0].blocks, attention, groups), notes


def groups_of(
    levels: list[Level], inner: int, config: Mapping[str, Any]
) -> tuple[int, list[str]]:
    """Groups of the norms: as configured, or else as released for these sizes."""
    widths = tuple(level.width for level in levels)
    told = lookup(config, "model.unet.norm_groups", "unet.norm_groups", "unet.group_norm_groups",
                  "norm_groups")
    groups, notes = told, []
    if told is None:
        groups = GROUPS_64_512 if (widths, levels[0].blocks) == (WIDTHS_64_512, 1) else GROUPS
        notes = [f"group norms are taken to have {groups} groups, as released; norm_groups in a "
                 "--config says another number"]
    if type(groups) is not int or groups < 1:
        raise ImportRefused(f"norm_groups must be a positive whole number, got {shown(groups)}")
    broken = [width for width in (inner, *widths) if width % groups]
    if broken:
        raise ImportRefused(
            f"its {broken[0]} channels are not a multiple of {groups} groups of the norm; say with "
            "--config how many there are: norm_groups"
        )
    return groups, notes


def trained_with(
    table: Any, config: Mapping[str, Any], time: str
) -> tuple[Schedule, list[str]]:
    """The schedule of training: the checkpoint's table tells it, else the configuration, else the release."""
    told = told_schedule(config, "model.beta_schedule.train", "beta_schedule.train",
                         "schedule_stored_in_checkpoint")
    return decided(told, table, RELEASED[time], "beta_schedule.train")


def sampled_with(config: Mapping[str, Any], trained: Schedule) -> tuple[Schedule, list[str]]:
    """The schedule of sampling: the code replaces the checkpoint's tables with the configured ones."""
    told = told_schedule(config, "model.beta_schedule.val", "beta_schedule.val",
                         "schedule_used_for_sampling")
    if told is not None:
        return told, []
    return trained, ["it is sampled with the schedule of training; beta_schedule.val in a --config "
                     "says another"]


def told_schedule(config: Mapping[str, Any], *places: str) -> Schedule | None:
    """The schedule that stands at one of the dotted paths of a configuration, or None."""
    told = lookup(config, *places)
    if told is None:
        return None
    name = places[0].split(".")[-1]
    if not isinstance(told, Mapping):
        raise ImportRefused(f"beta_schedule.{name} must be a mapping, got {shown(told)}")
    kind, timesteps = told.get("schedule"), told.get("n_timestep")
    if kind not in KINDS:
        raise ImportRefused(f"beta_schedule.{name} must be one of {', '.join(KINDS)}, got {shown(kind)}")
    if type(timesteps) is not int or timesteps < 1:
        raise ImportRefused(f"n_timestep must be a positive whole number, got {shown(timesteps)}")
    found: Schedule = {"kind": kind, "timesteps": timesteps}
    if kind == "cosine":
        found["s"] = number(told, ("cosine_s",), S)
    if kind in RAMPS:
        found["first"] = number(told, ("linear_start",), 1e-4, 0.999)
    if kind in (*RAMPS, "const"):
        found["last"] = number(told, ("linear_end",), 2e-2, 0.999)
    return found


def card_of(
    shape: JanspiryShape, scale: int, schedule: Schedule, sampling: Schedule
) -> dict[str, Any]:
    """What the model card says beyond files."""
    conditional = shape.inputs == 6
    family = "sr3" if shape.time == "level" else "ddpm"
    task = f"for {scale} times the size" if conditional else "that generate images without an input"
    return {
        "name": f"{family.upper()} x{scale}" if conditional else f"{family.upper()}, unconditional",
        "description": f"Weights of Janspiry's {family.upper()} {task}, run as the authors' code "
        "runs them.",
        "family": family,
        "scale": scale,
        "licence": {"weights": "not stated by the checkpoint", "data": []},
        "tiling": tiling(scale, shape.stride),
        **diffusion_of(schedule, sampling, "pillow" if conditional else None, {"clip": 1.0}),
    }
