"""The command for a short lease of a GPU, on a CPU: encoders first, hard limits, packed runs."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import torch
import yaml
from conftest import TRAIN, needs_lpips

from srzoo_train import export
from srzoo_train.run import open_run
from srzoo_train.data.synthetic import synthetic_store

SMALL = {"network": {"channels": 8, "blocks": 2, "deep": 8, "deep_blocks": 1}, "batch": 2, "crop": 16}


def run(plan: list[dict], folder: Path, store: Path, *more: str) -> subprocess.CompletedProcess:
    (folder / "plan.yml").write_text(yaml.safe_dump(plan))
    command = [sys.executable, str(TRAIN / "short_gpu_run.py"), "--x4", str(store), "--runs", str(folder / "runs"),
               "--out", str(folder / "out"), "--plan", str(folder / "plan.yml"), *more]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=900)


def lines(name: str, recipe: str, minutes: float = 1.0, **more) -> dict:
    return {"name": name, "recipe": recipe, "minutes": minutes, "workers": 0, "set": SMALL, **more}


@needs_lpips
def test_an_encoder_runs_before_what_needs_it_and_packed_runs_can_be_exported(tmp_path):
    store = synthetic_store(tmp_path / "store", 4, 3, 128)
    plan = [lines("srdiff", "srdiff-x4", encoder="regression"), lines("regression", "regression-x4"),
            lines("sr3", "sr3-x4")]
    done = run(plan, tmp_path, store, "--max-steps", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.index("regression: started") < done.stdout.index("srdiff: started")
    home = tmp_path / "home"
    for shard in (tmp_path / "out").glob("runs-*.tar"):
        tarfile.open(shard).extractall(home, filter="data")
    for name, graphs in (("srdiff", {"encoder", "denoiser"}), ("sr3", {"denoiser"}), ("regression", {"network"})):
        packed = open_run(home / name)
        card = export.export(packed, tmp_path / "zoo" / name, export.words_of(packed, tmp_path, None, None))
        assert set(card["graphs"]) == graphs
        here = torch.load(tmp_path / "runs" / name / f"stage-{len(packed.recipe.stages) - 1}.pt", weights_only=True)
        for key, value in packed.weights().items():
            assert torch.equal(value, here[key].half().float()), key
    again = run(plan, tmp_path, store, "--max-steps", "1", "--only", "regression")
    assert again.returncode == 0, again.stdout + again.stderr


def test_a_run_ends_cleanly_within_its_minutes(tmp_path):
    store = synthetic_store(tmp_path / "store", 4, 3, 128)
    done = run([lines("regression", "regression-x4", 0.2)], tmp_path, store)
    # A run that is GRACE seconds over its minutes is stopped by the command, and fails.
    assert done.returncode == 0, done.stdout + done.stderr
    entries = [json.loads(line) for line in (tmp_path / "runs" / "regression" / "log.jsonl").read_text().splitlines()]
    assert "validation" in entries[-1]
    assert (tmp_path / "runs" / "regression" / "stage-0.pt").is_file()


def test_a_run_that_fails_stops_only_the_runs_that_need_it(tmp_path):
    store = synthetic_store(tmp_path / "store", 4, 3, 128)
    broken = lines("broken", "regression-x4", set={**SMALL, "crop": 9})
    plan = [broken, lines("late", "srdiff-x4", encoder="broken"), lines("fine", "regression-x4")]
    done = run(plan, tmp_path, store, "--max-steps", "1")
    assert done.returncode == 1 and "not finished: broken, late" in done.stderr
    assert "crop: must be even" in done.stdout and (tmp_path / "runs" / "fine" / "stage-0.pt").is_file()
