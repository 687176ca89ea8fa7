"""A recipe: everything that a training run depends on, as keys and types. recipe_rules.py checks the rest."""

import difflib
import json
import re
import typing

import msgspec

from .noise_schedule import RAMPS


class RecipeError(ValueError):
    """A recipe that cannot be used; the message names the key and what is allowed."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping of a recipe: its keys, their types and defaults."""


class Network(Part):
    """Sizes of a network: ours of models/compact.py and models/flow.py, or published ones.

    `published` is SRDiff's or SRFlow's, `janspiry` and `novwaul` are the U-Nets of two systems after SR3.
    """

    kind: typing.Literal["compact", "plain", "published", "janspiry", "novwaul"] = "compact"
    channels: int = 64              # on the LR grid; of the published RRDB too
    blocks: int = 6                 # on the LR grid, or plain convolutions; of the published RRDB too
    deep: int = 96                  # compact denoisers: channels at half the LR grid
    deep_blocks: int = 4
    hidden: int = 64                # published U-Nets: channels of the first level; srflow: inside a coupling
    multipliers: tuple[int, ...] = (1, 2, 3, 4)
    couplings: int = 8              # srflow: steps with a coupling, of each level of a published one
    stacked: tuple[int, ...] = (1, 8, 15, 22)  # published srflow: the encoder's blocks that its flow sees
    attention: tuple[int, ...] = () # janspiry, novwaul: levels whose blocks have attention, 0 the finest
    groups: int = 32                # janspiry: of every group norm
    dropout: float = 0.0            # janspiry, novwaul


class Way(Part):
    """few_step: one way to sample, and the share of the draws that are trained for it.

    Either `timesteps` or `steps` evenly spaced over the whole chain. A way that begins at the last index of
    the chain starts from pure noise, any other from the noised base.
    """

    share: float
    timesteps: tuple[int, ...] = ()  # descending indices, one for each step
    steps: int | None = None

    def taken(self, chain: int) -> tuple[int, ...]:
        """The timesteps of this way in a chain of that length."""
        return self.timesteps or spaced(chain, self.steps)

    def from_noise(self, chain: int) -> bool:
        """Whether it starts from pure noise."""
        return self.taken(chain)[0] == chain - 1


class Stage(Part):
    """One part of a run: a loss, its optimizer settings, and its share of the budget."""

    loss: typing.Literal["l1", "l2", "diffusion", "few_step", "nll", "flow_sample"]
    norm: typing.Literal["l1", "l2"] = "l1"  # diffusion: of the difference from the target
    share: float = 1.0              # of the run's steps or minutes
    lr: float = 1e-3                # peak of the cosine
    optimizer: typing.Literal["adamw", "muon"] = "adamw"
    init_from: str | None = None    # as in Recipe; by default the stage continues from the one before
    warmup: float = 0.02            # share of the stage
    ways: tuple[Way, ...] = ()      # few_step: how samples are drawn; the first is the default
    pixel: float = 2.0              # few_step, flow_sample: weight of the pixels' distance
    lpips: float = 1.0              # few_step, flow_sample: weight of LPIPS with AlexNet
    diversity: float = 0.8          # few_step, flow_sample: lambda of the energy score, 0 ... 1
    pairs: float = 1.0              # few_step: share of the crops of which two samples are drawn
    spectrum: float = 0.0           # few_step, flow_sample: weight of the distance of power spectra
    lattice: float = 0.0            # few_step, flow_sample: weight of the lattice that the LR grid leaves (lattice.py)
    temperature: tuple[float, ...] = (0.8, 0.9)  # flow_sample: least and most, of the latents drawn
    nll: float = 2e-3               # flow_sample: weight of the bits per dimension


def spaced(timesteps: int, steps: int) -> tuple[int, ...]:
    """Evenly spaced indices from the last one down to 0, as the library's sampler takes them."""
    span = max(1, steps - 1)
    return tuple(int((timesteps - 1) * (span - i) / span + 0.5) for i in range(steps))


class Schedule(Part):
    """Levels of noise: a kind of noise_schedule.KINDS, and the ends of its betas where it has any."""

    kind: str = "cosine"
    timesteps: int = 100            # T
    first: float = 1e-4             # beta of timestep 0
    last: float = 2e-2              # beta of timestep T - 1

    def described(self) -> dict:
        """The schedule as in a card."""
        found: dict = {"kind": self.kind, "timesteps": self.timesteps}
        if self.kind in RAMPS:
            found["first"] = self.first
        if self.kind in (*RAMPS, "const"):
            found["last"] = self.last
        return found


class Data(Part):
    """What the crops are. With damage the target follows `restore`: data.crops.Pixels."""

    damage: typing.Literal["none", "photo"] = "none"  # photo: blur, noise and codecs on LR
    drawn: float = 0.0              # share of crops that our generator draws: text, flat areas, charts
    shrunk: float = 0.0             # share of the crops of photographs whose HR is shrunk first, as in small images of whole scenes
    clean: float = 0.2              # damage: share of the photographs that stay clean
    stored: float = 0.4             # damage: share that was shrunk well and stored once, as most on the web
    turned: bool = True             # crops are turned by quarters too; faces are only mirrored
    pair: str = ""                  # as 16/128: photographs are made square pairs of these sides
    resample: typing.Literal["pillow", "torch"] = "pillow"  # pairs: what shrinks them


