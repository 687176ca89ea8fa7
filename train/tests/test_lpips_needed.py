"""Commands that need LPIPS say so before any work; others work without it."""

from pathlib import Path

import pytest
from accelerate.state import AcceleratorState
from conftest import needs_lpips, regression
from msgspec.structs import replace

from srzoo_train import run as runs
from srzoo_train.data.store import Store
from srzoo_train.loop import Trainer
from srzoo_train.lpips import cache_folder, find_lpips
from srzoo_train.recipe import Budget, Network, RecipeError, Stage, Way
from srzoo_train.train import check_lpips


def test_a_later_stage_without_lpips_is_refused_at_the_start(tmp_path):
    first, judged = Stage("diffusion", share=0.5), Stage("few_step", share=0.5)
    with pytest.raises(RecipeError, match=r"stages\.1 \(few_step\) without LPIPS: run `deno task lpips`"):
        check_lpips(replace(regression(), stages=(first, judged)), None)
    check_lpips(replace(regression(), stages=(first,)), None)
    with pytest.raises(RecipeError, match="no file .*missing.onnx"):
        check_lpips(regression(), tmp_path / "missing.onnx")


def test_find_lpips_looks_where_deno_task_lpips_writes(tmp_path, monkeypatch):
    monkeypatch.delenv("SRZOO_LPIPS", raising=False)
    monkeypatch.setenv("SRZOO_CACHE", str(tmp_path))
    cache_folder().mkdir()
    made = cache_folder() / "lpips_alex.onnx"
    made.write_bytes(b"graph")
    assert find_lpips() == made
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("SRZOO_LPIPS", str(own))
    assert find_lpips() is None
    (own / "lpips_alex.onnx").write_bytes(b"graph")
    assert find_lpips() == own / "lpips_alex.onnx"
    monkeypatch.setenv("SRZOO_LPIPS", str(made))
    assert find_lpips() == Path(made)


@needs_lpips
def test_export_does_not_ask_for_lpips_of_a_run_that_needed_it(store, tmp_path, monkeypatch):
    AcceleratorState._reset_state(True)
    stages = (Stage("few_step", ways=(Way(share=1.0, steps=2),)),)
    recipe = regression(
        family="ddpm", network=Network(channels=8, blocks=1), stages=stages, budget=Budget(max_steps=1),
        diffusion_steps=10, crop=16,
    )
    Trainer(recipe, Store(store), tmp_path / "run", find_lpips()).run()
    assert "PFLOP" in runs.training_facts(runs.open_run(tmp_path / "run"))["compute"]
    monkeypatch.setattr(runs, "find_lpips", lambda: None)
    facts = runs.training_facts(runs.open_run(tmp_path / "run"))
    assert facts["compute"].endswith("minutes") and "PFLOP" not in facts["compute"]
