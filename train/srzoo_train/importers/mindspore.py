"""Reads MindSpore's `.ckpt`: a protobuf message, parsed here without its library.

The message is `Checkpoint { repeated Value value = 1 }`, `Value { string tag = 1; TensorProto
tensor = 2 }` and `TensorProto { repeated int64 dims = 1; string tensor_type = 2; bytes
tensor_content = 3 }`. A large tensor is cut into several values with the same tag. A checksum may
follow the message: the word `crc_num`, then a CRC-32 in ten bytes.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator

import torch
from torch import Tensor

from .system import ImportRefused, Weights

DTYPES = {
    "Float64": torch.float64,
    "Float32": torch.float32,
    "Float16": torch.float16,
    "BFloat16": torch.bfloat16,
    "Int64": torch.int64,
    "Int32": torch.int32,
    "Int16": torch.int16,
    "Int8": torch.int8,
    "UInt8": torch.uint8,
    "Bool": torch.bool,
}

# MindSpore's names of what torch calls weight, bias and running statistics.
NAMES = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "embedding_table": "weight",
}

# Tensors that training keeps beside the weights.
TRAINING = {"moment1", "moment2", "moments", "beta1_power", "beta2_power", "learning_rate",
            "global_step", "epoch_num", "step_num"}

CHECKSUM = b"crc_num"

# Most sizes of a tensor: multiplying any number of them would take too long.
MOST_DIMS = 8


def read(data: bytes) -> Weights:
    """The tensors of a checkpoint, under the names that torch would give them."""
    data = checked(data)
    pieces: dict[str, list[tuple[list[int], str, bytes]]] = {}
    for number, value in fields(data):
        if number == 1 and isinstance(value, bytes):
            tag, piece = entry(value)
            pieces.setdefault(tag, []).append(piece)
    if not pieces:
        raise ImportRefused("it is a MindSpore file without tensors, or damaged")
    return {
        torch_name(tag): joined(tag, parts)
        for tag, parts in pieces.items()
        if tag.split(".")[0] not in TRAINING
    }


def checked(data: bytes) -> bytes:
    """The message without its checksum, which must be correct if there is one."""
    message, mark, checksum = data[:-17], data[-17:-10], data[-10:]
    if mark != CHECKSUM:
        return data
    if zlib.crc32(message) != int.from_bytes(checksum, "big"):
        raise ImportRefused("it is a damaged MindSpore file: its checksum does not fit")
    return message


def torch_name(tag: str) -> str:
    """The name with its last part as torch has it."""
    *above, last = tag.split(".")
    return ".".join([*above, NAMES.get(last, last)])


def entry(data: bytes) -> tuple[str, tuple[list[int], str, bytes]]:
    """Tag and tensor of one `Value`."""
    tag, piece = "", None
    for number, value in fields(data):
        if number == 1 and isinstance(value, bytes):
            tag = text(value)
        elif number == 2 and isinstance(value, bytes):
            piece = tensor_proto(value)
    if piece is None:
        raise ImportRefused(f"its MindSpore value {tag!r} is not a tensor")
    return tag, piece


def tensor_proto(data: bytes) -> tuple[list[int], str, bytes]:
    """Sizes, type and bytes of one `TensorProto`."""
    dims, kind, content = [], "", b""
    for number, value in fields(data):
        if number == 1:  # one size, or several packed into bytes
            dims += [value] if isinstance(value, int) else packed(value)
            if len(dims) > MOST_DIMS:
                raise ImportRefused(f"a tensor of it has more than {MOST_DIMS} sizes")
        elif number == 2 and isinstance(value, bytes):
            kind = text(value)
        elif number == 3 and isinstance(value, bytes):
            content = value
    return dims, kind, content


def joined(tag: str, parts: list[tuple[list[int], str, bytes]]) -> Tensor:
    """The tensor that the pieces of one tag make."""
    dims, kind, _ = parts[0]
    if kind not in DTYPES:
        known = ", ".join(DTYPES)
        raise ImportRefused(f"its tensor {tag} is of type {kind!r}; known are {known}")
    content = bytearray(b"".join(piece for _, _, piece in parts))
    # MindSpore writes the sizes of a scalar as [0].
    shape = [] if dims == [0] else dims
    # Counted without torch, whose integers end at 2^63: a file may state any size.
    count = math.prod(shape)
    if not content:
        raise ImportRefused(f"its tensor {tag} is empty")
    if len(content) != count * DTYPES[kind].itemsize:
        raise ImportRefused(f"its tensor {tag} has {len(content)} bytes, which do not fit {dims} {kind}")
    return torch.frombuffer(content, dtype=DTYPES[kind]).reshape(shape)


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and values of the fields of one protobuf message."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
            yield number, value
            continue
        if wire == 2:
            size, at = varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ImportRefused("it looks like a MindSpore file, but its protobuf is damaged")
        if at + size > len(data):
            raise ImportRefused("it looks like a MindSpore file, but it is cut off")
        yield number, data[at:at + size]
        at += size


def packed(data: bytes) -> list[int]:
    """The integers of a packed field."""
    values, at = [], 0
    while at < len(data) and len(values) <= MOST_DIMS:
        value, at = varint(data, at)
        values.append(value)
    return values


def varint(data: bytes, at: int) -> tuple[int, int]:
    """An integer in base 128, lowest digits first, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ImportRefused("it looks like a MindSpore file, but its protobuf is damaged")


def text(data: bytes) -> str:
    """A string field."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ImportRefused("it looks like a MindSpore file, but its names are damaged") from error
