"""Reads a checkpoint's tensors from the containers that are in use, running nothing in them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from . import mindspore
from .system import ImportRefused

TOLD = "expected a torch file (zip or older), a safetensors file or a MindSpore .ckpt"


def read_checkpoint(path: Path) -> Any:
    """The tree of dictionaries, lists, numbers and tensors in a checkpoint, none larger than the file."""
    tree = tree_in(path)
    size = path.stat().st_size
    for name, tensor in tensors_in(tree):
        if tensor.numel() * tensor.element_size() > size:
            raise ImportRefused(
                f"its tensor {name} is {list(tensor.shape)}, more than the {size} bytes of the file"
            )
    return tree


def tensors_in(tree: Any, name: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor of a tree, with its place."""
    if isinstance(tree, torch.Tensor):
        yield name, tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from tensors_in(value, f"{name}.{key}" if name else str(key))
    elif isinstance(tree, (list, tuple)):
        for i, value in enumerate(tree):
            yield from tensors_in(value, f"{name}.{i}" if name else str(i))


def tree_in(path: Path) -> Any:
    """What the container holds, by its first bytes."""
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
    """Refuses zip files with members that are larger than what is stored of them; torch writes none."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.file_size > member.compress_size:
                raise ImportRefused(f"its part {member.filename} is compressed, which torch files are not")


def safetensors_file(path: Path) -> Any:
    """A safetensors file: one flat dictionary."""
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ImportRefused(f"it is a damaged safetensors file: {error}") from error