class Budget(Part):
    """How long to train; exactly one of the three limits is set."""

    max_steps: int | None = None
    max_epochs: float | None = None
    max_minutes: float | None = None  # become steps after the first 100, unless the clock counts
    clock: bool = False             # max_minutes is a hard limit, and schedules follow the time that passed


class Recipe(Part):
    """One training run."""

    id: str
    family: typing.Literal["regression", "srdiff", "sr3", "ddpm", "srflow"]
    stages: tuple[Stage, ...]
    budget: Budget
    scale: int = 4
    network: Network = Network()
    encoder: str | None = None      # srdiff, srflow: a released regression entry or a run of one
    trains_encoder: bool = False    # srdiff: the encoder is trained too, its estimate by stage.pixel * L1
    init_from: str | None = None    # a released entry, a run or a checkpoint to start from
    fresh: tuple[str, ...] = ()     # layers, such as head or denoiser.middle.4, that do not start from there
    diffusion_steps: int = 100      # T of the cosine schedule, unless `schedule` says another
    schedule: Schedule | None = None  # of training
    sampling: Schedule | None = None  # of sampling, where it differs from that of training
    prediction: typing.Literal["v", "eps", "x0"] = "v"
    base: typing.Literal["estimate", "bicubic", "bicubic256", "none"] = "estimate"  # x0 = scale * (hr - base)
    condition: typing.Literal["bicubic", "pillow", "torch", "none"] = "bicubic"  # sr3, ddpm: beside x
    variance: typing.Literal["posterior", "beta"] = "posterior"  # of an ancestral step
    residual_scale: float | None = None  # None: 1 / standard deviation of hr - base
    clip_x0: float | None = None    # x0 is clamped to [-clip_x0, clip_x0]
    data: Data = Data()
    batch: int = 16                 # crops a step, over all processes
    accumulate: int = 1             # parts that a batch is cut into, to save memory
    crop: int = 40                  # LR pixels
    seed: int = 1
    precision: typing.Literal["auto", "bf16", "fp32"] = "auto"  # auto: the faster of the two, tried first
    compile: bool = False           # torch.compile, for a GPU that one run has for itself
    ema_half_life: float = 0.04     # share of the run
    ema_decay: float | None = None  # the same in every step, in place of the half-life; 0: no average
    clip: float = 1.0               # norm of the gradient
    validate_minutes: float = 10.0
    held_out: int = 0               # batches of images kept aside, whose loss is in every line of the log
    trackers: tuple[str, ...] = ("tensorboard",)

    @property
    def trained(self) -> Schedule:
        """The schedule of training."""
        return self.schedule or Schedule(timesteps=self.diffusion_steps)

    @property
    def restores(self) -> bool:
        """Whether the networks have the input `restore`."""
        return self.data.damage != "none"


def parsed(text: str) -> object:
    """The value of a YAML text or, if PyYAML is not installed, of a JSON text.

    Raises:
        ValueError: if the text is malformed.
    """
    try:
        import yaml
    except ImportError:
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError("without the package PyYAML a recipe must be JSON") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(error) from None


def recipe_of(text: str) -> Recipe:
    """The recipe that a state holds as JSON; keys that are newer than the state get defaults."""
    return typed(json.loads(text))


def typed(raw: dict) -> Recipe:
    """The recipe that a mapping describes.

    Raises:
        RecipeError: if a key is unknown or missing, or has a wrong type; the message names it.
    """
    try:
        return msgspec.convert(raw, Recipe)
    except msgspec.ValidationError as error:
        raise RecipeError(f"cannot use the recipe: {_explained(str(error), raw)}") from None


NAMES = {"array": "a list", "object": "a mapping"}


def _explained(message: str, raw: dict) -> str:
    """A message of msgspec, such as "Expected `int`, got `str` - at `$.stages[0].lr`", in a recipe's words."""
    fault, _, place = message.partition(" - at `$")
    path = re.findall(r"[^.\[\]`]+", place)
    kind, value = _kind_at(path), raw
    for key in path:
        value = value[int(key) if key.isdigit() else key]
    if match := re.fullmatch("Object contains unknown field `(.*)`", fault):
        known = typing.get_type_hints(kind)
        near = difflib.get_close_matches(match[1], known, 1)
        hint = f"did you mean {near[0]}?" if near else f"allowed are {', '.join(known)}"
        return f"unknown key {'.'.join([*path, match[1]])}; {hint}"
    if match := re.fullmatch("Object missing required field `(.*)`", fault):
        return f"the key {'.'.join([*path, match[1]])} is missing"
    if typing.get_origin(kind) is typing.Literal:
        return f"{'.'.join(path)} must be one of {', '.join(typing.get_args(kind))}; got {value!r}"
    if path and (match := re.match("Expected `(.*?)`", fault)):
        return f"{'.'.join(path)} must be {NAMES.get(match[1], match[1])}, got {value!r}"
    return message


def _kind_at(path: list[str]) -> typing.Any:
    """The type of a recipe's value at a path such as stages, 0, loss."""
    kind: typing.Any = Recipe
    for key in path:
        kind = typing.get_args(kind)[0] if key.isdigit() else typing.get_type_hints(kind)[key]
        if type(None) in typing.get_args(kind):
            kind = typing.get_args(kind)[0]
    return kind
