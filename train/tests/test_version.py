import json
import tomllib
from pathlib import Path

import srzoo_train

ROOT = Path(__file__).parents[2]


def test_the_version_is_that_of_the_library():
    project = tomllib.loads((ROOT / "train/pyproject.toml").read_text())["project"]
    library = json.loads((ROOT / "deno.json").read_text())["version"]
    assert srzoo_train.__version__ == project["version"] == library
