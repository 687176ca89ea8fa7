"""A run that fails ends in one clear line, and keeps what it had."""

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from accelerate.state import AcceleratorState
from conftest import TRAIN, regression
from msgspec.structs import replace
from PIL import Image

from srzoo_train import budget, loop
from srzoo_train.recipe import Budget, RecipeError, Stage
from srzoo_train.report import read_curves
from srzoo_train.state import load_state, save_state
from srzoo_train.data.store import Store
from srzoo_train.data.synthetic import picture
from srzoo_train.loop import Stopped, Trainer


@pytest.fixture(autouse=True)
def fresh():
    AcceleratorState._reset_state(True)


@pytest.fixture
def saving(monkeypatch):
    """States and log lines after every step."""
    monkeypatch.setattr(loop, "SAVE_EVERY", 0)
    monkeypatch.setattr(loop, "LOG_EVERY", 1)


def test_a_loss_of_nan_stops_the_run_and_keeps_a_good_state(store, tmp_path, saving):
    recipe = regression(stages=(Stage("l1", lr=1e30),), budget=Budget(max_steps=30))
    with pytest.raises(Stopped, match="last good state is kept"):
        Trainer(recipe, Store(store), tmp_path / "run", None).run()
    state = load_state(tmp_path / "run")
    assert 0 < state["progress"]["step"] < 30
    assert all(torch.isfinite(value).all() for value in state["network"].values())


def test_a_loss_that_runs_away_stops_the_run(store, tmp_path):
    run = Trainer(regression(), Store(store), tmp_path / "run", None)
    seen = lambda loss: [(torch.tensor(loss), torch.tensor(1.0))] * loop.WINDOW
    for _ in range(2):
        run.unread = seen(0.1)
        run._look()
    run.unread = seen(0.9)
    with pytest.raises(Stopped, match="times what it was at first"):
        run._look()


