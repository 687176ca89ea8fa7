"""Checks files of others before they are read."""

from __future__ import annotations

from pathlib import Path

from .system import ImportRefused


def checked_file(path: Path, most: int) -> int:
    """The size of an ordinary file of at most `most` bytes; a pipe or a device may have no end."""
    try:
        facts = path.stat()
        if not path.is_file():
            raise ImportRefused(f"{path.name} is not an ordinary file")
    except OSError as error:
        raise ImportRefused(f"{path.name} cannot be read: {error.strerror}") from error
    if facts.st_size > most:
        raise ImportRefused(f"{path.name} has {facts.st_size} bytes; the largest that are read have {most}")
    return facts.st_size
