"""What happens to a photograph before people want it larger: blur, noise, retouching, JPEG, WebP, GIF.

    HR -> blur and downscaling -> noise -> retouching -> bytes -> file [-> noise -> bytes -> file]

`draw` picks the kind and the strength of every part, `damaged` applies them. The ranges are milder
than those of Real-ESRGAN (Wang et al. 2021), whose networks make surfaces look like plastic: most
photographs that people have were blurred by less than two of their pixels and compressed once or
twice. `dimmed` is no damage: the truth is as dark. All three are pure functions of the generator
that they get.
"""

import io
import math
from dataclasses import dataclass

import numpy as np

from .kernels import Blur, filtered, gaussian, reach, separable, shrunk, shrunk_exactly

GRID = 16      # LR pixels: the largest block of JPEG's 4:2:0 and of WebP
DIMMED = 0.1   # of those whose scene is darker or flatter, the truth too
FULL = 15.0    # levels of 255, root mean square, of an input that counts as wholly damaged


@dataclass(frozen=True)
class Noise:
    """Of a sensor: standard deviation in levels of 255, at mid-gray."""

    sigma: float
    gray: float = 0.0     # share of the variance that all channels have in common
    photon: float = 0.0   # share of the variance that grows with the signal, as Poisson's
    width: float = 0.0    # of a grain, as its standard deviation in pixels: demosaiced, scanned or enlarged noise

    def added(self, image: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """float32 [h, w, 3] in 0 ... 255 with noise."""
        grain = gaussian(self.width) if self.width else np.array([0, 1, 0], np.float32)
        height, width = (side + len(grain) - 1 for side in image.shape[:2])
        draws = random.standard_normal((height, width, image.shape[2] + 1), np.float32)
        noise = math.sqrt(1 - self.gray) * draws[..., 1:] + math.sqrt(self.gray) * draws[..., :1]
        noise = filtered(noise, grain) / np.square(grain).sum()  # the variance is kept
        gain = np.sqrt(1 - self.photon + self.photon * np.maximum(image, 0) / 127.5)
        return image + np.float32(self.sigma) * gain * noise


@dataclass(frozen=True)
class Retouch:
    """What a camera or a program does to an image before it stores it."""

    median: bool = False      # of 3x3 pixels: what is left by removing noise
    sharpened: float = 0.0    # amount of an unsharp mask
    sigma: float = 1.0        # of the mask, pixels

    def done(self, image: np.ndarray) -> np.ndarray:
        """float32 [h, w, 3] in 0 ... 255 after it."""
        if self.median:
            views = np.lib.stride_tricks.sliding_window_view(_bordered(image, 1), (3, 3), (0, 1))
            image = np.median(views.reshape(*image.shape, 9), 3).astype(np.float32)
        if not self.sharpened:
            return image
        mask = gaussian(self.sigma)
        return image + np.float32(self.sharpened) * (image - filtered(_bordered(image, len(mask) // 2), mask))


@dataclass(frozen=True)
class Codec:
    """A lossy file format; `halved`: colours at half the resolution, JPEG's 4:2:0; a palette that is dithered."""

    name: str             # JPEG | WEBP | GIF
    quality: int          # of a GIF the number of its colours
    halved: bool = True

    def passed(self, image: np.ndarray) -> np.ndarray:
        """Bytes [h, w, 3] as they come out of the file."""
        from PIL import Image  # training without damage goes without Pillow

        if self.name == "GIF":
            dither = Image.Dither.FLOYDSTEINBERG if self.halved else Image.Dither.NONE
            whole = Image.fromarray(image)
            palette = whole.quantize(self.quality)
            return np.asarray(whole.quantize(palette=palette, dither=dither).convert("RGB"))
        with io.BytesIO() as file:
            if self.name == "JPEG":
                options = {"subsampling": 2 if self.halved else 0}
            else:
                options = {"method": 1}
            Image.fromarray(image).save(file, self.name, quality=self.quality, **options)
            with Image.open(io.BytesIO(file.getvalue())) as read:
                return np.asarray(read.convert("RGB"))


@dataclass(frozen=True)
class Pass:
    """What an image goes through before it is stored once."""

    noise: Noise | None = None
    codec: Codec | None = None
    retouch: Retouch | None = None

    def through(self, image: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Bytes of an image [h, w, 3] in 0 ... 255."""
        found = self.noise.added(image, random) if self.noise else image
        found = self.retouch.done(found.astype(np.float32)) if self.retouch else found
        return self.codec.passed(_bytes(found)) if self.codec else _bytes(found)


@dataclass(frozen=True)
class Damage:
    """One way from HR to LR. Without any part it is the library's own bicubic."""

    blur: Blur | None = None
    down: str = "bicubic"           # | bilinear | area | point
    passes: tuple[Pass, ...] = ()


def draw(random: np.random.Generator, clean: float, stored: float) -> Damage:
    """The damage of a photograph as people have it.

    Args:
        clean: share of the draws without any damage.
        stored: share of what most photographs on the web went through: shrunk well, perhaps sharpened, and
            stored once, with little noise. In the rest anything can come together, mostly with a second,
            milder pass.
    """
    kind = random.random()
    if kind < clean:
        return Damage()
    down = ("bicubic", "area", "bilinear", "point")[random.choice(4, p=(0.5, 0.25, 0.2, 0.05))]
    if kind < clean + stored:
        only = Pass(_noise(random, 8.0, 0.45), _codec(random, (40, 95), 1.0), _retouch(random, 0.15))
        return Damage(None, down, (only,))
    blur = _blur(random) if random.random() < 0.65 else None
    first = Pass(_noise(random, 12.0, 0.55), _codec(random, (30, 95), 0.8), _retouch(random, 0.25))
    if random.random() < 0.3:
        return Damage(blur, down, (first,))
    return Damage(blur, down, (first, Pass(_noise(random, 3.0, 0.3), _codec(random, (55, 95), 0.75))))


def dimmed(hr: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """HR bytes of the same scene in haze or little light, in a tenth of the draws; else as they are."""
    if random.random() >= DIMMED:
        return hr
    contrast, light = random.uniform(0.3, 0.8), random.random() ** 2
    return _bytes(hr * np.float32(contrast) + np.float32(255 * (1 - contrast) * light))


def _blur(random: np.random.Generator) -> Blur:
    """Sigma 0.2 ... 1.8 HR pixels, up to 3.2 in a fifth; half round, a third oval, the rest motion."""
    widest = 3.2 if random.random() < 0.2 else 1.8
    sigma, kind, angle = random.uniform(0.2, widest), random.random(), random.uniform(0, math.pi)
    if kind < 0.5:
        return Blur(sigma)
    if kind < 0.85:
        return Blur(sigma, sigma * random.uniform(0.3, 1.0), angle)
    return Blur(0.5, None, angle, length=random.uniform(0.5, 4 * sigma))


def _noise(random: np.random.Generator, strongest: float, share: float) -> Noise | None:
    """In a `share` of the draws; little of it more often than much. Half have a grain, a fifth are gray."""
    if random.random() >= share:
        return None
    sigma = strongest * random.random() ** 1.5
    gray = min(1.0, 1.25 * random.random())
    width = random.uniform(0.4, 1.6) if random.random() < 0.5 else 0.0
    return Noise(sigma, gray, random.random(), width)


def _retouch(random: np.random.Generator, share: float) -> Retouch | None:
    """In a `share` of the draws: sharpened, and in three of ten smoothed before."""
    if random.random() >= share:
        return None
    return Retouch(bool(random.random() < 0.3), 2.0 * random.random() ** 1.5, random.uniform(0.5, 1.5))


def _codec(random: np.random.Generator, quality: tuple[int, int], share: float) -> Codec | None:
    """JPEG in most of the draws, WebP in a tenth, GIF in one of thirty, none beyond `share`."""
    if random.random() >= share:
        return None
    least, most = quality
    value = least + int((most + 1 - least) * random.random() ** 0.7)  # high ones more often, as on the web
    kind = random.random()
    if kind < 0.1:
        return Codec("WEBP", value)
    if kind < 0.13:
        return Codec("GIF", int(2 ** random.uniform(3, 6)), bool(random.random() < 0.5))
    return Codec("JPEG", value, bool(random.random() < (0.85 if value < 65 else 0.65)))


def margin(scale: int) -> int:
    """HR pixels that `damaged` wants on every side of what it shrinks."""
    return reach(scale) + scale * GRID


def damaged(
    hr: np.ndarray, damage: Damage, scale: int, random: np.random.Generator, whole: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """LR bytes [h, w, 3], and the library's own bicubic LR of the same pixels.

    hr: bytes [h * scale + 2 * margin(scale), w * scale + 2 * margin(scale), 3]. A codec's blocks
    begin anywhere, as they do in a crop; at the corner if the image is `whole`.
    """
    size = tuple((side - 2 * margin(scale)) // scale for side in hr.shape[:2])
    anywhere = bool(damage.passes) and not whole
    before = random.integers(GRID, size=2) if anywhere else np.zeros(2, int)
    wide = tuple(side + GRID * anywhere for side in size)
    top, left = (int(scale * (GRID - pixels)) for pixels in before)
    window = hr[top:, left:][: scale * wide[0] + 2 * reach(scale), : scale * wide[1] + 2 * reach(scale)]
    clean = shrunk_exactly(window, scale, wide)
    found = clean
    if damage.blur is not None or damage.down != "bicubic":
        found = shrunk(window, separable(damage.blur, damage.down, scale), scale, wide)
    inner = lambda image, at: np.ascontiguousarray(image[at[0] :, at[1] :][: size[0], : size[1]])
    at = before
    for place, step in enumerate(damage.passes):
        if place and anywhere:
            # An image that was cut between two files has blocks elsewhere in the second.
            cut = random.integers(np.minimum(at, 8) + 1)
            found, at = found[cut[0] :, cut[1] :], at - cut
        found = step.through(found, random)
    return inner(_bytes(found), at), inner(clean, before)


def severity(lr: np.ndarray, clean: np.ndarray) -> float:
    """How damaged an LR image is, 0 ... 1: log2(1 + rms) / 4, rms in levels of 255.

    An rms of 15 and more is 1; the logarithm tells 1 from 0 as clearly as 15 from 7.
    """
    rms = math.sqrt(np.square(lr.astype(np.float32) - clean).mean())
    return min(1.0, math.log2(1 + rms) / math.log2(1 + FULL))


def _bytes(image: np.ndarray) -> np.ndarray:
    if image.dtype == np.uint8:
        return image
    return np.clip(np.floor(image + 0.5), 0, 255).astype(np.uint8)


def _bordered(image: np.ndarray, width: int) -> np.ndarray:
    return np.pad(image, ((width, width), (width, width), (0, 0)), "edge")