def test_a_full_disk_gives_one_line_and_keeps_what_was_saved(store, tmp_path, saving):
    out = tmp_path / "run"
    Trainer(regression(budget=Budget(max_steps=2)), Store(store), out, None).run()
    before = {file.name: file.read_bytes() for file in out.glob("s*.pt")}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, limits[1]))
    try:
        with pytest.raises(OSError, match="cannot write .*; what was saved before is kept"):
            save_state(out, 99, {"weights": torch.zeros(10_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {file.name: file.read_bytes() for file in out.glob("s*.pt")} == before
    assert not list(out.glob("*.part"))


def test_a_folder_that_cannot_be_made_is_named(store, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot make the folder .*file/run: Not a directory"):
        Trainer(regression(), Store(store), tmp_path / "file" / "run", None)


def test_a_state_of_another_recipe_is_refused(store, tmp_path):
    Trainer(regression(), Store(store), tmp_path / "run", None).run()
    AcceleratorState._reset_state(True)
    with pytest.raises(RecipeError, match="another recipe"):
        Trainer(regression(seed=2), Store(store), tmp_path / "run", None).run()


def test_a_damaged_state_is_named(tmp_path):
    (tmp_path / "state-00000007.pt").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(OSError, match="state-00000007.pt.*continue from the state before"):
        load_state(tmp_path)


def test_only_the_last_states_are_kept(tmp_path):
    for step in range(5):
        save_state(tmp_path, step, {})
    assert [file.name for file in sorted(tmp_path.iterdir())] == [
        "state-00000003.pt", "state-00000004.pt",
    ]


def test_minutes_become_steps_once_and_are_stored(store, tmp_path, monkeypatch):
    monkeypatch.setattr(budget, "MEASURED", 4)
    recipe = regression(budget=Budget(max_minutes=1e-9))
    Trainer(recipe, Store(store), tmp_path / "run", None).run()
    assert load_state(tmp_path / "run")["progress"]["steps"] == [4]


def test_epochs_become_steps(store):
    recipe = regression(budget=Budget(max_epochs=2.0))
    # Five images of 256x256; a step draws 4 crops of 32x32.
    assert budget.steps_of_epochs(recipe, Store(store)) == 2 * 5 * 256**2 // (4 * 32**2)


def test_pace_warms_up_and_falls_to_a_thousandth():
    stage = Stage("l1", warmup=0.1)
    paces = [budget.pace(stage, step / 100, 1 / 100) for step in range(100)]
    assert paces[0] == pytest.approx(0.1, abs=0.01) and max(paces) > 0.97
    assert paces[-1] < 0.003 and paces.index(max(paces)) in (8, 9, 10)


def test_the_average_has_its_half_life():
    recipe = replace(regression(), ema_half_life=0.05)
    assert budget.ema_decay(recipe, 10**6, 1 / 2000) ** 100 == pytest.approx(0.5)
    assert budget.ema_decay(recipe, 0, 1 / 2000) == pytest.approx(0.1)


def test_a_run_leaves_curves_a_sheet_and_a_report(store, tmp_path, saving):
    out = tmp_path / "run"
    recipe = regression(trackers=("tensorboard", "nosuchtracker"))
    Trainer(recipe, Store(store), out, None).run()
    curves = read_curves(out / "log.jsonl")
    assert [step for step, _ in curves["l1 loss"]] == [1, 2, 3, 4, 5, 6]
    assert "validation psnr_y" in curves
    page = (out / "report.html").read_text()
    assert page.count("<svg") == len(curves) and "data:image/jpeg" in page and "http" not in page
    # LR, bicubic, regression and HR of the one image that is kept aside.
    assert Image.open(out / "sheet-00000006.png").size == (4 * 256, 256)
    assert list(out.rglob("events.out.tfevents.*"))


def test_training_works_without_packages_that_it_does_not_need(store, tmp_path):
    """A machine on which nothing can be installed may lack these."""
    missing = ["PIL", "tensorboard", "onnxruntime", "jsonschema"]
    recipe = {
        "id": "r", "family": "regression", "stages": [{"loss": "l1"}], "batch": 2, "crop": 8,
        "budget": {"max_steps": 2}, "network": {"channels": 8, "blocks": 1},
    }
    (tmp_path / "r.json").write_text(json.dumps(recipe))
    (tmp_path / "lean.py").write_text(
        f"import sys\nsys.modules.update(dict.fromkeys({missing}))\n"
        "from srzoo_train.train import main\nmain()\n"
    )
    env = {**os.environ, "PYTHONPATH": str(TRAIN), "OMP_NUM_THREADS": "1"}
    args = ["--recipe", "r.json", "--data", str(store), "--out", "run"]
    found = subprocess.run([sys.executable, "lean.py", *args], capture_output=True, text=True,
                           env=env, cwd=tmp_path, timeout=900)
    assert found.returncode == 0, found.stderr
    assert "the tracker tensorboard is left out" in found.stderr
    assert (tmp_path / "run" / "stage-0.pt").is_file()


def command(*args: str, cwd: Path) -> subprocess.CompletedProcess:
    env = {**os.environ, "PYTHONPATH": str(TRAIN), "OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, "-m", "srzoo_train.train", *args],
                          capture_output=True, text=True, env=env, cwd=cwd, timeout=900)


def test_the_command_prepares_photographs_and_trains(tmp_path):
    (tmp_path / "photos").mkdir()
    for i in range(3):
        Image.fromarray(picture(128, i)).save(tmp_path / "photos" / f"{i}.png")
    recipe = {
        "id": "r", "family": "regression", "stages": [{"loss": "l1"}], "batch": 2, "crop": 8,
        "budget": {"max_minutes": 5}, "network": {"channels": 8, "blocks": 1}, "trackers": [],
    }
    (tmp_path / "r.yml").write_text(yaml.safe_dump(recipe))
    dry = command("--recipe", "r.yml", "--dry-run", cwd=tmp_path)
    told = json.loads(dry.stdout)
    assert told["parameters"] == 224 + 3 * 584 + 3504 and told["stages"][0]["estimated_minutes"] == 5
    assert told["stages"][0]["gflop_per_step"] > 0 and told["recipe"]["batch"] == 2
    found = command("--recipe", "r.yml", "--data", "photos", "--out", "runs/r", "--max-steps", "2",
                    cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    assert (tmp_path / "runs" / ".stores" / "photos-x4" / "index.json").is_file()
    assert (tmp_path / "runs" / "r" / "stage-0.pt").is_file()
    wrong = command("--recipe", "r.yml", "--data", "nowhere", "--out", "runs/r", cwd=tmp_path)
    assert wrong.returncode == 1
    assert re.fullmatch(r"train: .*nowhere.*", wrong.stderr.strip().splitlines()[-1])
    assert "Traceback" not in wrong.stderr
