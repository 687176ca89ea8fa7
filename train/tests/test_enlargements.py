"""Enlarged inputs equal those of the published systems, pixel by pixel."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from srzoo_train.enlargements import ENLARGEMENTS

RECORDED = Path(__file__).parents[3] / "shared" / "vectors" / "preprocessing" / "io.npz"


def enlarged(name: str, lr: np.ndarray, scale: int) -> np.ndarray:
    """[3, H, W] from bytes [h, w, 3]."""
    planes = torch.from_numpy(lr.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    return ENLARGEMENTS[name](planes, scale)[0].numpy()


@pytest.mark.skipif(not RECORDED.is_file(), reason="(needs shared)")
@pytest.mark.parametrize("name,array,scale", [
    ("pillow", "janspiry_condition_x4", 4), ("pillow", "janspiry_condition_x8", 8),
    ("torch", "novwaul_up_x4", 4), ("bicubic256", "srdiff_img_lr_up_x4", 4),
    ("bicubic256", "srdiff_img_lr_up_x8", 8),
])
def test_enlargements_equal_the_recorded_ones(name, array, scale):
    arrays = np.load(RECORDED)
    wanted = arrays[array].reshape(3, *arrays[array].shape[-2:])
    wanted = wanted * 2 - 1 if name == "torch" else wanted
    assert np.abs(enlarged(name, arrays["lr_uint8"], scale) - wanted).max() < 2e-6


@pytest.mark.parametrize("size,scale", [((16, 16), 8), ((13, 10), 4), ((5, 31), 2), ((9, 7), 3)])
def test_the_enlargement_pillow_is_bit_equal_to_pillow(size, scale):
    lr = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    wanted = Image.fromarray(lr).resize((size[1] * scale, size[0] * scale), Image.Resampling.BICUBIC)
    found = (enlarged("pillow", lr, scale) + 1) * 127.5
    assert np.array_equal(found.round().transpose(1, 2, 0), np.asarray(wanted))
