"""descent reports whether a smoothed loss only falls, and by how much it rises."""

import json
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest
from conftest import TRAIN

from srzoo_train.descent import descents, lines_of, skipped_late, smoothed


def write_log(folder: Path, values, skipped=lambda step: 0) -> Path:
    """A run whose log has a line every ten steps, with values(step)."""
    lines = [{"stage": "nll", "step": s, **values(s), "skipped": skipped(s)} for s in range(1, 1002, 10)]
    text = "\n".join(map(json.dumps, [*lines, {"validation": {"psnr_y": 1.0}, "step": 1001}]))
    (folder / "log.jsonl").write_text(text + "\n")
    return folder


def descent(*args: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "srzoo_train.descent", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, cwd=TRAIN)


def falling(step: int) -> dict[str, float]:
    """Rises and falls from line to line, but falls on the mean of five lines."""
    jump = 0.01 * (step // 10 % 5 == 0)
    value = 5 - step / 500
    return {"nll": value + 0.4 * (step // 10 % 3), "held_out_nll": value + jump, "held_out_averaged_nll": value}


def test_smoothed_values_are_the_means_of_windows():
    points = [(step, float(step)) for step in range(1, 102, 10)]
    assert smoothed(points, 50)[0] == (51, 31.0) and smoothed(points, 50)[-1] == (101, 81.0)
    assert smoothed(points, 1) == points[1:]


def test_descents_tells_a_curve_that_falls_on_the_mean_from_one_that_rises(tmp_path):
    lines = lines_of(write_log(tmp_path, falling) / "log.jsonl", "nll")
    training, held_out, averaged = descents(lines, "nll").values()
    assert training.rises and not held_out.rises and not averaged.rises
    assert "only falls (96 points)" in str(held_out) and "rises at " in str(training)
    rising = lambda step: {"held_out_nll": 5 - step / 500 + (0.3 if step > 600 else 0)}
    (found,) = descents(lines_of(write_log(tmp_path, rising) / "log.jsonl", "nll"), "nll").values()
    assert len(found.rises) == 5 and max(found.rises) == pytest.approx(0.06 - 0.02)


def test_skipped_steps_count_after_the_first_fifth(tmp_path):
    early = write_log(tmp_path, falling, skipped=lambda step: 3 if step > 150 else 0)
    assert skipped_late(lines_of(early / "log.jsonl", "nll")) == 0
    late = write_log(tmp_path, falling, skipped=lambda step: (step > 100) + 2 * (step > 900))
    assert skipped_late(lines_of(late / "log.jsonl", "nll")) == 2


def test_the_command_draws_the_curves_and_its_exit_code_is_the_verdict(tmp_path):
    good = descent(write_log(tmp_path, falling), "--picture", tmp_path / "nll.svg")
    assert good.returncode == 0 and good.stderr == ""
    assert "nll, crops kept aside: 4.9" in good.stdout
    assert "skipped steps in the last 80 %: 0 of 1001" in good.stdout
    picture = xml.parse(tmp_path / "nll.svg").getroot()
    assert len(picture.findall("{http://www.w3.org/2000/svg}polyline")) == 3
    assert descent(write_log(tmp_path, falling, skipped=lambda step: step // 900)).returncode == 1
    assert descent(write_log(tmp_path, lambda step: {"held_out_nll": step / 9})).returncode == 1
    none = descent(tmp_path, "--stage", "diffusion")
    assert none.returncode == 1 and "holds no line of a stage diffusion" in none.stderr
