"""The benchmark measures both sides of every stage."""

from accelerate.state import AcceleratorState
from conftest import needs_lpips, srdiff

from srzoo_train.bench import measure


@needs_lpips
def test_measure_times_every_stage(store, encoder, tmp_path):
    AcceleratorState._reset_state(True)
    found = measure(srdiff(encoder), store, tmp_path / "run", 2)
    assert list(found) == ["diffusion", "few_step"]
    for figures in found.values():
        assert 0 < figures["ratio"] and 0 < figures["loading_ms"] < figures["loop_ms"]
        assert figures["ratio"] == figures["bare_ms"] / figures["loop_ms"]
