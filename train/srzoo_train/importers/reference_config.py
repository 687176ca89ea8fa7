"""Reads what shapes do not show from the reference's own file: YAML, or JSON with comments."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .ordinary_file import checked_file
from .system import ImportRefused

# A string, or a comment that starts with two slashes or stands between slash and star.
COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)

LARGEST, MOST_FILES, DEEPEST = 2**16, 16, 64  # bytes of a file, files, and values within each other

NUMBER = re.compile(r"\d+(\.\d*)?([eE][-+]?\d+)?")


def read_config(path: Path | None) -> Mapping[str, Any]:
    """The configuration in a file; files named by its `base_config` are read first."""
    return {} if path is None else config_in(path, (), [])


def config_in(path: Path, above: tuple[Path, ...], read: list[Path]) -> dict[str, Any]:
    """The configuration below those of `above`; `read` counts the files, which may name each other often."""
    if path.resolve() in above:
        raise ImportRefused(f"the configuration {path} names itself as its base_config")
    read.append(path)
    if len(read) > MOST_FILES:
        raise ImportRefused(f"the configuration names more than {MOST_FILES} others as its base_config")
    checked_file(path, LARGEST)
    try:
        text = path.read_text(encoding="utf-8")
        if nesting(text) > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")
        config = parsed(text, path.suffix.lower())
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ImportRefused(f"the configuration {path} cannot be read: {reason}") from error
    if not isinstance(config, dict):
        raise ImportRefused(f"the configuration {path} must be a mapping of names to values")
    bases = config.pop("base_config", [])
    bases = [bases] if isinstance(bases, str) else bases
    if not isinstance(bases, list) or not all(isinstance(base, str) for base in bases):
        raise ImportRefused(f"the configuration {path} must name files as its base_config")
    merged: dict[str, Any] = {}
    for base in bases:
        merged |= config_in(path.parent / base, (*above, path.resolve()), read)
    return merged | config


def nesting(text: str) -> int:
    """The deepest nesting of brackets and of lists on one line, as far as it shows before parsing."""
    depth = most = 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        most = max(most, depth)
    return max([most, *(len(run) // 2 for run in re.findall(r"(?:[-?] )+", text))])


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
    # YAML 1.1 reads 1e-4 as text.
    value = float(value) if isinstance(value, str) and NUMBER.fullmatch(value) else value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= most:
        limit = "" if most == math.inf else f" up to {most}"
        raise ImportRefused(f"{paths[0]} must be a positive number{limit}, got {shown(value)}")
    return float(value)


def shown(value: Any) -> str:
    """A value in a few words, since YAML's aliases can make endless texts."""
    return repr(value)[:60] if isinstance(value, (str, int, float, bool)) else f"a {type(value).__name__}"
