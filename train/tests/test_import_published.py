"""Official checkpoints of Janspiry and novwaul: what is inferred, what is refused, what is written."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from published_case import LINEAR, NOVWAUL, SMALL, Case, checkpoint, network, write_case
from test_import_files import Payload

from srzoo_train.import_checkpoint import main
from srzoo_train.importers import janspiry, novwaul
from srzoo_train.importers.checkpoint_file import read_checkpoint
from srzoo_train.importers.reference_config import read_config
from srzoo_train.importers.system import ImportRefused
from srzoo_train.importers.systems import recognise
from srzoo_train.models.janspiry_unet import JanspiryShape, JanspiryUNet
from srzoo_train.models.novwaul_unet import NovwaulShape
from srzoo_train.noise_schedule import betas_of

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
RECORDED = ["janspiry_sr3_cond", "janspiry_sr3_uncond", "janspiry_ddpm_cond", "janspiry_ddpm_uncond",
            "novwaul_sr3"]


def convert(case: Case, config: dict, **changes):
    """A case's checkpoint, recognised and converted."""
    system, weights = recognise(checkpoint(case, network(case.shape)))
    return system.convert({**weights, **changes}, config)


@torch.no_grad()
@pytest.mark.parametrize("name", RECORDED)
def test_convert_computes_the_recorded_call(name):
    folder = VECTORS / name
    if not folder.is_dir():
        pytest.skip(f"{name} is absent (needs shared)")
    system, weights = recognise(read_checkpoint(folder / "checkpoint.pth"))
    config = read_config(folder / "config.json")
    found = system.convert(weights, {"scale": 4, **config})
    arrays = {key: torch.from_numpy(value) for key, value in np.load(folder / "io.npz").items()}
    inputs = [arrays["step_input"], arrays["step_sqrt_gamma" if "novwaul" in name else "step_time"].flatten()]
    if "uncond" not in name:
        first, second = arrays["step_input"].chunk(2, 1)
        inputs = [first, inputs[1], second] if "novwaul" in name else [second, inputs[1], first]
    assert (found.graphs[0].network(*inputs) - arrays["step_eps"]).abs().max() < 2e-5
    assert found.card["family"] == ("ddpm" if "ddpm" in name else "sr3")
    assert found.card["scale"] == (1 if "uncond" in name else 4)
    assert found.card["diffusion"].get("condition") == (
        None if "uncond" in name else "torch" if "novwaul" in name else "pillow")


@pytest.mark.parametrize("shape", [
    SMALL,
    replace(SMALL, time="timestep", inputs=3),
    replace(SMALL, widths=(8, 8, 24, 24), attention=frozenset({0, 2}), blocks=3),
    JanspiryShape("timestep", 6, 12, (24, 12), 2, frozenset(), 6),
    JanspiryShape("level", 3, 8, (16,), 1, frozenset({0}), 8),
    NOVWAUL,
    NovwaulShape(16, (16, 16, 24), 2, frozenset({1}), False, 40),
    NovwaulShape(8, (8,), 1, frozenset(), True, 8),
], ids=str)
def test_convert_reads_the_sizes_off_the_weights(shape):
    config = {} if isinstance(shape, NovwaulShape) else {"norm_groups": shape.groups}
    graph, = convert(Case(shape), config).graphs
    assert graph.network.shape == shape


def test_convert_does_not_trust_the_tables_for_sampling():
    trained, sampled = LINEAR, {"kind": "quad", "timesteps": 9, "first": 1e-3, "last": 0.2}
    val = {"schedule": "quad", "n_timestep": 9, "linear_start": 1e-3, "linear_end": 0.2}
    config = {"norm_groups": 4, "model": {"beta_schedule": {"val": val}}}
    found = convert(Case(trained=trained), config).card
    assert found["diffusion"]["schedule"] == trained
    assert found["diffusion"]["samplingSchedule"] == sampled
    assert found["steps"] == {"default": 9, "max": 9, "trained": []}
    alone = convert(Case(trained=trained), {"norm_groups": 4})
    assert "samplingSchedule" not in alone.card["diffusion"]
    assert any("sampled with the schedule of training" in note for note in alone.notes)


def test_convert_reads_the_official_configuration(tmp_path):
    file = tmp_path / "sr.json"
    file.write_text("""{ // the task
      "datasets": {"train": {"l_resolution": 16, "r_resolution": 64}},
      "model": {"which_model_G": "sr3", "unet": {"norm_groups": 4},
                "beta_schedule": {"train": {"schedule": "linear", "n_timestep": 6,
                                            "linear_start": 1e-4, "linear_end": 0.3}}}
    }""")
    case = Case()
    torch.save(checkpoint(case, network(case.shape)), tmp_path / "I10_E2_gen.pth")
    assert main([str(tmp_path / "I10_E2_gen.pth"), "--config", str(file),
                 "--out", str(tmp_path / "entry")]) == 0
    card = yaml.safe_load((tmp_path / "entry" / "model.yml").read_text())
    assert (card["scale"], card["diffusion"]["schedule"]["kind"]) == (4, "linear")
    assert card["imported"]["system"] == "SR3 / DDPM (Janspiry)"


