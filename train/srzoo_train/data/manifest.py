"""`manifest.csv`: where the photographs of a folder are from, under which licence, and who took them.

Columns are `file` and `source`, and where known `licence`, `author`, `repo` and `path`; others are ignored.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

UNKNOWN = "not stated"


@dataclass(frozen=True)
class Origin:
    """Where one photograph is from; `attribution` is one line, empty where nobody and no place is named."""

    source: str
    licence: str = UNKNOWN
    attribution: str = ""


def manifest_of(source: Path) -> dict[str, Origin]:
    """The origin of each file by name, from `manifest.csv` in or beside a folder, shard or zip file."""
    file = (source if source.is_dir() else source.parent) / "manifest.csv"
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["file"]: _origin(row) for row in csv.DictReader(lines) if row.get("source") and row.get("file")}


def _origin(row: dict[str, str | None]) -> Origin:
    told = lambda key: " ".join((row.get(key) or "").split())  # a line stays a line
    author, place, licence = told("author"), f"{told('repo')} {told('path')}".strip(), told("licence") or UNKNOWN
    parts = [author or "author not stated", licence, *([place] if place else [])]
    return Origin(told("source"), licence, f"{told('file')}: {', '.join(parts)}" if author or place else "")
