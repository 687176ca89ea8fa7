"""The model card `model.yml` of an exported entry."""

import hashlib
import json
import re
from pathlib import Path

OPEN = re.compile(r"\b(cc0|cc.by(.sa)?|unsplash|public domain|mit|apache)\b", re.IGNORECASE)
CLOSED = re.compile(r"non.?commercial|research|cc.by.nc", re.IGNORECASE)


def data_licences(data: dict) -> list[dict]:
    """The card's sources, out of a store's facts `{source: {licence, pictures}}`."""
    return [
        {
            "name": name,
            "licence": facts["licence"],
            "pictures": facts["pictures"],
            "researchOnly": not _is_open(facts["licence"]),
        }
        for name, facts in data.items()
    ]


def _is_open(licence: str) -> bool:
    return bool(OPEN.search(licence)) and not CLOSED.search(licence)


def weights_licence(sources: list[dict]) -> str:
    """The most that the data allow; a person may allow less with --licence."""
    if any(source["researchOnly"] for source in sources):
        return "CC-BY-NC-4.0, for research only because of the training data"
    share_alike = any("by-sa" in source["licence"].lower().replace(" ", "-") for source in sources)
    return "CC-BY-SA-4.0" if share_alike else "CC-BY-4.0"


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
    """YAML; without PyYAML its subset JSON, which every reader of YAML takes."""
    try:
        import yaml

        text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)
    except ImportError:
        text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    file.write_text(text)


def check_schema(card: dict, schema: Path) -> None:
    """Refuses a card that breaks the zoo's JSON Schema; without jsonschema nothing is checked."""
    if not schema.is_file():
        return
    try:
        import jsonschema
    except ImportError:
        return
    jsonschema.validate(card, json.loads(schema.read_text()))


def read_yaml(file: Path) -> dict:
    """The mapping in a YAML file; empty where there is none, or nothing that could read it."""
    if not file.is_file():
        return {}
    try:
        import yaml
    except ImportError:
        return {}
    return yaml.safe_load(file.read_text()) or {}
