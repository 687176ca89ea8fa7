"""Cards that break the zoo's schema are refused in one line."""

from pathlib import Path

import pytest
import torch

from srzoo_train import card
from srzoo_train.graphs import ExportError
from srzoo_train.import_checkpoint import main
from srzoo_train.models.rrdb import RRDBNet

ZOO = Path(__file__).parents[2] / "zoo"


@pytest.mark.parametrize("change, told", [
    ({"scale": 0}, "scale: 0 is less than the minimum of 1"),
    ({"licence": {"weights": "x" * 301, "data": []}}, r"licence\.weights: 'x{12}\.\.\.x{13}' is too long"),
    ({"size": 3}, r"Additional properties are not allowed \('size' was unexpected\)"),
])
def test_a_card_that_breaks_the_schema_is_refused_with_the_key(change, told):
    whole = card.read_yaml(ZOO / "bicubic/model.yml")
    card.check_schema(whole, ZOO / "model.schema.json")
    with pytest.raises(ExportError, match=f"^cannot write model.yml: {told}$"):
        card.check_schema(whole | change, ZOO / "model.schema.json")


def test_import_tells_what_is_wrong_with_a_card_in_one_line(tmp_path, capsys):
    torch.save(RRDBNet(4, 1, 2, 2).state_dict(), tmp_path / "net.pth")
    licence = "x" * 301
    assert main([str(tmp_path / "net.pth"), "--out", str(tmp_path / "entry"), "--licence", licence]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "licence.weights" in told
    assert not (tmp_path / "entry").exists()
