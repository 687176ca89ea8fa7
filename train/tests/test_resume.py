"""A run that is killed, resumed or spread over processes reaches the same weights."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
import torch
from conftest import TRAIN, joint, needs_lpips, regression, srdiff

from srzoo_train.batches import Batches
from srzoo_train.data.crops import Crops
from srzoo_train.data.store import Store
from srzoo_train.data.synthetic import synthetic_store
from srzoo_train.recipe import Budget

DRIVE = [str(TRAIN / "tests" / "drive.py")]
ENV = {**os.environ, "PYTHONPATH": str(TRAIN), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """So small that validation takes no time."""
    return synthetic_store(tmp_path_factory.mktemp("small") / "store", 4, 4, 128)


def start(recipe, store: Path, out: Path, *pause: str, launcher=()) -> subprocess.Popen:
    command = [sys.executable, *launcher, *DRIVE, msgspec.json.encode(recipe).decode(), str(store), str(out)]
    return subprocess.Popen([*command, *pause], env=ENV, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen) -> None:
    error = process.communicate(timeout=900)[1]
    assert process.returncode == 0, error


def stages(out: Path) -> list[dict[str, torch.Tensor]]:
    return [torch.load(file, weights_only=True) for file in sorted(out.glob("stage-*.pt"))]


def largest_difference(a: Path, b: Path) -> float:
    pairs = list(zip(stages(a), stages(b), strict=True))
    assert pairs
    return max(float((x[n] - y[n]).abs().max()) for x, y in pairs for n in x)


def kill_after_a_step(recipe, store: Path, out: Path, how: int) -> subprocess.Popen:
    """Starts the run and sends a signal soon after a random one of its steps."""
    process, last = start(recipe, store, out, "0.05"), recipe.budget.max_steps
    after = random.randint(1, last - 2)
    while not list(out.glob(f"state-{after:08d}.pt")):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.002)
    time.sleep(random.random() * 0.06)
    process.send_signal(how)
    return process


@needs_lpips
def test_a_killed_run_resumes_to_the_same_bits(store, encoder, tmp_path):
    recipe = srdiff(encoder, budget=Budget(max_steps=10), precision="bf16")
    finish(start(recipe, store, tmp_path / "whole"))
    out = tmp_path / "killed"
    kill_after_a_step(recipe, store, out, signal.SIGKILL).communicate()
    assert len(stages(out)) < 2
    finish(start(recipe, store, out))
    assert largest_difference(tmp_path / "whole", out) == 0


def test_an_interrupted_run_keeps_its_state(store, tmp_path):
    process = kill_after_a_step(
        regression(budget=Budget(max_steps=40)), store, tmp_path / "run", signal.SIGINT
    )
    error = process.communicate(timeout=900)[1]
    assert "stopped at step" in error and "the same command continues" in error
    assert list((tmp_path / "run").glob("state-*.pt"))


def two_processes_differ_by(one, two, store: Path, folder: Path) -> float:
    finish(start(one, store, folder / "one"))
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    finish(start(two, store, folder / "two", launcher=launcher))
    return largest_difference(folder / "one", folder / "two")


def test_two_processes_that_accumulate_give_the_weights_of_one(store, tmp_path):
    one, two = regression(), regression(accumulate=2)
    assert two_processes_differ_by(one, two, store, tmp_path) < 1e-5


@needs_lpips
def test_two_processes_give_the_weights_of_one_in_every_stage(store, encoder, tmp_path):
    recipe = srdiff(encoder)
    assert two_processes_differ_by(recipe, recipe, store, tmp_path) < 1e-5


@needs_lpips
def test_two_processes_give_the_weights_of_one_with_the_encoder(store, encoder, tmp_path):
    recipe = joint(encoder)
    assert two_processes_differ_by(recipe, recipe, store, tmp_path) < 1e-5


def test_each_second_sample_of_a_crop_has_its_own_noise(store):
    """Whether all crops have a second sample or only some, and in whichever part of the batch they are."""
    recipe = regression(batch=4, accumulate=2)
    crops = Crops(Store(store), "train", recipe.crop, recipe.seed, recipe.data)
    batches = Batches(recipe, crops, 1, 0, torch.device("cpu"), 0)
    parts = [part.noise(0, torch.Size((3, 1, 8, 8))) for part in batches.of(0)]
    batches.close()
    draws = torch.cat(parts).flatten(1)
    alike = (draws[:, None] - draws[None]).abs().amax(2) == 0
    assert torch.equal(alike, torch.eye(6, dtype=torch.bool))
