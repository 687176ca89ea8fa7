"""`deno task replay`: recorded cases pass, changed ones do not, unknown systems say so."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from srdiff_case import Options, write_case

ROOT = Path(__file__).parents[2]
VECTORS = ROOT.parent / "shared" / "vectors"
DENO = os.environ.get("DENO") or shutil.which("deno")
pytestmark = pytest.mark.skipif(DENO is None, reason="no deno on the PATH (needs deno)")


def replay(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [DENO, "run", "-A", str(ROOT / "tools/replay/main.ts"), *map(str, arguments)],
        env=os.environ | {"SRZOO_PYTHON": sys.executable, "NO_COLOR": "1"},
        capture_output=True, text=True, timeout=300,
    )


@pytest.mark.parametrize("case", ["srdiff_x4", "srdiff_options_x4"])
def test_replay_agrees_with_the_reference(tmp_path, case):
    if not (VECTORS / case).is_dir():
        pytest.skip(f"{case} is absent (needs shared)")
    done = replay(VECTORS / case, "--keep", tmp_path / "kept")
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("graph denoiser: denoiser.onnx sha256", "on native", "step_eps", "traj_x ",
                 "final_sr", "replay agrees"):
        assert word in done.stdout
    assert (tmp_path / "kept" / "model.yml").is_file()


def test_replay_finds_a_change_in_any_quantity(tmp_path):
    case = write_case(tmp_path / "case", Options(scale=8, base_input=True, size=(2, 4, 4)))
    assert replay(case).returncode == 0
    arrays = dict(np.load(case / "io.npz"))
    for name, change in (("step_eps", 1e-4), ("cond_concat", 1e-4), ("traj_x", 3e-3),
                         ("final_sr", 3e-3), ("buf_betas", 1e-4)):
        arrays[name].flat[-1] += change
    np.savez(case / "io.npz", **arrays)
    done = replay(case)
    assert done.returncode == 1
    failed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert {"step_eps", "cond_concat", "traj_x", "final_sr", "buf_betas"} == set(failed)


def test_replay_says_which_systems_it_knows(tmp_path):
    case = write_case(tmp_path / "case", Options(timesteps=2))
    (case / "config.json").write_text(json.dumps({"system": "Other"}))
    done = replay(case)
    assert done.returncode == 1
    assert '"Other"' in done.stderr and "SRDiff" in done.stderr
    assert done.stderr.count("\n") == 1


def test_replay_names_a_folder_that_is_no_case(tmp_path):
    done = replay(tmp_path)
    assert done.returncode == 1
    assert "config.json" in done.stderr
