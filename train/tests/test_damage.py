"""Damaged crops are fixed by their seed, aligned and within their ranges; drawn crops show what they should."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import regression
from PIL import Image

from srzoo_train.batches import Batches
from srzoo_train.bicubic import shrink
from srzoo_train.data import drawn
from srzoo_train.data.crops import Crops, joined
from srzoo_train.data.damage import Codec, Damage, Noise, Pass, Retouch, damaged, dimmed, draw, margin, severity
from srzoo_train.data.kernels import RADIUS, Blur, reach, separable, shrunk, taps
from srzoo_train.data.prepare import Options, prepare
from srzoo_train.data.store import Store
from srzoo_train.data.synthetic import picture
from srzoo_train.data.tracks import TRACKS, degraded
from srzoo_train.data.workers import Workers
from srzoo_train.recipe import Data

PHOTO = Data(damage="photo", drawn=0.3)


def window(scale: int, size: int = 24) -> np.ndarray:
    return picture(size * scale + 2 * margin(scale), 5)


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_damaged_without_damage_is_the_librarys_bicubic(scale):
    hr, beyond = window(scale), margin(scale)
    at = beyond % scale
    whole = shrink(hr[at:, at:][: len(hr) // scale * scale - scale, : len(hr) // scale * scale - scale], scale)
    wanted = whole[beyond // scale :, beyond // scale :][:24, :24]
    lr, clean = damaged(hr, Damage(), scale, np.random.default_rng(0))
    assert np.array_equal(lr, wanted) and np.array_equal(clean, wanted)


@pytest.mark.parametrize("seed", range(12))
def test_damaged_gives_the_same_bytes_again_and_the_same_clean_lr_for_every_damage(seed):
    hr = window(4)
    once, again = (
        damaged(hr, draw(random, 0.2, 0.4), 4, random)
        for random in (np.random.default_rng(seed), np.random.default_rng(seed))
    )
    assert np.array_equal(once[0], again[0])
    assert np.array_equal(once[1], damaged(hr, Damage(), 4, np.random.default_rng(0))[1])


KERNELS = {
    "round": Blur(2.5), "oval": Blur(2.0, 0.6, 0.7), "motion": Blur(0.5, None, 2.0, length=6.0), "none": None,
}


@pytest.mark.parametrize("down", ["bicubic", "bilinear", "area", "point"])
@pytest.mark.parametrize("blur", KERNELS, ids=str)
def test_blur_and_downscaling_leave_lr_where_it_is(blur, down):
    hr = window(4)
    _, clean = damaged(hr, Damage(), 4, np.random.default_rng(0))
    lr, _ = damaged(hr, Damage(KERNELS[blur], down), 4, np.random.default_rng(0))
    a, b = (image.astype(float).mean(2) - image.mean() for image in (lr, clean))
    correlation = np.fft.irfft2(np.fft.rfft2(a) * np.conj(np.fft.rfft2(b)), a.shape)
    assert np.unravel_index(correlation.argmax(), a.shape) == (0, 0)
    # The kernel is symmetric about the middle, so LR is not shifted by a part of a pixel either.
    rows, columns, first = separable(KERNELS[blur], down, 4)
    kernel = np.einsum("kr,kc->rc", rows, columns)
    offset = np.arange(len(kernel)) + first
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert kernel.sum(1) @ offset == pytest.approx(1.5, abs=1e-3)
    assert kernel.sum(0) @ offset == pytest.approx(1.5, abs=1e-3)


def test_shrunk_is_the_blur_followed_by_the_mean():
    blur, hr = Blur(2.0, 0.7, 0.6), window(4).astype(float)
    start, side = reach(4), 40
    views = np.lib.stride_tricks.sliding_window_view(hr, (2 * RADIUS + 1,) * 2, (0, 1))
    part = views[start - RADIUS :, start - RADIUS :][:side, :side]
    blurred = np.einsum("yxckl,kl->yxc", part, blur.kernel())
    wanted = blurred.reshape(10, 4, 10, 4, 3).mean((1, 3))
    assert np.abs(shrunk(hr, separable(blur, "area", 4), 4, (10, 10)) - wanted).max() < 0.1


def test_taps_refuses_a_kernel_that_it_does_not_know():
    with pytest.raises(ValueError, match="allowed are bicubic, bilinear, area and point"):
        taps("nearest", 4)


def test_draw_keeps_its_shares_and_ranges():
    random = np.random.default_rng(0)
    kinds = [draw(random, 0.2, 0.4) for _ in range(4000)]
    share = lambda holds: sum(map(holds, kinds)) / len(kinds)
    assert share(lambda d: d == Damage()) == pytest.approx(0.2, abs=0.03)
    stored = lambda d: d.blur is None and len(d.passes) == 1 and d.passes[0].codec is not None
    assert share(stored) == pytest.approx(0.4 + 0.4 * 0.35 * 0.3 * 0.8, abs=0.03)
    assert share(lambda d: len(d.passes) == 2) == pytest.approx(0.4 * 0.7, abs=0.03)
    blurs = [d.blur for d in kinds if d.blur]
    assert min(b.sigma for b in blurs) >= 0.2 and max(b.sigma for b in blurs) <= 3.2
    assert sum(b.sigma > 1.8 for b in blurs) < 0.2 * len(blurs)
    noises = [p.noise.sigma for d in kinds for p in d.passes if p.noise]
    assert 0 <= min(noises) and 11 < max(noises) <= 12
    codecs = [d.passes[0].codec for d in kinds if d.passes and d.passes[0].codec]
    qualities, colours = ([c.quality for c in codecs if (c.name == "GIF") == gif] for gif in (False, True))
    assert (min(qualities), max(qualities)) == (30, 95)
    assert 8 <= min(colours) < 12 and 50 < max(colours) < 64
    assert {(c.name, c.halved) for c in codecs} == {
        ("JPEG", True), ("JPEG", False), ("WEBP", True), ("GIF", True), ("GIF", False),
    }
    noise = [p.noise for d in kinds for p in d.passes if p.noise]
    assert np.mean([n.width > 0 for n in noise]) == pytest.approx(0.5, abs=0.05) and max(n.width for n in noise) <= 1.6
    retouches = [p.retouch for d in kinds for p in d.passes if p.retouch]
    assert len(retouches) / len(kinds) == pytest.approx(0.4 * 0.15 + 0.4 * 0.25, abs=0.02)
    assert max(r.sharpened for r in retouches) <= 2 and any(r.median for r in retouches)


@pytest.mark.parametrize("noise", [Noise(8.0), Noise(8.0, gray=1.0), Noise(8.0, 0.5, 1.0), Noise(8.0, width=0.5)])
def test_noise_has_its_standard_deviation_at_mid_gray(noise):
    flat = np.full((96, 96, 3), 127.5, np.float32)
    added = noise.added(flat, np.random.default_rng(1)) - flat
    assert added.std() == pytest.approx(8, rel=0.05)
    assert (np.ptp(added, 2).max() < 1e-3) == (noise.gray == 1)


def test_grain_is_as_wide_as_it_says():
    """Neighbours correlate by exp(-1 / (4 width^2)), like white noise under a Gaussian blur."""
    flat = np.full((128, 128, 3), 127.5, np.float32)
    for width in (1.0, 1.6):
        grain = Noise(8.0, width=width).added(flat, np.random.default_rng(1))[..., 0] - 127.5
        assert grain.std() == pytest.approx(8, rel=0.1)
        alike = (grain[:, 1:] * grain[:, :-1]).mean() / grain.var()
        assert alike == pytest.approx(np.exp(-1 / (4 * width**2)), abs=0.05)


def test_sharpening_raises_contrast_only_at_edges_and_the_median_removes_single_specks():
    edge = np.full((24, 24, 3), 100, np.float32)
    edge[:, 12:] = 150
    done = Retouch(sharpened=1.0, sigma=1.0).done(edge)
    assert np.allclose(done[:, :8], 100, atol=1e-3) and np.allclose(done[:, 16:], 150, atol=1e-3)
    assert done[:, 11].max() < 95 and done[:, 12].min() > 155
    specks = edge.copy()
    specks[6, 6] = specks[18, 18] = 255
    assert np.array_equal(Retouch(median=True).done(specks), edge)


@pytest.mark.parametrize("dithered", [True, False])
def test_a_gif_has_its_number_of_colours(dithered):
    found = Codec("GIF", 12, dithered).passed(picture(48, 2))
    assert len(np.unique(found.reshape(-1, 3), axis=0)) <= 12


def test_dimmed_lowers_the_contrast_in_a_tenth_of_the_draws():
    hr, random = picture(32, 2), np.random.default_rng(0)
    found = [dimmed(hr, random) for _ in range(1000)]
    other = [image for image in found if image is not hr]
    assert len(other) == pytest.approx(100, abs=30)
    contrasts = [np.polyfit(hr.ravel().astype(float), image.ravel(), 1)[0] for image in other]
    assert min(contrasts) >= 0.29 and max(contrasts) <= 0.81


def test_photon_noise_grows_with_the_signal():
    levels = np.full((2, 96, 96, 3), 25.5, np.float32) * np.array([1, 8]).reshape(2, 1, 1, 1)
    dark, light = (Noise(8.0, photon=1.0).added(x.astype(np.float32), np.random.default_rng(1)) - x for x in levels)
    assert light.std() / dark.std() == pytest.approx(8**0.5, rel=0.05)


def test_jpeg_blocks_begin_anywhere_in_a_crop_and_at_the_corner_of_a_whole_image():
    hr = window(4)
    flaw = Damage(passes=(Pass(codec=Codec("JPEG", 30)),))
    crops = [damaged(hr, flaw, 4, np.random.default_rng(seed))[0] for seed in range(4)]
    assert any(not np.array_equal(crops[0], other) for other in crops[1:])
    lr, clean = damaged(hr, flaw, 4, np.random.default_rng(0), whole=True)
    assert np.array_equal(lr, Codec("JPEG", 30).passed(clean))


def test_severity_is_0_for_clean_and_grows_to_1():
    clean = picture(32, 1)
    levels = [severity(np.clip(clean.astype(int) + step, 0, 255).astype(np.uint8), clean) for step in (0, 1, 7, 40)]
    assert levels[0] == 0 and levels[1] == pytest.approx(0.25, abs=0.01) and levels[2] == pytest.approx(0.75, abs=0.02)
    assert levels[3] == 1


def test_crops_with_damage_are_the_same_in_another_process(store):
    crops = Crops(Store(store), "train", 8, 1, PHOTO)
    workers = Workers(crops, 2)
    elsewhere = workers.submit(3, range(6))()
    workers.close()
    here = joined([crops.batch(3, range(0, 4)), crops.batch(3, range(4, 6))])
    for name in ("lr", "hr", "clean", "restore"):
        assert np.array_equal(getattr(here, name), getattr(elsewhere, name)), name


def test_a_pickled_store_holds_no_pixels(store):
    assert len(pickle.dumps(Store(store))) < 1000


def test_restore_1_wants_hr_and_less_keeps_a_part_of_the_damage(store):
    pixels = Crops(Store(store), "train", 16, 1, Data("photo")).batch(0, range(16))
    damaged_ones = pixels.severity() > 0
    assert 0.5 < damaged_ones.mean() < 1
    assert ((pixels.restore >= 0) & (pixels.restore <= 1)).all()
    assert np.median(pixels.restore[damaged_ones]) > 0.6
    distance = lambda restore: (replaced(restore)[1] - hr).abs().mean((1, 2, 3))
    replaced = lambda restore: replace(pixels, restore=np.full(16, restore, np.float32)).on("cpu")
    hr = replaced(1.0)[1]
    assert torch.equal(hr, torch.from_numpy(pixels.hr).float() / 127.5 - 1)
    none, half = distance(0.0), distance(0.5)
    assert (none[damaged_ones] > half[damaged_ones]).all() and (half[damaged_ones] > 0).all()
    assert (none[~damaged_ones] == 0).all()


def test_shrunk_crops_show_up_to_two_and_a_half_times_as_much_along_a_side(tmp_path):
    steps = np.broadcast_to(np.arange(256, dtype=np.uint8)[:, None, None], (256, 256, 3))
    Image.fromarray(np.ascontiguousarray(steps)).save(tmp_path / "ramp.png")
    prepare([tmp_path], tmp_path / "store", Options(4, val=0.0, workers=1))
    levels = lambda data: np.ptp(Crops(Store(tmp_path / "store"), "train", 16, 1, data).batch(0, range(64)).hr, (1, 2, 3))
    assert levels(Data("photo")).max() == 63
    shrunk = levels(Data("photo", shrunk=1.0))
    assert 80 < np.median(shrunk) < 140 and 140 < shrunk.max() <= 64 * 2.5
    assert (levels(Data("photo", shrunk=0.5)) <= 63).mean() == pytest.approx(0.5, abs=0.2)


def test_a_batch_carries_restore_where_there_is_damage(store):
    for data, shape in ((Data("photo"), (4,)), (Data(), None)):
        recipe = regression(data=data)
        crops = Crops(Store(store), "train", recipe.crop, recipe.seed, recipe.data)
        batches = Batches(recipe, crops, 1, 0, torch.device("cpu"))
        (batch,) = batches.of(0)
        batches.close()
        assert (batch.restore if shape is None else tuple(batch.restore.shape)) == shape


@pytest.mark.parametrize("kind", drawn.KINDS, ids=lambda kind: kind.__name__)
def test_drawn_pictures_are_bytes_of_the_wanted_side_and_differ_by_seed(kind):
    pictures = [kind(96, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert all(p.shape == (96, 96, 3) and p.dtype == np.uint8 for p in pictures)
    assert np.array_equal(*pictures[:2]) and not np.array_equal(*pictures[1:])


def test_drawn_crops_include_flat_white_and_gray_photographs(store):
    pixels = Crops(Store(store), "train", 8, 1, Data(drawn=1.0)).batch(0, range(200))
    assert pixels.restore is None
    flat = np.ptp(pixels.hr, (2, 3)).max(1) == 0
    white = flat & (pixels.hr.min((1, 2, 3)) == 255)
    gray = np.ptp(pixels.hr, 1).max((1, 2)) == 0
    assert white.any() and (gray & ~flat).any()
    assert (pixels.lr[white] == 255).all((1, 2, 3)).any()


def test_degraded_clean_is_the_whole_images_bicubic_and_noisy_tracks_depend_on_the_name():
    hr = picture(98, 3)
    assert np.array_equal(degraded(hr, "clean", 4, "a"), shrink(hr[:96, :96], 4))
    for track in TRACKS:
        a, again, b = (degraded(hr, track, 4, name) for name in ("a", "a", "b"))
        assert a.shape == (24, 24, 3) and np.array_equal(a, again)
        assert np.array_equal(a, b) == all(p.noise is None for p in TRACKS[track].passes), track
