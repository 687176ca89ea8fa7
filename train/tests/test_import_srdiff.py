"""SRDiff's official checkpoints: what is inferred, refused, written."""

import hashlib
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file
from srdiff_case import Options, checkpoint, networks, write_checkpoint
from srzoo_train.import_checkpoint import main
from srzoo_train.importers.srdiff import convert
from srzoo_train.importers.system import ImportRefused, System
from srzoo_train.importers.systems import recognise
from srzoo_train.models.rrdb import RRDBNet

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
SMALL = Options()


def weights(options: Options = SMALL) -> dict[str, torch.Tensor]:
    return checkpoint(options, *networks(options))["state_dict"]["model"]


def graph_of(model: dict[str, torch.Tensor], name: str, config: dict | None = None):
    found = convert(model, config or {}).graphs
    return next(graph.network for graph in found if graph.name == name)


@pytest.mark.parametrize("case", ["srdiff_x4", "srdiff_options_x4"])
def test_networks_reproduce_the_recorded_outputs(case):
    folder = VECTORS / case
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent (needs shared)")
    import numpy as np

    io = {key: torch.from_numpy(value) for key, value in np.load(folder / "io.npz").items()}
    model = torch.load(folder / "checkpoint.pth", weights_only=True)["state_dict"]["model"]
    unet = graph_of(model, "denoiser").unet
    rrdb = graph_of(model, "encoder").rrdb
    base = io["img_lr_up"] if hasattr(unet, "up_proj") else None
    with torch.no_grad():
        for i, feature in enumerate(rrdb.features((io["img_lr"] + 1) / 2)):
            torch.testing.assert_close(feature, io[f"rrdb_fea_{i:02d}"], atol=2e-5, rtol=0)
        torch.testing.assert_close(rrdb(io["img_lr"]), io["rrdb_out"], atol=2e-5, rtol=0)
        eps = unet(io["step_x"], io["step_t"], io["cond_concat"], base)
    torch.testing.assert_close(eps, io["step_eps"], atol=2e-5, rtol=0)


# Every published size at an eighth of its width.
@pytest.mark.parametrize("options", [
    Options(multipliers=(1, 2, 3, 4), features=8, growth=4, blocks=17),
    Options(multipliers=(1, 2, 2, 4), features=4, growth=2, blocks=8, scale=8),
    Options(base_input=True, heads=3, head_width=5, kind="linear"),
])
def test_import_infers_sizes_and_writes_a_checked_entry(tmp_path, options):
    case, out = tmp_path / "case", tmp_path / "entry"
    write_checkpoint(case, options, networks(options), zipped=options.scale == 8)
    file = case / "checkpoint.pth"
    assert main([str(file), "--out", str(out), "--config", str(case / "config.json")]) == 0
    card = yaml.safe_load((out / "model.yml").read_text())
    assert card["scale"] == options.scale
    assert card["imported"]["sha256"] == sha256(file)
    assert card["fixture"]["sha256"] == sha256(out / "fixture.safetensors")
    for graph in card["graphs"].values():
        assert graph["sha256"] == sha256(out / graph["file"])
    fixture = load_file(out / "fixture.safetensors")
    assert set(fixture) == {"encoder/in/lr", "encoder/out/features", "denoiser/in/x",
                            "denoiser/in/t", "denoiser/in/features", "denoiser/out/prediction"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case", "entry"]


def test_import_reads_an_encoder_on_its_own(tmp_path):
    torch.manual_seed(3)
    net = RRDBNet(6, 2, 8, 4)
    torch.save({"state_dict": {"model": net.state_dict()}}, tmp_path / "rrdb.ckpt",
               _use_new_zipfile_serialization=False)
    assert main([str(tmp_path / "rrdb.ckpt"), "--out", str(tmp_path / "rrdb-x8")]) == 0
    card = yaml.safe_load((tmp_path / "rrdb-x8" / "model.yml").read_text())
    assert (card["id"], card["family"], card["scale"]) == ("rrdb-x8", "regression", 8)
    fixture = load_file(tmp_path / "rrdb-x8" / "fixture.safetensors")
    with torch.no_grad():
        torch.testing.assert_close(net(fixture["network/in/lr"]), fixture["network/out/sr"])


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_convert_names_missing_and_unknown_keys():
    changed = weights()
    changed["denoise_fn.extra"] = changed.pop("denoise_fn.mid_block1.mlp.1.bias")
    with pytest.raises(ImportRefused, match="1 missing: denoise_fn.mid_block1.mlp.1.bias; "
                                            "1 unknown: denoise_fn.extra"):
        convert(changed, {})


def test_convert_names_a_weight_of_another_shape():
    changed = weights()
    changed["rrdb.trunk_conv.bias"] = torch.zeros(5)
    with pytest.raises(ImportRefused, match=r"rrdb.trunk_conv.bias \[5\] instead of \[6\]"):
        convert(changed, {})


def test_convert_refuses_or_loads_every_spoilt_weight_and_fails_in_no_other_way():
    whole, refused = weights(Options(heads=4, base_input=True)), 0
    spoil = [lambda v: v[:0], lambda v: torch.tensor(1.0), lambda v: torch.cat([v, v])]
    kinds = [*whole][:16] + [*whole][16::7]
    for key in kinds:
        for change in spoil:
            try:
                convert(whole | {key: change(whole[key])}, {})
            except ImportRefused:
                refused += 1
    assert refused == 3 * (len(kinds) - 1)  # alphas_cumprod follows from betas and is not read


@pytest.mark.parametrize(("key", "value"), [
    ("timesteps", 6.5), ("timesteps", -1), ("beta_schedule", "quad"), ("beta_s", "x"),
    ("res_rescale", 0), ("res", False), ("attention_heads", 5), ("diffusion", {"clip_x0": 3}),
    ("diffusion", {"predicts": []}),
])
def test_convert_names_an_impossible_setting(key, value):
    config = {"beta_schedule": "cosine", "timesteps": 6, key: value}
    named = next(iter(value)) if isinstance(value, dict) else key
    with pytest.raises(ImportRefused, match=named):
        convert(weights(Options(heads=4)), config)


def test_convert_folds_weight_normalisation():
    plain, normed = weights(), weights()
    weight = normed.pop("denoise_fn.mid_block1.block1.block.1.weight")
    length = weight.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1)
    normed["denoise_fn.mid_block1.block1.block.1.weight_g"] = length
    normed["denoise_fn.mid_block1.block1.block.1.weight_v"] = weight * 3
    key = "unet.mid_block1.block1.block.1.weight"
    folded = graph_of(normed, "denoiser").state_dict()[key]
    torch.testing.assert_close(folded, graph_of(plain, "denoiser").state_dict()[key])


