"""Images that photographs lack: text, interfaces, line art, charts, flat areas, gradients.

Drawn anew for every crop. The fonts' licences allow any use: Aileron, which Pillow carries (CC0),
and three packages of pyproject.toml under the SIL Open Font License 1.1.
"""

import importlib.util
import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

GRAY = 0.15  # share of the drawn crops that are photographs without colour
FONTS = ("font_source_sans_pro", "font_source_serif_pro", "font_amatic_sc")
LETTERS = "eeeeaaaiiooutttnnnsssrrrlldhcmpgbvfykwxjqz"
FINE = 2     # times the resolution at which smooth lines are drawn

Colour = tuple[int, int, int]
Random = np.random.Generator
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def picture(side: int, random: Random) -> np.ndarray:
    """Bytes [side, side, 3]."""
    image = KINDS[int(random.choice(len(KINDS), p=SHARES))](side, random)
    if random.random() < 0.5:
        image = np.rot90(image, int(random.integers(4))) if random.random() < 0.3 else image[::-1, ::-1]
    return gray(image) if random.random() < 0.15 else np.ascontiguousarray(image)


def gray(image: np.ndarray) -> np.ndarray:
    """Its BT.601 luma in all three channels."""
    return np.repeat(np.asarray(Image.fromarray(image).convert("L"))[:, :, None], 3, 2)


def text(side: int, random: Random) -> np.ndarray:
    """Lines of words, from captions that are just legible at x4 to headlines."""
    paper, ink = _pair(random)
    image = Image.new("RGB", (side, side), paper)
    draw = ImageDraw.Draw(image)
    size = _size(random, 18, 110)
    y = -int(random.integers(size))
    while y < side:
        draw.text((-int(random.integers(40)), y), _words(random, 4 + 3 * side // size), ink, _font(random, size))
        y += int(size * random.uniform(1.1, 1.7))
        if random.random() < 0.15:
            size = _size(random, 18, 110)
        if random.random() < 0.15:
            ink = _ink(random, paper)
    return np.asarray(image)


def interface(side: int, random: Random) -> np.ndarray:
    """Panels, buttons, marks and labels."""
    image = Image.new("RGB", (side, side), _paper(random))
    draw = ImageDraw.Draw(image)
    for _ in range(int(random.integers(4, 16))):
        x, y = (int(v) for v in random.integers(-60, side, 2))
        width, height = int(random.integers(30, 320)), int(random.integers(16, 160))
        paper, ink = _pair(random)
        draw.rounded_rectangle(
            (x, y, x + width, y + height), int(random.integers(0, 20)), paper,
            ink if random.random() < 0.5 else None, int(random.integers(1, 6)),
        )
        if random.random() < 0.7:
            draw.text((x + 10, y + 6), _words(random, 12), ink, _font(random, _size(random, 16, 44)))
        if random.random() < 0.3:
            draw.ellipse((x + width - 40, y + 6, x + width - 12, y + 34), ink)
        if random.random() < 0.2:
            draw.line((x, y + height, x + width, y + height), ink, int(random.integers(1, 4)))
    return np.asarray(image)


def lines(side: int, random: Random) -> np.ndarray:
    """Strokes, curves and filled shapes with smooth edges."""
    paper, ink = _pair(random)
    wide = FINE * side
    image = Image.new("RGB", (wide, wide), paper)
    draw = ImageDraw.Draw(image)
    for _ in range(int(random.integers(6, 30))):
        points = [tuple(int(v) for v in random.integers(-40, wide + 40, 2)) for _ in range(3)]
        width, kind = int(random.integers(2, 20)), random.random()
        if kind < 0.5:
            draw.line(points[: int(random.integers(2, 4))], ink, width, joint="curve")
        elif kind < 0.8:
            (x, y), radius = points[0], int(random.integers(10, 400))
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), None, ink, width)
        else:
            draw.polygon(points, _colour(random), ink, width)
        if random.random() < 0.2:
            ink = _colour(random)
    return np.asarray(image.reduce(FINE))


def chart(side: int, random: Random) -> np.ndarray:
    """A grid, axes, curves or bars, and numbers."""
    wide = FINE * side
    paper = WHITE if random.random() < 0.7 else _paper(random)
    dark = sum(paper) < 384
    image = Image.new("RGB", (wide, wide), paper)
    draw = ImageDraw.Draw(image)
    step, faint = int(random.integers(60, 200)), (70,) * 3 if dark else (215,) * 3
    for place in range(step, wide, step):
        draw.line((0, place, wide, place), faint, FINE)
        if random.random() < 0.5:
            number = f"{random.integers(1000) / 10:g}"
            draw.text((12, place + 4), number, WHITE if dark else BLACK, _font(random, 44))
    x = np.linspace(0, wide, 24)
    for _ in range(int(random.integers(1, 5))):
        colour = _colour(random)
        y = wide * random.uniform(0.2, 0.8) + np.cumsum(random.normal(0, 60, 24))
        if random.random() < 0.7:
            draw.line(list(zip(x, y)), colour, int(random.integers(2, 12)), joint="curve")
        else:
            for left, top in zip(x[::2], y[::2]):
                draw.rectangle((left, min(top, wide - 1), left + wide / 40, wide), colour)
    return np.asarray(image.reduce(FINE))