def test_convert_takes_the_released_groups_and_asks_if_they_do_not_fit():
    with torch.device("meta"):
        wide = JanspiryShape("level", widths=janspiry.WIDTHS_64_512, blocks=1, groups=16,
                             attention=frozenset())
        weights = {f"denoise_fn.{k}": v for k, v in JanspiryUNet(wide).state_dict().items()}
    shape, notes = janspiry.shape_in(weights, {})
    assert shape == wide and "16 groups, as released" in notes[0]
    with pytest.raises(ImportRefused, match="8 channels are not a multiple of 32 groups.*norm_groups"):
        convert(Case(), {})


def test_recognise_strips_what_data_parallel_training_adds():
    case = Case()
    plain = checkpoint(case, network(case.shape))
    system, found = recognise({f"module.{key}": value for key, value in plain.items()})
    assert (system.name, set(found)) == (janspiry.JANSPIRY.name, set(plain))


def test_convert_takes_the_averaged_network_of_novwaul():
    case = Case(NOVWAUL)
    averaged = network(case.shape)
    graph, = convert(case, {}).graphs
    for name, value in graph.network.state_dict().items():
        assert torch.equal(value, averaged.state_dict()[name]), name
    system, weights = recognise({"net": checkpoint(case, averaged)["ema_net"]})
    assert system is novwaul.NOVWAUL and system.convert(weights, {}).graphs


@pytest.mark.parametrize("timesteps,last", [(50, 0.005), (1000, 0.01), (2000, 0.005), (7, 0.3)])
def test_convert_reads_both_schedules_of_novwaul_off_the_tables(timesteps, last):
    trained = {"kind": "linear", "timesteps": timesteps, "first": 1e-4, "last": last}
    sampled = {"kind": "linear", "timesteps": 30, "first": 1e-6, "last": 0.05}
    found = convert(Case(NOVWAUL, trained, sampled), {}).card["diffusion"]
    assert (found["schedule"], found["samplingSchedule"]) == (trained, sampled)
    assert found["variance"] == "beta" and "clip" not in found


@pytest.mark.parametrize("shape,key", [(SMALL, "denoise_fn.mid.0.attn.out.bias"),
                                       (NOVWAUL, "model.mid.0.att.proj.linear.bias")])
def test_convert_names_missing_and_unknown_keys(shape, key):
    case = Case(shape)
    system, weights = recognise(checkpoint(case, network(shape)))
    weights[f"{key}.extra"] = weights.pop(key)
    with pytest.raises(ImportRefused, match=f"1 missing: {key}; 1 unknown: {key}.extra"):
        system.convert(weights, {"norm_groups": 4})
    with pytest.raises(ImportRefused, match="1 unknown: other"):
        convert(case, {"norm_groups": 4}, other=torch.ones(1))


def test_convert_refuses_odd_levels_and_schedules():
    with pytest.raises(ImportRefused, match="is not one of linear, quad"):
        convert(Case(), {"norm_groups": 4}, betas=torch.linspace(0.1, 0.5, 6) ** 3)
    bad = {"norm_groups": 4, "beta_schedule": {"val": {"schedule": "bent", "n_timestep": 4}}}
    with pytest.raises(ImportRefused, match="must be one of linear.*'bent'"):
        convert(Case(), bad)
    with pytest.raises(ImportRefused, match="scale must be"):
        convert(Case(), {"norm_groups": 4, "scale": 0})
    with pytest.raises(ImportRefused, match="do not fit the network"):
        convert(Case(), {"norm_groups": 4},
                **{"denoise_fn.downs.3.res_block.res_conv.weight": torch.zeros(16, 8, 3, 3)})


def test_import_runs_nothing_that_a_checkpoint_asks_for(tmp_path, capsys):
    trace = tmp_path / "trace"
    case = Case(NOVWAUL)
    hostile = checkpoint(case, network(case.shape)) | {"scheduler": Payload(f"touch {trace}")}
    torch.save(hostile, tmp_path / "last.pt")
    assert main([str(tmp_path / "last.pt"), "--out", str(tmp_path / "entry")]) == 1
    assert "asks to load posix.system" in capsys.readouterr().err
    assert not trace.exists() and not (tmp_path / "entry").exists()


def test_a_case_states_what_its_importer_needs(tmp_path):
    folder = write_case(tmp_path / "case", Case())
    config = json.loads((folder / "config.json").read_text())
    card = convert(Case(), {**config, "scale": 2}).card["diffusion"]
    assert np.allclose(betas_of(card["samplingSchedule"]), np.load(folder / "io.npz")["buf_betas"])