def test_convert_asks_for_the_heads_that_shapes_do_not_tell():
    model = weights(Options(heads=3, head_width=5))
    with pytest.raises(ImportRefused, match="attention_heads"):
        convert(model, {})
    unet = graph_of(model, "denoiser", {"attention_heads": 3}).unet
    assert unet.mid_attn.fn.fn.heads == 3


@pytest.mark.parametrize("kind", ["cosine", "linear"])
def test_convert_reads_the_schedule_off_the_table(kind):
    options = Options(kind=kind, timesteps=12)
    found = convert(weights(options), {}).card["diffusion"]["schedule"]
    if kind == "cosine":
        assert found == {"kind": "cosine", "timesteps": 12, "s": 0.008}
    else:
        assert found["last"] == pytest.approx(0.2, rel=1e-6)
        assert {**found, "last": 0.2} == {"kind": "linear", "timesteps": 12, "first": 1e-4,
                                          "last": 0.2, "lastForced": 0.999}


def test_convert_takes_the_released_schedule_unless_another_is_given():
    model = {key: value for key, value in weights().items() if "." in key}
    assert convert(model, {}).card["diffusion"]["schedule"] == {
        "kind": "cosine", "timesteps": 100, "s": 0.008}
    own = {"beta_schedule": "linear", "timesteps": 50, "beta_end": 0.03}
    assert convert(model, own).card["diffusion"]["schedule"]["last"] == 0.03


def test_convert_asks_for_a_schedule_that_it_does_not_recognise():
    model = weights()
    model["betas"] = torch.linspace(0.1, 0.5, 6) ** 3
    with pytest.raises(ImportRefused, match="beta_schedule"):
        convert(model, {})


def test_convert_notes_where_the_weights_overrule_the_configuration():
    notes = convert(weights(), {"rrdb_num_block": 8, "beta_schedule": "linear"}).notes
    assert any("rrdb_num_block is 8 in the configuration and 2" in note for note in notes)
    assert any("table is" in note for note in notes)


def test_recognise_finds_weights_in_any_nesting(tmp_path):
    model = weights()
    trees = [{"state_dict": {f"model.{k}": v for k, v in model.items()}}, {"model": model}, model,
             {f"module.{k}": v for k, v in model.items()}]
    for tree in trees:
        system, found = recognise(tree)
        assert (system.name, set(found)) == ("SRDiff", set(model))


def test_recognise_refuses_unknown_keys_and_says_what_it_knows():
    with pytest.raises(ImportRefused, match="SRDiff.*net.conv.weight"):
        recognise({"net.conv.weight": torch.ones(1)})


def test_recognise_refuses_a_table_with_a_name_twice():
    system = System("A", ("",), lambda keys: False, convert)
    with pytest.raises(ValueError, match="twice"):
        recognise({}, [system, system])


def test_import_leaves_no_trace_when_it_refuses(tmp_path, capsys):
    model = weights()
    model["denoise_fn.final_conv.1.bias"][0] = torch.nan
    save_file({key: value.contiguous() for key, value in model.items()}, tmp_path / "c.safetensors")
    assert main([str(tmp_path / "c.safetensors"), "--out", str(tmp_path / "entry")]) == 1
    told = capsys.readouterr().err
    assert told.startswith("Cannot import") and "differs" in told and "nan" in told
    assert told.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["c.safetensors"]


def test_import_does_not_write_over_a_folder(tmp_path, capsys):
    write_checkpoint(tmp_path, SMALL, networks(SMALL))
    assert main([str(tmp_path / "checkpoint.pth"), "--out", str(tmp_path)]) == 1
    assert "exists" in capsys.readouterr().err
