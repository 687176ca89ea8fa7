"""A wrong recipe is refused, and the wrong key is named."""

import pytest
import yaml
from conftest import TRAIN

from srzoo_train.recipe import RecipeError, recipe_of
from srzoo_train.recipe_rules import read_recipe

GOOD = {
    "id": "r", "family": "srdiff", "encoder": "e.pt",
    "stages": [{"loss": "diffusion", "share": 0.5},
               {"loss": "few_step", "share": 0.5, "ways": [{"share": 1.0, "timesteps": [9, 3]}]}],
    "budget": {"max_steps": 3}, "diffusion_steps": 20,
}
CASES = [
    ({"chanels": 3}, "unknown key chanels; allowed are id"),
    ({"network": {"depth": 3}}, "unknown key network.depth; did you mean deep?"),
    ({"stages": [{"loss": "l3"}]}, "stages.0.loss must be one of l1, l2, diffusion, .*; got 'l3'"),
    ({"stages": [{"loss": "diffusion", "lr": "high"}]}, "stages.0.lr must be float, got 'high'"),
    ({"network": {"multipliers": [1, "two"]}}, "network.multipliers.1 must be int, got 'two'"),
    ({"network": None}, "network must be a mapping, got None"),
    ({"budget": {"max_steps": 2.5}}, r"budget.max_steps must be int | null, got 2\.5"),
    ({"precision": False}, "precision must be one of auto, bf16, fp32; got False"),
    ({"schedule": {"kind": "linear", "end": 1}}, "unknown key schedule.end; allowed are kind, timesteps"),
    ({3: 4}, "Expected `str`"),
    ({"stages": 3}, "stages must be a list, got 3"),
    ({"batch": True}, "batch must be int, got True"),
    ({"batch": 0}, "accumulate: must divide batch"),
    ({"data": {"damage": "photo", "clean": 0.7, "stored": 0.4}}, "data: clean and stored are shares, together at most 1"),
    ({"data": {"damage": "photo", "shrunk": 1.5}}, "data.shrunk: must be from 0 to 1"),
    ({"data": {"shrunk": 0.5}}, "data.shrunk: needs data.damage"),
    ({"crop": 7}, "crop: must be even and at least 8"),
    ({"crop": 8, "stages": [{"loss": "few_step", "ways": [{"share": 1.0, "steps": 3}]}]}, "crop: must be at least 10"),
    ({"stages": [{"loss": "l1", "pairs": 0.0}]}, "stages: pairs must be above 0 and at most 1"),
    ({"scale": 0}, "scale: allowed are 2, 3, 4 and 8"),
    ({"scale": 5}, "scale: allowed are 2, 3, 4 and 8"),
    ({"budget": {"max_steps": 1, "max_minutes": 2}}, "budget: set exactly one"),
    ({"budget": {"max_steps": 0}}, "budget: must be above 0"),
    ({"encoder": None}, "encoder: srdiff needs a regression entry"),
    ({"family": "regression"}, "regression takes the losses l1 and l2"),
    ({"network": {"channels": 0}}, "network: sizes must be above 0"),
    ({"stages": [{"loss": "few_step", "ways": []}]}, "stages.0.ways: few_step needs at least one"),
    ({"stages": [{"loss": "few_step", "ways": [{"share": 1.0, "timesteps": [3, 9]}]}]}, "stages.0.ways.0.timesteps: must descend"),
    ({"stages": [{"loss": "few_step", "ways": [{"share": 1.0, "timesteps": [20, 9]}]}]}, r"must descend and lie in 0 \.\.\. 19"),
    ({"stages": [{"loss": "few_step", "ways": [{"share": 0.5, "steps": 3}]}]}, "stages.0.ways: the shares must add up to 1"),
    ({"stages": [{"loss": "few_step", "ways": [{"share": 1.0, "steps": 21}]}]}, "stages.0.ways.0.steps: must be from 1 to 20"),
    ({"stages": [{"loss": "few_step", "ways": [{"share": 1.0}]}]}, "stages.0.ways.0: set either timesteps or steps"),
    ({"stages": [{"loss": "few_step", "ways": [{"share": 1.0, "step": 1}]}]}, "unknown key stages.0.ways.0.step; did you mean steps?"),
    ({"budget": {"max_steps": 3, "clock": True}}, "budget: the clock needs max_minutes"),
    ({"family": "sr3", "encoder": None}, "base: sr3 takes bicubic and none here"),
    ({"family": "ddpm", "encoder": "e.pt"}, "encoder: ddpm has none"),
    ({"base": "none"}, "base: srdiff takes estimate and bicubic256"),
    ({"stages": [{"loss": "diffusion", "share": 0.5}]}, "the shares must add up to 1"),
    ({"trains_encoder": True}, "trains_encoder: every stage must be few_step"),
    ({"trains_encoder": True, "base": "bicubic256"}, "trains_encoder: the base must be estimate"),
    ({"trains_encoder": True, "network": {"kind": "published"}}, "trains_encoder: published networks keep their encoder"),
    ({"trains_encoder": True, "family": "sr3", "encoder": None, "base": "bicubic"}, "trains_encoder: only srdiff takes it"),
]


def write(tmp_path, content):
    file = tmp_path / "r.yml"
    file.write_text(yaml.safe_dump(content))
    return file


@pytest.mark.parametrize("change,message", CASES)
def test_a_wrong_recipe_names_the_key(tmp_path, change, message):
    with pytest.raises(RecipeError, match=message):
        read_recipe(write(tmp_path, GOOD | change))


def test_a_missing_key_is_named(tmp_path):
    content = {key: value for key, value in GOOD.items() if key != "budget"}
    with pytest.raises(RecipeError, match="the key budget is missing"):
        read_recipe(write(tmp_path, content))


@pytest.mark.parametrize("text", ["- 1", "{", ""])
def test_a_file_that_is_no_recipe_is_refused(tmp_path, text):
    (tmp_path / "r.yml").write_text(text)
    with pytest.raises(RecipeError, match="recipe"):
        read_recipe(tmp_path / "r.yml")


def test_a_state_of_another_version_may_lack_newer_keys():
    known = recipe_of('{"id": "r", "family": "regression", "stages": [{"loss": "l1"}], "budget": {}}')
    assert known.prediction == "v"


@pytest.mark.parametrize("file", sorted((TRAIN / "recipes").glob("*.yml")), ids=lambda f: f.stem)
def test_every_recipe_in_the_repository_can_be_read(file):
    assert read_recipe(file).scale in (4, 8)
