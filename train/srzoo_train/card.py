"""The model card `model.yml` of an exported entry."""

import hashlib
import json
import re
import reprlib
from pathlib import Path

from .graphs import ExportError

OPEN = re.compile(r"\b(cc0|cc.by(.sa)?|unsplash|pexels|public domain|mit|apache|bsd)\b", re.IGNORECASE)
CLOSED = re.compile(r"non.?commercial|research|cc.by.nc|none stated|(?<!version )not stated", re.IGNORECASE)
ALIKE = re.compile(r"by.sa|share.?alike", re.IGNORECASE)
ATTRIBUTION = "ATTRIBUTION.md"


def licence(sources: dict, attribution: str | None) -> dict:
    """Terms of the weights, as an SPDX identifier and a sentence, and those of the data.

    Args:
        sources: a store's facts `{source: {licence, pictures, ...}}`.
        attribution: name of the file that names the authors, if there is one.
    """
    closed = [name for name, facts in sources.items() if not _is_open(facts["licence"])]
    alike = any(ALIKE.search(facts["licence"]) for facts in sources.values())
    data = [
        {
            "name": name, "licence": facts["licence"], "pictures": facts["pictures"],
            **({"researchOnly": True} if name in closed else {}),
        }
        for name, facts in sources.items()
    ]
    open_weights = "CC-BY-SA-4.0" if alike else "CC-BY-4.0"
    note = (
        f"Not for commercial use, because of the licences of {', '.join(closed)}."
        if closed else "Trained only on images whose licences allow any use."
    )
    return {
        "weights": "CC-BY-NC-4.0" if closed else open_weights,
        "note": note,
        **({"attribution": attribution} if attribution else {}),
        "data": data,
    }


def _is_open(licence: str) -> bool:
    """Whether each licence of a source is open; a store joins them by "or"."""
    return all(OPEN.search(one) for one in licence.split(" or ")) and not CLOSED.search(licence)


def attribution(sources: dict, folder: Path) -> str | None:
    """Writes who made the data into `folder`; returns the file's name, or None if no source names anybody."""
    told = [(name, facts) for name, facts in sources.items() if facts.get("attribution")]
    if not told:
        return None
    lines = ["# Who made the images that these weights were trained on", ""]
    for name, facts in told:
        lines += [f"## {name}", "", f"{facts['licence']}. {facts['pictures']} images.", ""]
        lines += [f"- {line}" for line in facts["attribution"]] + [""]
    (folder / ATTRIBUTION).write_text("\n".join(lines))
    return ATTRIBUTION


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def graph_facts(file: str, data: bytes, precision: str, parameters: int) -> dict:
    """What the card says of one ONNX file."""
    return {
        "file": file,
        "sha256": sha256(data),
        "bytes": len(data),
        "precision": precision,
        "parameters": parameters,
    }


def write_yaml(file: Path, value: object) -> None:
    """Writes YAML, without anchors, which the library refuses; or JSON, which is also YAML, if PyYAML is missing."""
    try:
        import yaml

        text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)
    except ImportError:
        text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    file.write_text(text)


def check_schema(card: dict, schema: Path) -> None:
    """Refuses a card that breaks the zoo's JSON Schema.

    Raises:
        ExportError: if it does; one line names the key and what is wrong with it.
        OSError: if the package jsonschema is not installed.
    """
    try:
        import jsonschema
    except ImportError:
        raise OSError(
            "cannot check the card: the package jsonschema is not installed; export on a machine "
            "that has it, out of the same run"
        ) from None
    try:
        jsonschema.validate(card, json.loads(schema.read_text()))
    except jsonschema.ValidationError as error:
        key = ".".join(map(str, error.path))
        why = error.message.replace(repr(error.instance), reprlib.repr(error.instance))
        raise ExportError(f"cannot write model.yml: {key}{key and ': '}{' '.join(why.split())}") from None


def read_yaml(file: Path) -> dict:
    """The mapping in a YAML file; empty if there is no file, or no PyYAML to read it."""
    if not file.is_file():
        return {}
    try:
        import yaml
    except ImportError:
        return {}
    return yaml.safe_load(file.read_text()) or {}
