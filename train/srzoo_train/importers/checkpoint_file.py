"""Reads a checkpoint's tensors from the containers that are in use, running nothing in them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from . import mindspore
from .ordinary_file import checked_file
from .system import ImportRefused

LARGEST = 2**36    # bytes of a file
SHARED = 4         # limit of all tensors' bytes, in sizes of the file: some tensors share their values
MOST_PARTS = 10**6 # parts of a tree; one at several places counts at each
DEEPEST = 64       # parts nested within each other

TOLD = "expected a torch file (zip or older), a safetensors file or a MindSpore .ckpt"


def read_checkpoint(path: Path) -> Any:
    """The tree of dictionaries, lists, numbers and tensors in a checkpoint.

    Raises:
        ImportRefused: if it cannot be read, or its tensors are larger than the file allows.
    """
    size = checked_file(path, LARGEST)
    tree = tree_in(path)
    total = 0
    for name, tensor in tensors_in(tree):
        bytes_of = tensor.numel() * tensor.element_size()
        total += bytes_of
        if bytes_of > size:
            raise ImportRefused(
                f"its tensor {name} is {list(tensor.shape)}, more than the {size} bytes of the file"
            )
        if total > SHARED * size:
            raise ImportRefused(
                f"its tensors have more than {SHARED} times the {size} bytes of the file, which they share"
            )
    return tree


def tensors_in(tree: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor of a tree, with its place.

    A pickle may hold a list in itself, or the same list many times: every place counts towards the limit,
    since a walk over the tree visits every one.
    """
    waiting, parts = [("", tree, 0)], 0
    while waiting:
        name, part, depth = waiting.pop()
        parts += 1
        if parts > MOST_PARTS or depth > DEEPEST:
            raise ImportRefused(
                f"its tree has more than {MOST_PARTS} parts, or is nested more than {DEEPEST} deep"
            )
        if isinstance(part, torch.Tensor):
            yield name, part
            continue
        inner: Iterable[tuple[Any, Any]] = ()
        if isinstance(part, dict):
            inner = part.items()
        elif isinstance(part, (list, tuple)):
            inner = enumerate(part)
        below = [(f"{name}.{key}" if name else str(key), value, depth + 1) for key, value in inner]
        waiting += reversed(below)


def tree_in(path: Path) -> Any:
    """Reads the container that the first bytes of a file show it to be."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise ImportRefused(f"it cannot be read: {error.strerror}") from error
    if head[8:9] == b"{":
        return safetensors_file(path)
    if head[:2] == b"PK" or head[:1] == b"\x80":
        return torch_file(path)
    if head[:1] == b"\x0a":
        return mindspore.read(path.read_bytes())
    raise ImportRefused(f"its first bytes belong to no known container; {TOLD}")


def torch_file(path: Path) -> Any:
    """A torch file of either kind, by torch's unpickler that knows tensors and containers only."""
    try:
        refuse_inflation(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except ImportRefused:
        raise
    except Exception as error:  # torch raises many kinds for a broken or hostile file
        text = " ".join(str(error).split())
        name = re.search(r"(?:GLOBAL|[Uu]nsupported (?:global|class)):?\s+(?:GLOBAL )?([\w.]+)", text)
        if name:
            raise ImportRefused(
                f"it asks to load {name.group(1)}, and only tensors and plain containers are "
                "loaded; save its state dict alone if you trust it"
            ) from error
        raise ImportRefused(f"it is damaged or not a torch file: {text[:200]}") from error


def refuse_inflation(path: Path) -> None:
    """Refuses zip files with compressed or overlapping members, which torch does not write."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if sum(member.compress_size for member in members) > path.stat().st_size:
            raise ImportRefused("its parts lie over each other, which those of torch files do not")
        for member in members:
            if member.file_size > member.compress_size:
                raise ImportRefused(f"its part {member.filename} is compressed, which torch files are not")


def safetensors_file(path: Path) -> Any:
    """A safetensors file: one flat dictionary."""
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ImportRefused(f"it is a damaged safetensors file: {error}") from error
