"""Reads what shapes cannot tell from the reference's own file: YAML, or JSON with comments."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .system import ImportRefused

# A string, or a comment that starts with two slashes or stands between slash and star.
COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)

NUMBER = re.compile(r"\d+(\.\d*)?([eE][-+]?\d+)?")


def read_config(path: Path | None, above: tuple[Path, ...] = ()) -> Mapping[str, Any]:
    """The configuration in a file; files named by its `base_config` are read first."""
    if path is None:
        return {}
    if path.resolve() in above:
        raise ImportRefused(f"the configuration {path} names itself as its base_config")
    try:
        config = parsed(path.read_text(encoding="utf-8"), path.suffix.lower())
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ImportRefused(f"the configuration {path} cannot be read: {reason}") from error
    if not isinstance(config, dict):
        raise ImportRefused(f"the configuration {path} must be a mapping of names to values")
    bases = config.pop("base_config", [])
    merged: dict[str, Any] = {}
    for base in [bases] if isinstance(bases, str) else bases:
        merged |= read_config(path.parent / base, (*above, path.resolve()))
    return merged | config


def parsed(text: str, suffix: str) -> Any:
    """The value of a YAML or JSON text; a JSON text may hold comments and trailing commas."""
    if suffix in (".yml", ".yaml"):
        return yaml.safe_load(text)
    bare = COMMENT.sub(lambda match: match.group(1) or " ", text)
    bare = re.sub(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', lambda match: match.group(1) or "", bare)
    return json.loads(bare)


def lookup(config: Mapping[str, Any], *paths: str) -> Any:
    """The first value that stands at one of the dotted paths, or None."""
    for path in paths:
        value: Any = config
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None:
            return value
    return None


def number(
    config: Mapping[str, Any], paths: tuple[str, ...], default: float, most: float = math.inf
) -> float:
    """The positive number, at most `most`, that stands at one of the paths, or the default."""
    value = lookup(config, *paths)
    if value is None:
        return default
    # YAML 1.1 takes 1e-4 for a text.
    value = float(value) if isinstance(value, str) and NUMBER.fullmatch(value) else value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= most:
        limit = "" if most == math.inf else f" up to {most}"
        raise ImportRefused(f"{paths[0]} must be a positive number{limit}, got {value!r}")
    return float(value)
