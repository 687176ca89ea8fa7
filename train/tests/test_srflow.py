"""The family srflow trains by likelihood and through its inverse, resumes, and is exported exactly."""

import json
import math
import signal
from msgspec.structs import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from conftest import TRAIN, needs_lpips, srflow
from test_objectives import FlatEncoder, batch
from test_resume import finish, kill_after_a_step, largest_difference, start, two_processes_differ_by

from srzoo_train import export, loop
from srzoo_train.families.srflow import BYTE, FlowSample, Likelihood
from srzoo_train.loop import Stopped, Trainer
from srzoo_train.lpips import find_lpips
from srzoo_train.recipe import Budget, RecipeError, Stage
from srzoo_train.recipe_rules import checked, read_recipe
from srzoo_train.run import open_run
from srzoo_train.state import load_state
from srzoo_train.data.store import Store


@pytest.fixture(autouse=True)
def fresh():
    AcceleratorState._reset_state(True)


class Scaled:
    """The flow z0 = x / deviation, whose likelihood is that of white noise."""

    def __init__(self, deviation: float):
        self.deviation = deviation

    def __call__(self, features, residual=None, latents=None):
        dims = residual[0].numel()
        z0 = torch.nn.functional.pixel_unshuffle(residual, 4) / self.deviation
        log_det = torch.full((len(residual),), -dims * math.log(self.deviation))
        sample = latents and torch.nn.functional.pixel_shuffle(latents[0], 4) * self.deviation
        return [z0], log_det, sample


