"""The table of LPIPS by damage and by `restore`."""

import torch
from conftest import needs_lpips, regression, srdiff
from test_recipes import train

from srzoo_train import dial
from srzoo_train.data.store import Store
from srzoo_train.recipe import Budget, Data
from srzoo_train.run import open_run


@needs_lpips
def test_the_table_has_a_row_for_each_track_and_tells_damage_and_dial_apart(store, tmp_path):
    data, few = Data(damage="photo"), dict(batch=2, budget=Budget(max_steps=2))
    encoder = train(regression(data=data, **few), store, tmp_path / "encoder")
    run = open_run(train(srdiff(str(encoder), data=data, **few), store, tmp_path / "run"))
    # Enough steps for the dial to have an effect, since its layers begin at zero.
    file = tmp_path / "run" / "stage-1.pt"
    weights = torch.load(file, weights_only=True)
    draws = torch.Generator().manual_seed(1)
    weights = {n: w + 0.05 * torch.randn(w.shape, generator=draws) if ".film." in n else w for n, w in weights.items()}
    torch.save(weights, file)
    table = dial.measured(run, Store(store), ["clean", "worst"], [0.0, 1.0, 1.0], 1)
    assert table.shape == (2, 3)
    assert (table[1] > table[0]).all()
    assert (table[:, 1] == table[:, 2]).all() and (table[:, 0] != table[:, 1]).all()
