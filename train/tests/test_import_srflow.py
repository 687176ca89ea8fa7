"""Official checkpoints of SRFlow: what is inferred, what is refused, what is written."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from srflow_case import SMALL, config, network

from srzoo_train.import_checkpoint import main
from srzoo_train.importers import srflow
from srzoo_train.importers.checkpoint_file import read_checkpoint
from srzoo_train.importers.reference_config import read_config
from srzoo_train.importers.system import ImportRefused
from srzoo_train.importers.systems import recognise
from srzoo_train.models.flow import log_normal
from srzoo_train.models.srflow import SRFlow, SRFlowShape

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"


def convert(shape: SRFlowShape, told: dict, **changes):
    """A network's checkpoint, recognised and converted."""
    system, weights = recognise(network(shape).state_dict())
    return system.convert({**weights, **changes}, told)


@torch.no_grad()
@pytest.mark.parametrize("name", ["srflow_x4", "srflow_x8"])
def test_convert_computes_the_recorded_images_latents_and_likelihoods(name):
    folder = VECTORS / name
    if not folder.is_dir():
        pytest.skip(f"{name} is absent (needs shared)")
    system, weights = recognise(read_checkpoint(folder / "checkpoint.pth"))
    told = read_config(folder / "config.json")
    encoder, inverse, forward = (graph.network for graph in system.convert(weights, told).graphs)
    io = {key: torch.from_numpy(value) for key, value in np.load(folder / "io.npz").items()}
    features = encoder(io["lr"] * 2 - 1)
    names = [f"eps_level{i}" for i in (1, 2) if f"unit_eps_level{i}" in io] + ["z"]
    for i, heat in enumerate([*told["heats"], 0]):
        image = inverse(*(heat * io[f"unit_{name}"] for name in names), features)
        recorded = io["sr_heat_zero" if heat == 0 else f"sr_heat{i}"]
        assert float(((image + 1) / 2 - recorded).abs().max()) < 1e-5
    *latents, log_det = forward(io["hr"] * 2 - 1, features)
    for name, latent in zip(names, latents):
        assert float((latent - io[f"enc_{name}"]).abs().max()) < 1e-4
    pixels = io["hr"].shape[2] * io["hr"].shape[3]
    total = log_det + 3 * pixels * np.log(2) + sum(log_normal(latent) for latent in latents[:-1])
    assert torch.allclose(total, io["enc_logdet"], rtol=1e-5)
    nll = -(total + log_normal(latents[-1])) / np.log(2) / pixels
    assert torch.allclose(nll, io["enc_nll"], atol=1e-4)


@pytest.mark.parametrize("shape", [
    SMALL,
    replace(SMALL, scale=8, blocks=4, stacked=(1, 0, 3), steps=2, hidden=12),
    replace(SMALL, scale=2, features=12, growth=6, stacked=()),
    replace(SMALL, scale=16, plain_steps=1, least=1e-3),
], ids=str)
def test_convert_reads_the_sizes_off_the_weights(shape):
    found = convert(shape, config(shape))
    assert found.graphs[1].network.network.shape == shape
    latents = found.card["flow"]["latents"]
    per_pixel = sum(latent["channels"] * latent["ratio"] ** 2 for latent in latents)
    assert per_pixel == 3 * shape.scale**2 and found.card["scale"] == shape.scale


@pytest.mark.parametrize("shape", [
    SRFlowShape(), SRFlowShape(scale=8, stacked=(1, 3, 5, 7)), SRFlowShape(scale=8, blocks=8, stacked=(1, 3, 5, 7)),
], ids=["DF2K_4X", "DF2K_8X", "CelebA_8X"])
def test_convert_knows_the_released_models_without_a_configuration(shape):
    with torch.device("meta"):
        weights = SRFlow(shape).state_dict()
    found, notes = srflow.shape_in(weights, {})
    assert found == shape and "as released" in notes[0]


def test_dead_weights_are_dropped_and_matrices_stored_inverted_in_float32(tmp_path):
    import onnx

    net = network(SMALL)
    torch.save({f"module.{key}": value for key, value in net.state_dict().items()}, tmp_path / "srflow.pth")
    told = tmp_path / "conf.yml"
    told.write_text("heat: 0.7\nnetwork_G: {flow: {stackRRDB: {blocks: [0, 2]}}}\n")
    assert main([str(tmp_path / "srflow.pth"), "--config", str(told), "--out", str(tmp_path / "entry")]) == 0
    card = yaml.safe_load((tmp_path / "entry" / "model.yml").read_text())
    assert card["flow"]["temperature"] == 0.7 and card["imported"]["system"] == "SRFlow"
    kept = {name: {t.name: onnx.numpy_helper.to_array(t) for t in
                   onnx.load(tmp_path / "entry" / f"{name}.onnx").graph.initializer}
            for name in ("encoder", "inverse", "forward")}
    for weights in kept.values():
        assert not any(word in name for name in weights for word in ("HRconv", "conv_last", "upconv2", "Net.f."))
    matrix = net.flowUpsamplerNet.layers[1].invconv.weight.detach().double()
    exact = torch.linalg.inv(matrix).float().numpy()
    assert any(w.shape[:2] == exact.shape and np.array_equal(w[:, :, 0, 0], exact)
               for w in kept["inverse"].values() if w.ndim == 4)


def test_convert_asks_which_blocks_are_stacked():
    with pytest.raises(ImportRefused, match="sees 2 of the encoder's 3 blocks.*stackRRDB.blocks"):
        convert(SMALL, {})
    with pytest.raises(ImportRefused, match="names 1 blocks, and the flow sees 2"):
        convert(SMALL, {"encoder": {"stacked_blocks": [1]}})
    with pytest.raises(ImportRefused, match="numbers below 3"):
        convert(SMALL, {"encoder": {"stacked_blocks": [1, 7]}})


def test_convert_names_what_does_not_fit():
    told = config(SMALL)
    with pytest.raises(ImportRefused, match="1 unknown: other"):
        convert(SMALL, told, other=torch.ones(1))
    with pytest.raises(ImportRefused, match="1 unknown: flowUpsamplerNet.layers.99.weight"):
        convert(SMALL, told, **{"flowUpsamplerNet.layers.99.weight": torch.ones(1)})
    singular = {"flowUpsamplerNet.layers.1.invconv.weight": torch.zeros(12, 12)}
    with pytest.raises(ImportRefused, match="1 matrices cannot be inverted: flowUpsamplerNet.layers.1"):
        convert(SMALL, told, **singular)
