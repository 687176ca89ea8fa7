"""The graph that estimates how much to restore is fixed by its seed, and exported with an entry."""

import copy

import numpy as np
import onnxruntime
import pytest
import torch
from conftest import regression

from srzoo_train import export, train_damage
from srzoo_train.data.store import Store
from srzoo_train.graphs import ExportError
from srzoo_train.loop import Trainer
from srzoo_train.models.damage import Damage
from srzoo_train.recipe import Data
from srzoo_train.run import open_run
from srzoo_train.train_damage import figures, judged, refit, save, saved, set_curve, train


@pytest.fixture(scope="module", autouse=True)
def few_small_crops():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("BATCH", 8), ("SIZE", 24), ("CHECKED", 6), ("AHEAD", 1), ("ROUNDS", 40)):
            patch.setattr(train_damage, name, value)
        yield


@pytest.fixture(scope="module")
def trained(store, few_small_crops) -> Damage:
    return train(Store(store), 24, 3)


def test_train_gives_the_same_weights_from_the_same_seed(store):
    once, again = (train(Store(store), 3, 3) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(once.parameters(), again.parameters()))


def loss_of(network: Damage, store) -> float:
    """The loss on crops that training does not see."""
    seen, severity = judged(network, Store(store), 0)
    return float(torch.nn.functional.binary_cross_entropy(seen, severity))


def test_training_lowers_the_loss(store, trained):
    torch.manual_seed(3)
    assert loss_of(trained, store) < loss_of(Damage(), store)


def test_the_curve_gives_least_up_to_low_and_most_from_high_for_any_size():
    network = Damage(low=0.3, high=0.5, least=0.1, most=0.9)
    for level, wanted in ((0.2, 0.1), (0.4, 0.5), (0.9, 0.9)):
        network.logit = lambda lr: torch.logit(torch.full((len(lr),), level))
        found = network(torch.zeros(2, 3, 5, 7))
        assert found.shape == (2, 1, 5, 7)
        assert torch.allclose(found, torch.tensor(wanted), atol=1e-6)


def test_set_curve_leaves_nine_of_ten_clean_crops_below_and_three_of_four_damaged_above():
    network = Damage()
    severity = torch.cat([torch.zeros(100), torch.full((100,), 0.9)])
    seen = torch.cat([torch.linspace(0.1, 0.4, 100), torch.linspace(0.3, 0.9, 100)])
    set_curve(network, seen, severity)
    found = figures(network, seen, severity)
    low, high, least, most = network.curve.tolist()
    assert (least, most) == (0, 1)
    assert (seen[:100] <= low).float().mean() == pytest.approx(0.9, abs=0.01)
    assert (seen[100:] >= high).float().mean() == pytest.approx(0.75, abs=0.01)
    assert found["restore_of_clean"] < 0.05 and found["right_pairs"] > 0.9


def test_an_entry_is_exported_with_the_graph_that_estimates_how_much_to_restore(store, trained, tmp_path):
    file = tmp_path / "damage.pt"
    save(trained, file)
    network = saved(file)
    assert torch.equal(network.curve, trained.curve)
    Trainer(regression(data=Data("photo")), Store(store), tmp_path / "run", None).run()
    run, target = open_run(tmp_path / "run"), tmp_path / "entry"
    card = export.export(run, target, export.words_of(run, target, None, None), damage=network)
    assert card["restore"] == {"default": "auto"}
    assert set(card["graphs"]) == {"network", "damage"} and set(card["training"]) == {"network"}
    opened = onnxruntime.InferenceSession(target / "damage.onnx")
    lr = np.random.default_rng(0).uniform(-1, 1, (1, 3, 9, 13)).astype(np.float32)
    (found,) = opened.run(None, {"lr": lr})
    assert found.shape == (1, 1, 9, 13) and 0 <= found.min() <= found.max() <= 1
    released = saved(target)
    assert all(torch.equal(p.half().float(), q) for p, q in zip(network.parameters(), released.parameters()))


def test_export_refuses_such_a_graph_for_a_run_without_damage(store, trained, tmp_path):
    Trainer(regression(), Store(store), tmp_path / "run", None).run()
    run = open_run(tmp_path / "run")
    with pytest.raises(ExportError, match="was not trained with data.damage"):
        export.export(run, tmp_path / "entry", {}, damage=trained)


def test_refit_changes_only_the_last_layers_and_lowers_the_loss(store, trained):
    network, before = copy.deepcopy(trained), loss_of(trained, store)
    refit(network, Store(store), 0, batches=16)
    assert all(torch.equal(a, b) for a, b in zip(network.body.parameters(), trained.body.parameters()))
    assert loss_of(network, store) < before
