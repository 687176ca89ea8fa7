"""zoo/srflow/README.md describes the log of its likelihood run correctly."""

from pathlib import Path

from conftest import TRAIN

from srzoo_train.chart import chart
from srzoo_train.descent import PREFIXES, descents, lines_of, skipped_late

LINES = lines_of(Path(__file__).parent / "fixtures" / "srflow-nll" / "log.jsonl", "nll")
CARD = TRAIN.parent / "zoo" / "srflow"


def test_the_likelihood_of_crops_kept_aside_only_falls_and_no_step_is_skipped():
    found = descents(LINES, "nll")
    assert not found[PREFIXES["held_out_"]].rises and not found[PREFIXES["held_out_averaged_"]].rises
    assert LINES[-1]["skipped"] == skipped_late(LINES) == 0


def test_the_card_describes_and_draws_what_the_log_says():
    found, text = descents(LINES, "nll"), (CARD / "README.md").read_text()
    for name, descent in found.items():
        assert f"nll, {name}: {descent}\n" in text
    drawn = chart({name: d.curve for name, d in found.items()}, 320, alone=True)
    assert (CARD / "nll.svg").read_text() == drawn + "\n"