def test_the_bits_of_white_noise_are_its_entropy(encoder):
    """log2(deviation sqrt(2 pi e) / byte) for each value, whatever the residual's scale."""
    hr = 0.2 * torch.randn(40, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    entropy = math.log2(0.2 * math.sqrt(2 * math.pi * math.e) / BYTE)
    for scale in (1.0, 7.0):
        objective = Likelihood(srflow(encoder), FlatEncoder(), scale)
        loss, parts = objective(Scaled(0.2 * scale), batch(40, 16, hr))
        assert float(loss) == pytest.approx(entropy, abs=0.01) and parts == {"nll": float(loss)}


@needs_lpips
def test_samples_distributed_like_the_truth_have_the_energy_score_of_a_gaussian(encoder):
    """E|X - y| - 1/2 E|X - X'| = deviation / sqrt(pi) if X, X' and y have the same distribution."""
    stage = Stage("flow_sample", temperature=(1.0, 1.0), diversity=1.0, pixel=1.0, lpips=0.0, nll=0.0)
    objective = FlowSample(srflow(encoder), FlatEncoder(), 3.0, stage, find_lpips())
    hr = 0.1 * torch.randn(40, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    loss, parts = objective(Scaled(0.3), batch(40, 16, hr))
    assert float(loss) == pytest.approx(0.1 / math.sqrt(math.pi), abs=1e-3)
    assert set(parts) == {"pixel", "apart", "lpips", "nll"}


def test_a_short_training_lowers_the_bits(store, encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "LOG_EVERY", 1)
    recipe = srflow(encoder, stages=(Stage("nll", lr=3e-3),), budget=Budget(max_steps=60))
    Trainer(recipe, Store(store), tmp_path / "run", None).run()
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    bits = [line["nll"] for line in lines if "nll" in line]
    assert np.mean(bits[-10:]) < np.mean(bits[:10]) - 0.3
    assert lines[-2]["skipped"] == 0


def test_a_run_starts_with_latents_of_mean_0_and_variance_1(store, encoder, tmp_path):
    run = Trainer(srflow(encoder), Store(store), tmp_path / "run", None)
    run._begin()
    objective = Likelihood(run.recipe, run.encoder, run.residual_scale)
    lr, hr, _ = run.crops.batch(0, range(4)).on("cpu")
    (features,), estimate = objective.given(lr)
    (z0,), _, _ = run.network(features, objective.residual(objective.spread(hr, torch.randn_like(hr)), estimate))
    assert float(z0.detach().mean((0, 2, 3)).abs().max()) < 0.3
    assert float((z0.detach().std((0, 2, 3)) - 1).abs().max()) < 0.3


def test_steps_that_are_not_finite_are_skipped_and_counted(store, encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "LOG_EVERY", 1)
    run = Trainer(srflow(encoder, stages=(Stage("nll"),)), Store(store), tmp_path / "run", None)
    usual = Likelihood.forward

    def broken(self, network, part):
        loss, parts = usual(self, network, part)
        return (loss * math.nan if run.progress["step"] == 3 else loss), parts

    monkeypatch.setattr(Likelihood, "forward", broken)
    run.run()
    state = load_state(tmp_path / "run")
    assert state["skipped"] == 1 and state["progress"]["total"] == 6
    assert all(torch.isfinite(value).all() for value in state["network"].values())


def test_too_many_steps_that_are_not_finite_end_the_run(store, encoder, tmp_path):
    run = Trainer(srflow(encoder), Store(store), tmp_path / "run", None)
    broken = torch.tensor(1.0), torch.tensor(math.inf)
    run.unread = [broken] * loop.SKIPPED
    run._look()
    run.unread = [broken]
    with pytest.raises(Stopped, match="last good state is kept"):
        run._look()


@needs_lpips
def test_a_killed_flow_resumes_to_the_same_bits(store, encoder, tmp_path):
    recipe = srflow(encoder, budget=Budget(max_steps=10), precision="bf16")
    finish(start(recipe, store, tmp_path / "whole"))
    out = tmp_path / "killed"
    kill_after_a_step(recipe, store, out, signal.SIGKILL).communicate()
    finish(start(recipe, store, out))
    assert largest_difference(tmp_path / "whole", out) == 0


@needs_lpips
def test_two_processes_train_the_same_flow_as_one(store, encoder, tmp_path):
    # Without the distance of spectra, which compares means over a whole batch; each process has only a part of it.
    recipe = srflow(encoder, stages=(Stage("nll", share=0.5), Stage("flow_sample", share=0.5)))
    assert two_processes_differ_by(recipe, recipe, store, tmp_path) < 1e-5


@needs_lpips
def test_the_recipe_trains_and_its_graphs_invert_each_other(store, encoder, tmp_path):
    recipe = read_recipe(TRAIN / "recipes" / "srflow-x4.yml")
    recipe = replace(
        recipe, encoder=encoder, network=replace(srflow(encoder).network, couplings=8), batch=2,
        crop=16, trackers=(), budget=Budget(max_steps=10),
    )
    Trainer(recipe, Store(store), tmp_path / "run", find_lpips()).run()
    run = open_run(tmp_path / "run", unfinished=False)
    target = tmp_path / "entry"
    card = export.export(run, target, export.words_of(run, target, None, None))
    assert set(card["graphs"]) == {"encoder", "inverse", "forward"}
    assert card["flow"]["latents"] == [{"name": "z0", "channels": 48, "ratio": 1}]
    assert card["flow"]["temperature"] == 0.85 and card["tiling"]["multiple"] == 1
    assert_inverse(target)


def assert_inverse(entry: Path) -> None:
    """Checks that the graphs of an entry recover a thousand residuals from their latents."""
    import onnxruntime

    forward, inverse = (onnxruntime.InferenceSession(str(entry / f"{name}.onnx")) for name in ("forward", "inverse"))
    draws = np.random.default_rng(0)
    residual = draws.standard_normal((1000, 3, 32, 32), np.float32)
    features = draws.standard_normal((1000, forward.get_inputs()[1].shape[1], 8, 8), np.float32)
    z0, log_det = forward.run(["z0", "logdet"], {"residual": residual, "features": features})
    (again,) = inverse.run(["residual"], {"z0": z0, "features": features})
    assert z0.shape == (1000, 48, 8, 8) and log_det.shape == (1000,)
    assert np.abs(again - residual).max() < 1e-3


def test_training_can_start_from_the_released_flow(store, tmp_path):
    """A network with the weights of its graphs, matrices included, computes the same."""
    import onnxruntime

    root = TRAIN.parent
    entry = root / "zoo" / "srflow"
    recipe = replace(
        read_recipe(TRAIN / "recipes" / "srflow-x4.yml"), encoder=str(root / "zoo/regression"), batch=2, crop=16,
        precision="fp32", trackers=(), held_out=0, init_from="zoo/srflow", budget=Budget(max_steps=1),
        stages=(Stage("nll"),),
    )
    run = Trainer(recipe, Store(store), tmp_path / "run", None)
    torch.manual_seed(5)
    z0, features = 0.9 * torch.randn(2, 48, 8, 8), torch.randn(2, 32, 8, 8)
    inverse, forward = (onnxruntime.InferenceSession(str(entry / f"{name}.onnx")) for name in ("inverse", "forward"))
    (residual,) = inverse.run(["residual"], {"z0": z0.numpy(), "features": features.numpy()})
    with torch.no_grad():
        latents, log_det, again = run.network(features, torch.from_numpy(residual), [z0])
    assert float((again - torch.from_numpy(residual)).abs().max()) < 1e-3
    assert float((latents[0] - z0).abs().max()) < 1e-3
    (wanted,) = forward.run(["logdet"], {"residual": residual, "features": features.numpy()})
    assert np.allclose(log_det.numpy(), wanted, rtol=1e-4)
    run.run()
    assert (tmp_path / "run" / "stage-0.pt").is_file()


def test_the_released_graphs_invert_each_other_on_photographs():
    """Over a thousand random residuals, each with the features of a random crop."""
    import onnxruntime
    from PIL import Image

    graphs = ("encoder", "forward", "inverse")
    encoder, forward, inverse = (
        onnxruntime.InferenceSession(str(TRAIN.parent / "zoo" / "srflow" / f"{name}.onnx")) for name in graphs
    )
    photographs = [
        np.asarray(Image.open(TRAIN.parent / "docs" / f"{name}.png").convert("RGB"), np.float32) / 127.5 - 1
        for name in ("coffee", "chelsea", "astronaut")
    ]
    draws, crops = np.random.default_rng(0), []
    for i in range(1000):
        image = photographs[i % len(photographs)]
        y, x = (draws.integers(side - 7) for side in image.shape[:2])
        crops.append(image[y : y + 8, x : x + 8].transpose(2, 0, 1))
    (features,) = encoder.run(["features"], {"lr": np.stack(crops)})
    residual = draws.standard_normal((1000, 3, 32, 32), np.float32)
    (z0,) = forward.run(["z0"], {"residual": residual, "features": features})
    (again,) = inverse.run(["residual"], {"z0": z0, "features": features})
    assert np.abs(again - residual).max() < 1e-3


def test_starting_a_larger_flow_from_the_released_one_names_the_missing_weights(store, tmp_path):
    recipe = read_recipe(TRAIN / "recipes" / "srflow-x4.yml")
    recipe = replace(recipe, network=replace(recipe.network, couplings=9), init_from="zoo/srflow", trackers=())
    recipe = replace(recipe, encoder=str(TRAIN.parent / "zoo/regression"), crop=16)
    with pytest.raises(RecipeError, match="cannot start from zoo/srflow: it holds no weights named steps.8.mix"):
        Trainer(recipe, Store(store), tmp_path / "run", None)


def test_wrong_recipes_of_flows_are_refused(encoder):
    with pytest.raises(RecipeError, match="srflow needs a regression entry"):
        checked(srflow(""))
    with pytest.raises(RecipeError, match="srflow takes the losses nll and flow_sample"):
        checked(srflow(encoder, stages=(Stage("l1"),)))
    for temperature in ((0.9, 0.8), (0.5,), (0.5, 1.1)):
        with pytest.raises(RecipeError, match="stages.0.temperature: must be two numbers"):
            checked(srflow(encoder, stages=(Stage("flow_sample", temperature=temperature),)))
