"""Finds photographs in folders, tar shards and zip files, and the pairs of DF2K's layout."""

import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}
ARCHIVES = {".tar", ".zip"}
LOW = re.compile(r"^X([2-9])$", re.IGNORECASE)
HIGH = re.compile(r"^(X1|HR)$", re.IGNORECASE)


@dataclass(frozen=True)
class Photograph:
    """One image, its bytes read when asked for; `low` gives the LR that came with it."""

    name: str
    read: Callable[[], bytes]
    low: Callable[[], bytes] | None = None


class Unreadable(Exception):
    """An archive that cannot be read; the message says why."""


def photographs(source: Path, scale: int) -> Iterator[Photograph]:
    """The HR images of a source in a fixed order, each with its LR of that scale if it has one."""
    files = list(_files(source))
    lows = {_pair(name): read for name, read in files if _level(name) == scale}
    for name, read in files:
        if _level(name) in (None, 1):
            yield Photograph(name, read, lows.get(_pair(name)) if _level(name) == 1 else None)


def _files(source: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    if source.is_dir():
        for file in sorted(source.rglob("*")):
            if file.suffix.lower() in SUFFIXES:
                yield file.relative_to(source).as_posix(), file.read_bytes
            elif file.suffix.lower() in ARCHIVES:
                yield from _files(file)
    elif source.suffix.lower() in ARCHIVES:
        yield from _members(source)
    elif source.suffix.lower() in SUFFIXES:
        yield source.name, source.read_bytes


def _members(source: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Names and readers of an archive; a reader opens it anew, so that any process may call it."""
    try:
        if source.suffix.lower() == ".zip":
            with zipfile.ZipFile(source) as archive:
                names = sorted(archive.namelist())
            readers = {name: _ZipMember(source, name) for name in names}
        else:
            with tarfile.open(source) as archive:
                readers = {
                    member.name: _Span(source, member.offset_data, member.size)
                    for member in archive
                    if member.isfile()
                }
    except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        yield f"{source.name}", _Broken(f"the archive cannot be read: {error}")
        return
    for name, reader in readers.items():
        if PurePosixPath(name).suffix.lower() in SUFFIXES:
            yield name, reader


@lru_cache(maxsize=4)
def _opened(archive: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(archive)


@dataclass(frozen=True)
class _ZipMember:
    archive: Path
    name: str

    def __call__(self) -> bytes:
        return _opened(self.archive).read(self.name)


@dataclass(frozen=True)
class _Span:
    """Members of an uncompressed tar file are read in place."""

    file: Path
    start: int
    size: int

    def __call__(self) -> bytes:
        with self.file.open("rb") as stream:
            stream.seek(self.start)
            return stream.read(self.size)


@dataclass(frozen=True)
class _Broken:
    why: str

    def __call__(self) -> bytes:
        raise Unreadable(self.why)


def _level(name: str) -> int | None:
    """1 under a folder X1 or HR, n under Xn, None elsewhere."""
    for part in PurePosixPath(name).parts[:-1]:
        if HIGH.match(part):
            return 1
        if low := LOW.match(part):
            return int(low[1])
    return None


def _pair(name: str) -> str:
    """What the names of an HR and its LR have in common: 0801 for X1/0801.png and X4/0801x4.png."""
    return re.sub(r"x[2-9]$", "", PurePosixPath(name).stem)
