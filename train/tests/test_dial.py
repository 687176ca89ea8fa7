"""The table of LPIPS by damage and `restore`, and the curve that is set from it."""

import pytest
import torch
from conftest import needs_lpips, regression, srdiff
from test_recipes import train

from srzoo_train import dial
from srzoo_train.data.store import Store
from srzoo_train.models.damage import Damage, risen
from srzoo_train.recipe import Budget, Data
from srzoo_train.run import open_run
from srzoo_train.train_damage import save, saved


@pytest.fixture
def run(store, tmp_path):
    """A run whose dial has an effect."""
    data, few = Data(damage="photo"), dict(batch=2, budget=Budget(max_steps=2))
    encoder = train(regression(data=data, **few), store, tmp_path / "encoder")
    run = open_run(train(srdiff(str(encoder), data=data, **few), store, tmp_path / "run"))
    file = tmp_path / "run" / "stage-1.pt"
    weights = torch.load(file, weights_only=True)
    draws = torch.Generator().manual_seed(1)
    # The layers of the dial start at zero.
    weights = {n: w + 0.05 * torch.randn(w.shape, generator=draws) if ".film." in n else w for n, w in weights.items()}
    torch.save(weights, file)
    return run


@needs_lpips
def test_measured_has_a_row_for_each_track_and_depends_on_damage_and_restore(store, run):
    table = dial.measured(run, Store(store), ["clean", "worst"], [0.0, 1.0, 1.0], 1)
    assert table.shape == (2, 3)
    assert (table[1] > table[0]).all()
    assert (table[:, 1] == table[:, 2]).all() and (table[:, 0] != table[:, 1]).all()


def test_best_curve_finds_the_one_that_the_distances_were_made_with():
    values, severity = [place / 20 for place in range(21)], torch.linspace(0.1, 0.9, 200)
    best = risen(severity, *torch.tensor([0.3, 0.7, 0.2, 0.8]))
    distances = (torch.tensor(values) - best[:, None]).square()
    found = dial.best_curve(severity, distances, values)
    assert found == pytest.approx([0.3, 0.7, 0.2, 0.8], abs=0.06)


@pytest.mark.parametrize("severity, values", [([0.5, 0.5], [0.0, 1.0]), ([0.1, 0.9], [0.5])])
def test_best_curve_refuses_equal_severities_and_a_single_value(severity, values):
    with pytest.raises(ValueError, match="cannot set the curve"):
        dial.best_curve(torch.tensor(severity), torch.rand(2, len(values)), values)


@needs_lpips
def test_set_curve_sets_the_curve_of_a_file_and_keeps_its_weights(store, run, tmp_path):
    file, judge, start = tmp_path / "damage.pt", dial.Judge(run, [0.0, 0.5, 1.0]), Damage(high=0.999)
    save(start, file)
    dial.set_curve(file, judge, Store(store), 4)
    found = saved(file)
    assert not torch.equal(found.curve, start.curve) and torch.equal(found.head.weight, start.head.weight)
    lr, distances = next(dial.of_crops(judge, Store(store), 4))
    size = run.recipe.crop
    assert lr.shape == (4, 3, size, size) and distances.shape == (4, 3)
    assert 0 <= found.curve[2] <= found.curve[3] <= 1 and found.curve[0] < found.curve[1]
