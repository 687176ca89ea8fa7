"""Photographs become a store, or the reason why not is reported."""

import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import TRAIN
from PIL import Image

from srzoo_train import card
from srzoo_train.bicubic import resize, shrink
from srzoo_train.data import photographs as photographs_module
from srzoo_train.data.pairs import Pair, pair_of
from srzoo_train.data.prepare import Options, kept_aside, prepare
from srzoo_train.data.store import Store
from srzoo_train.data.synthetic import picture

ALONE = Options(workers=1)
GOLDEN = json.loads((TRAIN.parent / "tests" / "fixtures" / "bicubic.json").read_text())
EVAL = TRAIN.parents[1] / "shared" / "data" / "eval"


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "photos" / "deep").mkdir(parents=True)
    for i in range(5):
        (tmp_path / "photos" / f"{i}.png").write_bytes(png(picture(128 + i, i)))
    (tmp_path / "photos" / "deep" / "gray.png").write_bytes(png(picture(100, 9)[:, :, 0]))
    return tmp_path / "photos"


@pytest.mark.parametrize("case", GOLDEN["resized"], ids=lambda case: f"{case['width']}x{case['height']}")
def test_resize_gives_the_numbers_shared_with_the_library(case):
    source = np.array(GOLDEN["rgb"], np.uint8).reshape(GOLDEN["height"], GOLDEN["width"], 3)
    assert resize(source, case["height"], case["width"]).ravel().tolist() == case["rgb"]


@pytest.mark.skipif(not EVAL.is_dir(), reason="../shared/data is absent")
@pytest.mark.parametrize("scale", [4, 8])
def test_shrink_is_bit_equal_to_the_low_resolution_images_of_set5(scale):
    for file in sorted((EVAL / "Set5" / f"LRx{scale}").glob("*.png")):
        lr = np.asarray(Image.open(file).convert("RGB"))
        hr = np.asarray(Image.open(EVAL / "Set5" / "HR" / file.name).convert("RGB"))
        height, width = (side * scale for side in lr.shape[:2])
        assert np.array_equal(shrink(hr[:height, :width], scale), lr), file.name


def test_prepare_packs_the_images_of_a_folder(folder, tmp_path):
    found = prepare([folder], tmp_path / "store", ALONE)
    store = Store(tmp_path / "store")
    assert found["pictures"] == len(store.entries) == 6
    entry = next(e for e in store.entries if e.name == "3.png")
    assert np.array_equal(store.hr(entry), picture(131, 3)[:128, :128])
    assert np.array_equal(store.lr(entry), shrink(picture(131, 3)[:128, :128], 4))
    assert sum(s["pictures"] for s in store.sources().values()) == 6 - len(store.split("val"))


MANIFEST = """file,source,licence,author,repo,path
0.png,lakes,CC BY 4.0,"Ann, of
the Lake",ann/lakes,a/0.jpg
1.png,lakes,CC BY-SA 3.0,,ann/lakes,a/1.jpg
2.png,lakes,CC BY 4.0,Ann,,
3.png,drawn,CC0 1.0,,,
gray.png,hidden,,Bob,,
"""


def test_a_store_knows_the_licences_and_authors_that_a_manifest_names(folder, tmp_path):
    (folder / "manifest.csv").write_text(MANIFEST)
    prepare([folder], tmp_path / "store", replace(ALONE, licence="Pexels", val=0.0))
    sources = Store(tmp_path / "store").sources()
    assert sources == {
        "drawn": {"licence": "CC0 1.0", "pictures": 1},
        "hidden": {"licence": "not stated", "pictures": 1, "attribution": ["gray.png: Bob, not stated"]},
        "lakes": {
            "licence": "CC BY 4.0 or CC BY-SA 3.0", "pictures": 3,
            "attribution": [
                "0.png: Ann, of the Lake, CC BY 4.0, ann/lakes a/0.jpg",
                "1.png: author not stated, CC BY-SA 3.0, ann/lakes a/1.jpg",
                "2.png: Ann, CC BY 4.0",
            ],
        },
        "photos": {"licence": "Pexels", "pictures": 1},
    }
    assert card.attribution(sources, tmp_path) == "ATTRIBUTION.md"
    page = (tmp_path / "ATTRIBUTION.md").read_text()
    assert "## lakes\n\nCC BY 4.0 or CC BY-SA 3.0. 3 images.\n\n- 0.png: Ann, of the Lake" in page
    assert "drawn" not in page and "photos" not in page


