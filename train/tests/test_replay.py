"""`deno task replay`: recorded cases pass, changed ones do not, unknown systems are named."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import DENO, needs_deno
from published_case import NOVWAUL, SMALL, Case
from published_case import write_case as write_published_case
from srdiff_case import Options, write_case
from srflow_case import SMALL as FLOW
from srflow_case import write_case as write_flow_case

ROOT = Path(__file__).parents[2]
VECTORS = ROOT.parent / "shared" / "vectors"
pytestmark = needs_deno


def replay(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [DENO, "run", "-A", str(ROOT / "tools/replay/main.ts"), *map(str, arguments)],
        env=os.environ | {"SRZOO_PYTHON": sys.executable, "NO_COLOR": "1"},
        capture_output=True, text=True, timeout=300,
    )


# Quantities that replay must compare for each case.
RECORDED = {
    "srdiff_x4": ("step_eps", "traj_x ", "final_sr"),
    "srdiff_options_x4": ("step_eps", "traj_x ", "final_sr"),
    "janspiry_sr3_cond": ("condition ", "step_eps", "traj_x ", "final ", "final, from the low"),
    "janspiry_sr3_uncond": ("buf_posterior_mean_coef2", "step_eps", "traj_x ", "final "),
    "janspiry_ddpm_cond": ("condition ", "step_eps", "traj_x ", "final ", "final, from the low"),
    "janspiry_ddpm_uncond": ("time_value_fed_at_t", "step_eps", "traj_x ", "final "),
    "srflow_x4": ("sr_heat0", "sr_heat1", "sr_heat_zero", "sr_logdet_heat0", "enc_nll", "enc_noise_logdet"),
    "srflow_x8": ("sr_heat0", "sr_heat1", "sr_heat_zero", "sr_logdet_heat0", "enc_nll", "enc_noise_logdet"),
    "novwaul_sr3": ("upsampled_clipped01", "step_eps", "traj_x_before_step", "final01, from the low"),
}

# Sizes, schedules and options other than the recorded ones.
UNSEEN = {
    "warmup, attention in every level": Case(
        replace(SMALL, widths=(8, 16, 8), attention=frozenset({0, 1, 2}), blocks=2),
        sampled={"kind": "warmup10", "timesteps": 21, "first": 1e-4, "last": 0.1}, scale=8,
        size=(1, 3, 5)),
    "steps of its own, no attention": Case(
        replace(SMALL, time="timestep", attention=frozenset()),
        trained={"kind": "cosine", "timesteps": 12, "s": 0.008},
        sampled={"kind": "quad", "timesteps": 7, "first": 1e-3, "last": 0.4}, size=(2, 5, 7)),
    "unconditional, const": Case(
        replace(SMALL, inputs=3), sampled={"kind": "const", "timesteps": 4, "last": 0.2}, scale=1,
        size=(1, 10, 6)),
    "novwaul x8": Case(replace(NOVWAUL, widths=(8, 8, 16), attention=frozenset({1}), blocks=2),
                       scale=8, size=(2, 3, 2)),
}


@pytest.mark.parametrize("case", RECORDED)
def test_replay_agrees_with_the_reference(tmp_path, case):
    if not (VECTORS / case).is_dir():
        pytest.skip(f"{case} is absent (needs shared)")
    done = replay(VECTORS / case, "--keep", tmp_path / "kept")
    assert done.returncode == 0, done.stdout + done.stderr
    graph = "inverse" if case.startswith("srflow") else "denoiser"
    for word in (f"graph {graph}: {graph}.onnx sha256", "on native", *RECORDED[case], "replay agrees"):
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


@pytest.mark.parametrize("name", UNSEEN)
def test_replay_agrees_for_other_sizes_and_schedules(tmp_path, name):
    case = write_published_case(tmp_path / "case", UNSEEN[name])
    done = replay(case)
    assert done.returncode == 0, done.stdout + done.stderr


def test_replay_finds_a_change_in_image_space_diffusion(tmp_path):
    case = write_published_case(tmp_path / "case", Case())
    arrays = dict(np.load(case / "io.npz"))
    for name, change in (("condition", 1e-4), ("step_eps", 1e-4), ("traj_x", 3e-3), ("final", 3e-3),
                         ("buf_betas", 1e-4)):
        arrays[name].flat[0] += change
    np.savez(case / "io.npz", **arrays)
    done = replay(case)
    failed = {line.split()[1].strip(",") for line in done.stdout.splitlines() if "FAIL" in line}
    assert failed == {"condition", "step_eps", "traj_x", "final", "buf_betas"}


@pytest.mark.parametrize("shape,size", [
    (FLOW, (2, 6, 4)),
    (replace(FLOW, scale=8, blocks=4, stacked=(3, 1, 0), steps=2, hidden=12), (1, 4, 6)),
    (replace(FLOW, scale=2, plain_steps=1, least=1e-3), (3, 4, 4)),
], ids=str)
def test_replay_agrees_for_other_flows(tmp_path, shape, size):
    done = replay(write_flow_case(tmp_path / "case", shape, size))
    assert done.returncode == 0, done.stdout + done.stderr


def test_replay_finds_a_change_in_a_flow(tmp_path):
    case = write_flow_case(tmp_path / "case", FLOW)
    arrays = dict(np.load(case / "io.npz"))
    changed = {"cond_fea_up1": 1e-4, "sr_heat0": 1e-4, "sr_heat_zero": 1e-4, "sr_logdet_heat1": 1,
               "enc_z": 3e-3, "enc_eps_level1": 3e-3, "enc_nll": 1e-3, "enc_noise_logdet": 1}
    for name, change in changed.items():
        arrays[name].flat[0] += change
    np.savez(case / "io.npz", **arrays)
    done = replay(case)
    failed = {line.split()[1].strip(",") for line in done.stdout.splitlines() if line.startswith("FAIL")}
    assert failed == set(changed)


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
