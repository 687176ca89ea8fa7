"""Small real parts that the tests share: a store, an encoder's entry, recipes."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

TRAIN = Path(__file__).parents[1]
sys.path.insert(0, str(TRAIN))

from srzoo_train.lpips import find_lpips  # noqa: E402
from srzoo_train.models.compact import Regression  # noqa: E402
from srzoo_train.recipe import Budget, Network, Recipe, Stage, Way  # noqa: E402
from srzoo_train.data.synthetic import synthetic_store  # noqa: E402

torch.set_num_threads(1)
DENO = os.environ.get("SRZOO_DENO") or shutil.which("deno")
needs_deno = pytest.mark.skipif(DENO is None, reason="(needs deno on the PATH)")
needs_lpips = pytest.mark.skipif(find_lpips() is None, reason="../shared/lpips is absent")


@pytest.fixture(scope="session")
def store(tmp_path_factory) -> Path:
    return synthetic_store(tmp_path_factory.mktemp("data") / "store", 4)


@pytest.fixture(scope="session")
def encoder(tmp_path_factory) -> str:
    """Saved weights of a small regression network."""
    torch.manual_seed(7)
    file = tmp_path_factory.mktemp("encoder") / "encoder.pt"
    torch.save(Regression(4, 8, 1).state_dict(), file)
    return str(file)


def enlarged(entry: Path) -> dict:
    """What run_entry.ts reports of an entry: the sides of a result, and how much results of seeds differ."""
    command = [DENO, "run", "-A", "--config", str(TRAIN.parent / "deno.json"),
               str(TRAIN / "tests" / "run_entry.ts"), str(entry)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout.strip().splitlines()[-1])


def regression(**changes) -> Recipe:
    """A regression of a few thousand parameters."""
    defaults = dict(
        id="tiny", family="regression", stages=(Stage("l1"),), budget=Budget(max_steps=6),
        network=Network(channels=8, blocks=1), batch=4, crop=8, trackers=(), precision="fp32",
    )
    return Recipe(**(defaults | changes))


def srflow(encoder: str, **changes) -> Recipe:
    """An SRFlow of a few thousand parameters, with both stages."""
    stages = Stage("nll", share=0.5), Stage("flow_sample", share=0.5, spectrum=0.1, lattice=1.0)
    defaults = dict(
        id="tiny", family="srflow", encoder=encoder, stages=stages, budget=Budget(max_steps=6),
        network=Network(channels=8, blocks=1, couplings=2, hidden=8), batch=4, crop=16,
        trackers=(), precision="fp32",
    )
    return Recipe(**(defaults | changes))


def joint(encoder: str, **changes) -> Recipe:
    """The few-step stage of `srdiff` alone, which trains the encoder too."""
    few = Stage("few_step", ways=(Way(0.6, (59,)), Way(0.4, (59, 29))))
    return srdiff(encoder, **({"trains_encoder": True, "stages": (few,)} | changes))


def srdiff(encoder: str, **changes) -> Recipe:
    """An SRDiff of a few thousand parameters, with both stages."""
    few = Stage("few_step", share=0.5, ways=(Way(0.5, (59,)), Way(0.3, (59, 29)), Way(0.2, steps=3)))
    stages = (Stage("diffusion", share=0.5), few)
    defaults = dict(
        id="tiny", family="srdiff", encoder=encoder, stages=stages, budget=Budget(max_steps=6),
        network=Network(channels=8, blocks=2, deep=16, deep_blocks=1), batch=4, crop=16,
        trackers=(), precision="fp32",
    )
    return Recipe(**(defaults | changes))