def test_images_kept_aside_need_no_attribution(folder, tmp_path):
    (folder / "manifest.csv").write_text(MANIFEST)
    prepare([folder], tmp_path / "store", replace(ALONE, val=1.0))
    assert Store(tmp_path / "store").sources() == {}


@pytest.mark.parametrize("licence,weights", [
    ("CC BY 4.0 or CC0 1.0", "CC-BY-4.0"), ("CC BY-SA 3.0 or CC0 1.0", "CC-BY-SA-4.0"),
    ("CC0 1.0 or not stated", "CC-BY-NC-4.0"), ("CC0 1.0 or terms of a shop", "CC-BY-NC-4.0"),
])
def test_the_weights_get_the_strictest_licence_of_a_source(licence, weights):
    told = card.licence({"lakes": {"licence": licence, "pictures": 1}}, None)
    assert told["weights"] == weights


def test_prepare_reads_tar_and_zip_like_folders(folder, tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.add(folder, arcname=".")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for file in sorted(folder.rglob("*.png")):
            archive.write(file, file.relative_to(folder))
    prepare([folder], tmp_path / "plain", ALONE)
    wanted = pixels(tmp_path / "plain")
    assert len(wanted) == 6
    for name in ("a.tar", "a.zip"):
        prepare([tmp_path / name], tmp_path / name[2:], Options(workers=2))
        assert pixels(tmp_path / name[2:]) == wanted


def pixels(folder: Path) -> dict[str, tuple[list, list]]:
    """HR and LR of every image of a store, by file name."""
    store = Store(folder)
    return {Path(e.name).name: (store.hr(e).tolist(), store.lr(e).tolist()) for e in store.entries}


def test_prepare_uses_the_given_lr_of_pairs_that_fit(tmp_path):
    for name in ("X1", "X4", "X8"):
        (tmp_path / "pairs" / name).mkdir(parents=True)
    hr = picture(128, 1)
    given = 255 - shrink(hr, 4)
    (tmp_path / "pairs" / "X1" / "0801.png").write_bytes(png(hr))
    (tmp_path / "pairs" / "X4" / "0801x4.png").write_bytes(png(given))
    (tmp_path / "pairs" / "X1" / "0802.png").write_bytes(png(hr))
    (tmp_path / "pairs" / "X4" / "0802x4.png").write_bytes(png(given[:-1]))
    found = prepare([tmp_path / "pairs"], tmp_path / "store", ALONE)
    store = Store(tmp_path / "store")
    assert np.array_equal(store.lr(store.entries[0]), given)
    assert [(r["file"], "its LR is 32x31" in r["why"]) for r in found["refused"]] == [
        ("X1/0802.png", True)
    ]


def test_prepare_makes_square_pairs_as_sr3s_authors_do(tmp_path):
    (tmp_path / "faces").mkdir()
    face = picture(150, 1)[:, :140]
    (tmp_path / "faces" / "1.png").write_bytes(png(face))
    (tmp_path / "faces" / "small.png").write_bytes(png(picture(100, 2)))
    pair = Pair(16, 128)
    found = prepare([tmp_path / "faces"], tmp_path / "store", Options(pair.scale, workers=1, pair=pair))
    store = Store(tmp_path / "store")
    assert store.scale == 8 and "128 or more" in found["refused"][0]["why"]
    for side, made in ((128, store.hr(store.entries[0])), (16, store.lr(store.entries[0]))):
        tall = int(side * 150 / 140)
        small = Image.fromarray(face).resize((side, tall), Image.Resampling.BICUBIC)
        top = round((tall - side) / 2)
        assert np.array_equal(made, np.asarray(small)[top : top + side]), side


def test_prepare_makes_pairs_with_torchs_bicubic(tmp_path):
    (tmp_path / "1.png").write_bytes(png(picture(128, 1)))
    pair = Pair(32, 128, "torch")
    prepare([tmp_path / "1.png"], tmp_path / "store", Options(4, workers=1, pair=pair))
    lr = Store(tmp_path / "store").lr(Store(tmp_path / "store").entries[0])
    planes = torch.from_numpy(picture(128, 1).copy()).permute(2, 0, 1)[None].float()
    wanted = torch.nn.functional.interpolate(planes, scale_factor=0.25, mode="bicubic")[0]
    assert np.abs(lr.transpose(2, 0, 1) - wanted.clamp(0, 255).numpy()).max() <= 0.5


@pytest.mark.parametrize("told,resample,why", [("16", None, "as 16/128"), ("16/100", None, "as 16/128"),
                                               ("0/8", None, "as 16/128"), (None, "torch", "--pair")])
def test_pair_of_refuses_sizes_that_make_no_pair(told, resample, why):
    with pytest.raises(ValueError, match=why):
        pair_of(told, resample)


def test_prepare_says_what_it_refused_and_why(folder, tmp_path):
    (folder / "broken.png").write_bytes(png(picture(128, 1))[:2000])
    (folder / "small.png").write_bytes(png(picture(64, 1)))
    Image.fromarray(picture(128, 1)).convert("RGBA").save(folder / "alpha.png")
    (folder / "torn.zip").write_bytes(b"PK\x03\x04 and no more")
    prepare([folder], tmp_path / "store", ALONE)
    refused = {r["file"]: r["why"] for r in json.loads((tmp_path / "store" / "refused.json").read_text())}
    assert set(refused) == {"broken.png", "small.png", "alpha.png", "torn.zip"}
    assert "64x64" in refused["small.png"] and "RGBA" in refused["alpha.png"]


def test_prepare_does_not_rewrite_a_complete_store_and_adds_new_files(folder, tmp_path):
    prepare([folder], tmp_path / "store", ALONE)
    before = (tmp_path / "store" / "index.json").stat().st_mtime_ns
    prepare([folder], tmp_path / "store", ALONE)
    assert (tmp_path / "store" / "index.json").stat().st_mtime_ns == before
    (folder / "new.png").write_bytes(png(picture(128, 8)))
    assert prepare([folder], tmp_path / "store", ALONE)["pictures"] == 7


def test_prepare_survives_a_kill(folder, tmp_path):
    prepare([folder], tmp_path / "whole", ALONE)
    command = [sys.executable, "-m", "srzoo_train.data.prepare", str(folder), "--out", str(tmp_path / "store")]
    process = subprocess.Popen([*command, "--workers", "1"], env={**os.environ, "PYTHONPATH": str(TRAIN)})
    while not (tmp_path / "store" / "hr.bin.part").exists() and process.poll() is None:
        time.sleep(0.001)
    time.sleep(random.random() * 0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    prepare([folder], tmp_path / "store", ALONE)
    for name in ("hr.bin", "lr.bin"):
        assert (tmp_path / "store" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_prepare_leaves_nothing_behind_on_a_full_disk(folder, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError, match="cannot write the store"):
            prepare([folder], tmp_path / "store", ALONE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list((tmp_path / "store").iterdir())


def test_prepare_names_what_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        prepare([tmp_path / "nowhere"], tmp_path / "store", ALONE)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="of 0 images none"):
        prepare([tmp_path / "empty"], tmp_path / "store", ALONE)


def test_kept_aside_depends_only_on_the_names():
    names = [f"{i}.png" for i in range(200)]
    assert kept_aside(names, 0.1) == kept_aside(names[::-1], 0.1)
    assert 8 < len(kept_aside(names, 0.1)) < 35
    assert len(kept_aside(names[:3], 0.001)) == 1


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes")
def test_prepare_reads_only_ordinary_files_and_unpacks_no_bomb(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(photographs_module, "LARGEST", 10**6)
    names = sorted(path.name for path in folder.iterdir() if path.suffix == ".png")
    for name in ("pipe.png", "pipe.tar"):
        os.mkfifo(folder / name)
    for name in ("zero.png", "zero.zip"):
        (folder / name).symlink_to("/dev/zero")
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "folder.png").mkdir()
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", bytes(10**7))
    with tarfile.open(folder / "packed.tar", "w:gz") as archive:
        archive.add(folder / names[0], "packed.png")
    huge = tarfile.TarInfo("huge.png")
    huge.size = 2**50
    (folder / "huge.tar").write_bytes(huge.tobuf() + bytes(512))
    found = prepare([folder], tmp_path / "store", Options(4, workers=1))
    refused = {refusal["file"]: refusal["why"] for refusal in found["refused"]}
    for name in ("pipe.png", "pipe.tar", "zero.png", "zero.zip", "loop.png"):
        assert refused[name] == "it is not an ordinary file"
    assert refused["bomb.png"] == "bomb.png has more than 1000000 bytes"
    assert "cannot be read" in refused["packed.tar"]
    assert "huge.png" in refused or "huge.tar" in refused
    assert found["pictures"] > 0