def flat(side: int, random: Random) -> np.ndarray:
    """One colour, or a few with straight borders."""
    image = Image.new("RGB", (side, side), _extreme(random))
    draw = ImageDraw.Draw(image)
    for _ in range(max(0, int(random.integers(-2, 4)))):
        x, y = (int(v) for v in random.integers(side, size=2))
        draw.rectangle((x, y, x + int(random.integers(1, side)), y + side), _extreme(random))
    return np.asarray(image)


def gradient(side: int, random: Random) -> np.ndarray:
    """From one colour to another, straight or round; rounded to bytes, or dithered."""
    ends = [np.array(_colour(random), np.float32) for _ in range(2)]
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side - 0.5
    angle = random.uniform(0, 2 * math.pi)
    along = x * math.cos(angle) + y * math.sin(angle) if random.random() < 0.6 else np.hypot(x, y)
    share = np.clip(along * random.uniform(0.1, 1.5) + 0.5, 0, 1)[:, :, None]
    found = ends[0] + (ends[1] - ends[0]) * share
    dither = random.random((side, side, 1), np.float32) if random.random() < 0.3 else 0.5
    return np.clip(found + dither, 0, 255).astype(np.uint8)


Kind = Callable[[int, Random], np.ndarray]
KINDS: tuple[Kind, ...] = (text, interface, lines, chart, flat, gradient)
SHARES = (0.3, 0.2, 0.15, 0.1, 0.15, 0.1)


def _size(random: Random, low: int, high: int) -> int:
    """A random size of a font, in HR pixels; its logarithm is uniform."""
    return int(math.exp(random.uniform(math.log(low), math.log(high))))


def _words(random: Random, letters: int) -> str:
    """Words without a language, some of them numbers, some with capitals."""
    found = ""
    while len(found) < letters:
        length = int(random.integers(1, 10))
        if random.random() < 0.12:
            word = str(int(random.integers(10**min(length, 5))))
        else:
            word = "".join(LETTERS[i] for i in random.integers(len(LETTERS), size=length).tolist())
            case = random.random()
            word = word.upper() if case < 0.1 else word.capitalize() if case < 0.3 else word
        found += word + (",.:;!?-"[int(random.integers(7))] if random.random() < 0.12 else "") + " "
    return found


def _font(random: Random, size: int) -> ImageFont.FreeTypeFont:
    files = _files()
    place = int(random.integers(-len(files) // 4, len(files)))  # a fifth of the draws take Aileron
    return _loaded(files[place] if place >= 0 else None, size)


@lru_cache(maxsize=512)
def _loaded(file: Path | None, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size) if file is None else ImageFont.truetype(str(file), size)


@lru_cache(maxsize=1)
def _files() -> list[Path]:
    """The fonts of the packages, in a fixed order."""
    found = []
    for package in FONTS:
        spec = importlib.util.find_spec(package)
        if spec is None:
            raise ModuleNotFoundError(
                f"cannot draw text: the package {package.replace('_', '-')} is not installed; "
                f"install train/requirements.lock"
            )
        found += sorted(Path(spec.submodule_search_locations[0]).rglob("*.ttf"))
    return found


def _colour(random: Random, light: float | None = None) -> Colour:
    """A gray in four of ten draws, else a colour near one."""
    light = random.random() if light is None else light
    spread = random.normal(0, 50, 3) if random.random() < 0.6 else 0
    return tuple(int(v) for v in np.clip(np.full(3, 255 * light) + spread, 0, 255))


def _extreme(random: Random) -> Colour:
    """White, black, or any colour."""
    kind = random.random()
    return WHITE if kind < 0.3 else BLACK if kind < 0.45 else _colour(random)


def _paper(random: Random) -> Colour:
    kind = random.random()
    return WHITE if kind < 0.45 else _colour(random, 0.08 if kind < 0.6 else random.random())


def _ink(random: Random, paper: Colour) -> Colour:
    """A colour with contrast to its background."""
    light = sum(paper) > 384
    if random.random() < 0.4:
        return BLACK if light else WHITE
    return _colour(random, random.uniform(0, 0.3) if light else random.uniform(0.7, 1))


def _pair(random: Random) -> tuple[Colour, Colour]:
    """Paper and ink."""
    paper = _paper(random)
    return paper, _ink(random, paper)
