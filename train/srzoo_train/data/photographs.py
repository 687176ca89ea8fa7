"""Finds photographs in folders, tar shards and zip files, and the pairs of DF2K's layout."""

import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}
ARCHIVES = {".tar", ".zip"}
LARGEST = 2**29  # bytes of a photograph's file
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
            if not file.is_dir():
                yield from _found(file, file.relative_to(source).as_posix())
    else:
        yield from _found(source, source.name)


def _found(file: Path, name: str) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The photographs of one file: itself, or those in it."""
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES | ARCHIVES:
        return
    try:
        is_ordinary = file.is_file()
    except OSError:  # such as a link to itself
        is_ordinary = False
    if not is_ordinary:  # a pipe or a device may have no end
        yield name, _Broken("it is not an ordinary file")
    elif suffix in ARCHIVES:
        yield from _members(file)
    else:
        yield name, _Span(file, 0, file.stat().st_size)


def _members(source: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Names and readers of an archive; a reader opens it anew, so that any process may call it."""
    try:
        if source.suffix.lower() == ".zip":
            with zipfile.ZipFile(source) as archive:
                names = sorted(archive.namelist())
            readers = {name: _ZipMember(source, name) for name in names}
        else:
            # Members are read in place, which those of a compressed file cannot be.
            with tarfile.open(source, "r:") as archive:
                readers = {
                    member.name: _Broken("it is stored in pieces")
                    if member.issparse()
                    else _Span(source, member.offset_data, member.size)
                    for member in archive
                    if member.isfile()
                }
    except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        yield f"{source.name}", _Broken(f"the archive cannot be read: {error}")
        return
    for name, reader in readers.items():
        if PurePosixPath(name).suffix.lower() in SUFFIXES:
            yield name, reader


def _limited(stream: IO[bytes], name: str, size: int = LARGEST + 1) -> bytes:
    """Up to `size` bytes; refuses more than LARGEST, since a zip file may unpack to any number."""
    data = stream.read(min(size, LARGEST + 1))
    if len(data) > LARGEST:
        raise Unreadable(f"{name} has more than {LARGEST} bytes")
    return data


@lru_cache(maxsize=4)
def _opened(archive: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(archive)


@dataclass(frozen=True)
class _ZipMember:
    archive: Path
    name: str

    def __call__(self) -> bytes:
        with _opened(self.archive).open(self.name) as stream:
            return _limited(stream, self.name)


@dataclass(frozen=True)
class _Span:
    """A file, or a member of an uncompressed tar file, which is read in place."""

    file: Path
    start: int
    size: int

    def __call__(self) -> bytes:
        with self.file.open("rb") as stream:
            stream.seek(self.start)
            return _limited(stream, self.file.name, self.size)


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
