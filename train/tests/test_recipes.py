"""Every recipe takes a step of each of its stages on a synthetic set, is exported, and runs in Deno."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from msgspec.structs import replace
from PIL import Image
from safetensors.numpy import load_file
from accelerate.state import AcceleratorState
from conftest import TRAIN, enlarged, joint, needs_deno, needs_lpips, regression, srdiff

from srzoo_train import card, export, families, graphs, networks, origins, quantize, run as runs
from srzoo_train.lpips import find_lpips
from srzoo_train.recipe import Budget, Network, Recipe, RecipeError, Stage
from srzoo_train.recipe_rules import read_recipe
from srzoo_train.data.store import Store
from srzoo_train.data.crops import Crops
from srzoo_train.data.synthetic import picture, synthetic_store
from srzoo_train.train import open_data
from srzoo_train.loop import Trainer

RECIPES = sorted((TRAIN / "recipes").glob("*.yml"))
# Published sizes at an eighth of their width.
RRDB = {4: Network(kind="published", channels=8, blocks=23),
        8: Network(kind="published", channels=4, blocks=8)}
UNET = {4: Network(kind="published", hidden=8, multipliers=(1, 2, 3, 4)),
        8: Network(kind="published", hidden=8, multipliers=(1, 2, 2, 4))}
PUBLISHED = dict(prediction="eps", base="bicubic256", residual_scale=2.0, clip_x0=1.0)


@pytest.fixture(scope="module")
def stores(tmp_path_factory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("stores")
    # Smaller than what validation takes by default: it then takes an image as large as a crop.
    return {scale: synthetic_store(folder / str(scale), scale, 3, 128) for scale in (4, 8)}


def train(recipe: Recipe, store: Path, out: Path) -> Path:
    AcceleratorState._reset_state(True)
    Trainer(recipe, Store(store), out, find_lpips()).run()
    return out


def encoder_entry(recipe: Recipe, folder: Path) -> str:
    """Weights of an untrained encoder."""
    published = recipe.network.kind == "published"
    size = RRDB[recipe.scale] if published else Network(channels=8, blocks=1)
    like = regression(scale=recipe.scale, network=size, data=recipe.data)
    torch.save(families.build(like).state_dict(), folder / "encoder.pt")
    return str(folder / "encoder.pt")


def shrunk(recipe: Recipe, folder: Path) -> Recipe:
    """The recipe with one step per stage, a small network and batch, and no weights to start from."""
    small = replace(recipe.network, channels=16, blocks=2, deep=16, deep_blocks=1, couplings=2, hidden=8)
    if recipe.network.kind == "published":
        flow = replace(recipe.network, channels=8, blocks=8, couplings=2, hidden=8)
        small = {"regression": RRDB[recipe.scale], "srdiff": UNET[recipe.scale], "srflow": flow}[recipe.family]
    crop, steps = 16, len(recipe.stages)
    if recipe.network.kind in ("janspiry", "novwaul"):
        # Their last layers start at zero, and a graph that gives nothing but zeros is refused.
        small, crop, steps = replace(recipe.network, hidden=8, groups=4), 8, 3
    recipe = replace(
        recipe, init_from=None, fresh=(), network=small, batch=2, accumulate=1, crop=crop, trackers=(), precision="fp32",
        stages=tuple(replace(s, share=1 / len(recipe.stages)) for s in recipe.stages),
        budget=Budget(max_steps=steps),
    )
    return replace(recipe, encoder=encoder_entry(recipe, folder)) if recipe.encoder else recipe


def assert_trains_exports_and_runs(recipe: Recipe, store: Path, folder: Path) -> None:
    run = runs.open_run(train(recipe, store, folder / "run"))
    card = export.export(run, folder / "entry", export.words_of(run, folder / "entry", None, None))
    assert all(graph["bytes"] > 1000 for graph in card["graphs"].values())
    origins.start_from(recipe, families.build(recipe, run.encoder()), str(folder / "entry"))
    if recipe.condition == "none":
        return
    found = enlarged(folder / "entry")
    assert (found["width"], found["height"]) == (20 * recipe.scale, 16 * recipe.scale)
    assert found["sameSeed"] == 0
    assert (found["otherSeed"] > 0) == (recipe.family != "regression")


@needs_lpips
@needs_deno
@pytest.mark.parametrize("file", RECIPES, ids=lambda file: file.stem)
def test_every_recipe_in_the_repository_trains_exports_and_runs(file, stores, tmp_path):
    recipe = read_recipe(file)
    assert_trains_exports_and_runs(shrunk(recipe, tmp_path), stores[recipe.scale], tmp_path)


@pytest.mark.parametrize("file", [f for f in RECIPES if read_recipe(f).init_from], ids=lambda file: file.stem)
def test_the_entry_that_a_recipe_starts_from_has_its_layers(file):
    recipe = read_recipe(file)
    root = TRAIN.parent
    encoder = None
    if recipe.encoder:
        encoder = networks.encoder_of(origins.released(str(root / recipe.encoder), "network"), recipe.scale, "zoo")
    network = families.build(recipe, encoder)
    before = {name: weight.clone() for name, weight in network.named_parameters()}
    origins.start_from(recipe, network, str(root / recipe.init_from))
    kept = {name for name, weight in network.named_parameters() if torch.equal(weight, before[name])}
    own = [f"{layer}." for layer in recipe.fresh]
    # A trained encoder keeps the weights of its own entry.
    assert all(name.startswith((*own, "encoder.")) for name in kept)


def test_a_folder_of_faces_becomes_the_pairs_that_a_recipe_names(tmp_path):
    (tmp_path / "faces").mkdir()
    for i in range(3):
        Image.fromarray(picture(130 + i, i)).save(tmp_path / "faces" / f"{i}.png")
    recipe = read_recipe(TRAIN / "recipes" / "sr3-16-128.yml")
    store = open_data(tmp_path / "faces", tmp_path / "run", recipe)
    assert store.scale == 8 and {(e.height, e.width) for e in store.entries} == {(128, 128)}
    crops = Crops(store, "train", recipe.crop, 1, recipe.data).batch(0, range(2))
    assert (crops.lr.shape, crops.hr.shape) == ((2, 3, 16, 16), (2, 3, 128, 128))
    for entry in store.split("train"):  # upright, perhaps mirrored
        upright = store.hr(entry).transpose(2, 0, 1)
        if np.array_equal(crops.hr[0], upright) or np.array_equal(crops.hr[0], upright[:, :, ::-1]):
            break
    else:
        pytest.fail("the crop is turned")


@needs_deno
def test_srdiffs_published_networks_for_faces_train_export_and_run(stores, tmp_path):
    scale = 8
    recipe = srdiff("", scale=scale, network=UNET[scale], stages=(Stage("diffusion"),), batch=2,
                    budget=Budget(max_steps=1), diffusion_steps=20, **PUBLISHED)
    recipe = replace(recipe, encoder=encoder_entry(recipe, tmp_path))
    assert_trains_exports_and_runs(recipe, stores[scale], tmp_path)


def test_srdiffs_published_encoder_for_faces_trains(stores, tmp_path):
    recipe = regression(scale=8, network=RRDB[8], batch=2, budget=Budget(max_steps=1))
    train(recipe, stores[8], tmp_path / "run")
    assert (tmp_path / "run" / "stage-0.pt").is_file()


def test_training_can_start_from_an_exported_entry(store, tmp_path):
    out = train(regression(), store, tmp_path / "run")
    run = runs.open_run(out)
    export.export(run, tmp_path / "entry", export.words_of(run, tmp_path / "entry", None, None))
    AcceleratorState._reset_state(True)
    again = Trainer(regression(init_from=str(tmp_path / "entry")), Store(store), tmp_path / "2", None)
    averaged = torch.load(out / "stage-0.pt", weights_only=True)
    for name, parameter in again.network.named_parameters():
        assert torch.equal(parameter.detach().cpu(), averaged[name].half().float()), name


@needs_lpips
def test_a_trained_encoder_is_exported_and_training_can_start_from_it(store, encoder, tmp_path):
    first = train(joint(encoder), store, tmp_path / "run")
    run, target = runs.open_run(first), tmp_path / "entry"
    card = export.export(run, target, export.words_of(run, target, None, None))
    assert set(card["training"]) == {"encoder", "denoiser"}
    started = origins.released(str(first / "encoder.pt"), "network")
    released = origins.released(f"{target}#encoder", "network")
    averaged = torch.load(first / "stage-0.pt", weights_only=True)
    for name, weight in released.items():
        assert torch.equal(weight, averaged[f"encoder.{name}"].half().float()), name
        assert not torch.equal(weight, started[name].half().float()), name
    # An entry names its encoder separately; a run of the same kind fills the encoder too.
    for origin in (target, first):
        AcceleratorState._reset_state(True)
        recipe = joint(f"{target}#encoder", init_from=str(origin))
        again = Trainer(recipe, Store(store), tmp_path / origin.name / "again", None)
        for name, parameter in again.network.named_parameters():
            assert torch.allclose(parameter.detach().cpu(), averaged[name], atol=2e-3), name


def test_a_deeper_network_can_start_from_a_shallower_one():
    shallow = families.build(regression())
    blocks = len(shallow.body)
    grown = regression(network=replace(regression().network, blocks=blocks + 1), seed=2)
    weights = {name: p.detach() for name, p in shallow.named_parameters()}
    deeper, untouched = families.build(grown), families.build(grown)
    with pytest.raises(RecipeError, match=f"no weights named body.{blocks}"):
        networks.fill(deeper, weights, "shallow")
    networks.fill(deeper, weights, "shallow", (f"body.{blocks}",))
    for name, parameter in deeper.named_parameters():
        own = dict(untouched.named_parameters())[name]
        assert torch.equal(parameter, weights.get(name, own)), name


def test_a_pause_does_not_count_as_training(tmp_path):
    mean = lambda step: (0.5 * step + (600 if step > 40 else 0)) / step  # ten minutes asleep after step 40
    lines = [{"stage": "l1", "step": s, "seconds_per_step": mean(s)} for s in range(20, 201, 20)]
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, [*lines, {"validation": {}}])))
    assert runs._seconds_per_step(tmp_path) == {"l1": pytest.approx(0.5)}


def test_radius_is_how_far_a_changed_pixel_matters(encoder):
    recipe = srdiff(encoder)
    for network, graph in [
        (families.build(regression()), lambda n: families.of(regression()).graphs(regression(), n, None)["network"]),
        (families.build(recipe, origins.encoder(recipe)),
         lambda n: families.of(recipe).graphs(recipe, n, origins.encoder(recipe))["denoiser"]),
    ]:
        graph = graph(network.eval())
        reach, inputs = graphs.radius(graph), graph.draw(64, 64, 1)
        before, name = graph.call(inputs)[0], next(iter(inputs))
        ratio = inputs[name].shape[3] // 64
        at = 32
        inputs[name][..., at * ratio : (at + 1) * ratio, at * ratio : (at + 1) * ratio] += 1
        changed = (graph.call(inputs)[0] != before)[0].any(0).any(0).nonzero().flatten() // 4
        assert at - reach <= int(changed.min()) and int(changed.max()) <= at + reach
        assert max(at - int(changed.min()), int(changed.max()) - at) >= reach - 1


def test_radius_of_a_network_that_sees_far_is_found_in_a_larger_image(monkeypatch):
    graph = families.of(regression()).graphs(regression(), families.build(regression()).eval(), None)["network"]
    reach = graphs.radius(graph)
    monkeypatch.setattr(graphs, "SIDES", (reach, 4 * reach))
    assert graphs.radius(graph) == reach
    monkeypatch.setattr(graphs, "SIDES", (reach,))
    with pytest.raises(graphs.ExportError, match="cannot tell the radius of network"):
        graphs.radius(graph)


def test_export_refuses_a_graph_that_differs(store, tmp_path, monkeypatch):
    out = train(regression(), store, tmp_path / "run")
    run = runs.open_run(out)
    exported = graphs.to_onnx

    def spoilt(graph: graphs.Graph, half: bool) -> onnx.ModelProto:
        model = exported(graph, half)
        weight = next(i for i in model.graph.initializer if i.name == "head.bias")
        weight.raw_data = bytes(reversed(weight.raw_data[:-1])) + b"\x3c"
        return model

    monkeypatch.setattr(graphs, "to_onnx", spoilt)
    with pytest.raises(graphs.ExportError, match="differs from PyTorch"):
        export.export(run, tmp_path / "entry", export.words_of(run, tmp_path / "entry", None, None))
    assert not (tmp_path / "entry").exists()


def test_export_of_an_unfinished_run_must_be_asked_for(store, tmp_path):
    out = train(regression(), store, tmp_path / "run")
    (out / "stage-0.pt").unlink()
    with pytest.raises(graphs.ExportError, match="--unfinished"):
        runs.open_run(out).network()


def test_export_keeps_files_that_people_wrote_and_leaves_the_index_alone(store, tmp_path):
    run = runs.open_run(train(regression(), store, tmp_path / "run"))
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "index.yml").write_text("# entries\n- bicubic\n")
    target = tmp_path / "zoo" / "tiny"
    for _ in range(2):
        export.export(run, target, export.words_of(run, target, None, None))
        (target / "README.md").write_text("by hand")
    export.export(run, target, export.words_of(run, target, None, None))
    assert (target / "README.md").read_text() == "by hand"
    assert (tmp_path / "zoo" / "index.yml").read_text() == "# entries\n- bicubic\n"
    assert sorted(f.name for f in target.parent.iterdir()) == ["index.yml", "tiny"]


@needs_deno
def test_int8_entries_run_and_keep_weights_to_continue_from(store, tmp_path):
    recipe = regression(network=Network(channels=16, blocks=1), crop=32)
    run = runs.open_run(train(recipe, store, tmp_path / "run"))
    words = export.words_of(run, tmp_path / "entry", None, None)
    card = export.export(run, tmp_path / "entry", words, Store(store))
    assert card["graphs"]["network"]["precision"] == "int8"
    model = onnx.load(tmp_path / "entry" / "network.onnx")
    convs = [node for node in model.graph.node if node.op_type == "Conv"]
    fed = {out for node in model.graph.node if node.op_type == "DequantizeLinear" for out in node.output}
    inner = convs[1:-1]  # the first and the last one keep the precision of the image
    assert inner and all(set(node.input[:2]) <= fed for node in inner)
    assert enlarged(tmp_path / "entry")["width"] == 80
    again = origins.released(str(tmp_path / "entry"), "network")
    averaged = torch.load(tmp_path / "run" / "stage-0.pt", weights_only=True)
    assert all(torch.equal(again[name], averaged[name].half().float()) for name in averaged)


def test_int8_graphs_are_added_to_an_entry_and_reproduce_their_fixture(store, tmp_path):
    recipe = regression(network=Network(channels=16, blocks=1), crop=32)
    run = runs.open_run(train(recipe, store, tmp_path / "run"))
    entry = tmp_path / "entry"
    export.export(run, entry, export.words_of(run, entry, None, None))
    before = (entry / "network.onnx").read_bytes()
    told = quantize.quantise(entry, Store(store))
    assert (entry / "network.onnx").read_bytes() == before
    data = (entry / told["graphs"]["network"]["file"]).read_bytes()
    assert told["graphs"]["network"]["bytes"] == len(data)
    recorded = load_file(entry / told["fixture"]["file"])
    exact, rounded = (graphs.session(onnx.load_from_string(model)) for model in (before, data))
    feed = {"lr": recorded["network/in/lr"]}
    again = rounded.run(["sr"], feed)[0]
    assert np.abs(again - recorded["network/out/sr"]).max() < 1e-4
    off = np.abs(again - exact.run(["sr"], feed)[0])
    assert 0 < off.max() and off.mean() < 0.05
    with pytest.raises(graphs.ExportError, match="store is of x"):
        wrong = card.read_yaml(entry / "model.yml") | {"scale": 8}
        quantize.feeds_of(entry, wrong, Store(store))


def test_a_run_can_be_averaged_with_an_exported_entry(store, tmp_path):
    out = train(regression(), store, tmp_path / "run")
    run = runs.open_run(out)
    export.export(run, tmp_path / "entry", export.words_of(run, tmp_path / "entry", None, None))
    other = train(regression(seed=2), store, tmp_path / "other")
    half = runs.open_run(other, False, runs.other_of("0.25", str(tmp_path / "entry")))
    found = dict(half.network().named_parameters())
    for name, mine in torch.load(other / "stage-0.pt", weights_only=True).items():
        released = origins.released(str(tmp_path / "entry"), "network")[name]
        assert torch.allclose(found[name].detach(), 0.75 * mine + 0.25 * released, atol=1e-6), name
    told = runs.training_facts(half)["losses"]
    assert "averaged with 0.25 of the weights of sha256" in told
    with pytest.raises(graphs.ExportError, match="between 0 and 1"):
        runs.other_of("1.5", "entry")


def test_a_stage_can_start_from_its_own_weights(store, tmp_path):
    run = runs.open_run(train(regression(), store, tmp_path / "run"))
    export.export(run, tmp_path / "entry", export.words_of(run, tmp_path / "entry", None, None))
    still = Stage("l1", lr=0.0, share=0.5, init_from=str(tmp_path / "entry"))
    recipe = regression(stages=(Stage("l1", share=0.5), still), budget=Budget(max_steps=4))
    out = train(recipe, store, tmp_path / "2")
    first, second = (torch.load(out / f"stage-{i}.pt", weights_only=True) for i in (0, 1))
    for name, released in origins.released(str(tmp_path / "entry"), "network").items():
        assert torch.equal(second[name], released), name
    assert not torch.equal(first["stem.weight"], second["stem.weight"])
    facts = runs.training_facts(runs.open_run(out))
    assert facts["steps"] == 2
    assert facts["initFrom"] == str(tmp_path / "entry")
