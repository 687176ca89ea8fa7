"""The loss of crops kept aside depends on the network alone, and does not affect training."""

import json

import pytest
import torch
from accelerate.state import AcceleratorState
from conftest import regression, srflow

from srzoo_train import loop
from srzoo_train.data.crops import Crops
from srzoo_train.data.store import Store
from srzoo_train.families.srflow import Likelihood
from srzoo_train.held_out import HeldOut, means
from srzoo_train.loop import Trainer
from srzoo_train.recipe import RecipeError
from srzoo_train.recipe_rules import checked


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(loop, "LOG_EVERY", 2)
    AcceleratorState._reset_state(True)


def lines(folder):
    found = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line for line in found if "stage" in line]


def trained(recipe, store, out):
    AcceleratorState._reset_state(True)
    Trainer(recipe, Store(store), out, None).run()
    return torch.load(out / f"stage-{len(recipe.stages) - 1}.pt", weights_only=True)


def test_the_held_out_loss_changes_only_with_the_weights(store, encoder, tmp_path):
    recipe = srflow(encoder, held_out=2)
    run = Trainer(recipe, Store(store), tmp_path / "run", None)
    objective = Likelihood(recipe, run.encoder, 3.0)
    kept = HeldOut(recipe, Store(store), run.device)
    first = kept.measure(run.network, objective, "fp32")
    assert len(kept.batches) == 2 and first["loss"] == pytest.approx(first["nll"])
    assert HeldOut(recipe, Store(store), run.device).measure(run.network, objective, "fp32") == first
    run.network.steps[0].mix.norm.bias.data.add_(0.1)
    assert kept.measure(run.network, objective, "fp32") != first


def test_held_out_batches_have_the_recipes_size_and_crops_that_training_never_sees(
    store, encoder, tmp_path, monkeypatch
):
    cut, drawn = [], Crops._entry

    def recorded(self, random):
        cut.append(drawn(self, random))
        return cut[-1]

    monkeypatch.setattr(Crops, "_entry", recorded)
    recipe = srflow(encoder, held_out=1)
    kept = HeldOut(recipe, Store(store), torch.device("cpu"))
    assert kept.batches[0].hr.shape == (4, 3, 64, 64)
    held_out = {entry.name for entry in cut}
    cut.clear()
    trained(regression(), store, tmp_path / "run")
    assert held_out and cut and held_out.isdisjoint(entry.name for entry in cut)


def test_the_log_has_the_held_out_loss_of_the_weights_and_of_their_average(store, tmp_path):
    recipe = regression(held_out=1)
    weights = trained(recipe, store, tmp_path / "run")
    found = lines(tmp_path / "run")
    assert all(line["held_out_loss"] > 0 and line["held_out_averaged_loss"] > 0 for line in found)
    assert found[0]["held_out_loss"] != found[-1]["held_out_loss"]
    plain = trained(regression(), store, tmp_path / "plain")
    assert all(torch.equal(weights[name], plain[name]) for name in plain)
    assert not any("held_out_loss" in line for line in lines(tmp_path / "plain"))


def test_a_line_of_the_log_has_the_mean_of_its_steps(store, tmp_path, monkeypatch):
    trained(regression(), store, tmp_path / "few")
    monkeypatch.setattr(loop, "LOG_EVERY", 1)
    trained(regression(), store, tmp_path / "all")
    each = {line["step"]: line["loss"] for line in lines(tmp_path / "all")}
    for line in lines(tmp_path / "few")[1:]:
        assert line["loss"] == pytest.approx((each[line["step"]] + each[line["step"] - 1]) / 2)


def test_means_leave_out_what_is_not_finite():
    parts = [{"loss": torch.tensor(value)} for value in (1.0, float("nan"), 3.0, float("inf"))]
    assert means(parts) == {"loss": torch.tensor(2.0)} and means([]) == {}


def test_a_negative_number_of_batches_is_refused():
    with pytest.raises(RecipeError, match="held_out: must be 0 or more"):
        checked(regression(held_out=-1))
