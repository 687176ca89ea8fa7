"""The state of a run on disk: written whole or not at all, and the last good ones are kept."""

import io
import os
from pathlib import Path

import torch

KEPT = 2


def write_whole(file: Path, data: bytes) -> None:
    """Writes under a temporary name, syncs, renames; a full disk leaves nothing behind."""
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.rename(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OSError(
            f"cannot write {file}: {error.strerror}; what was saved before is kept, and the same "
            f"command continues from there"
        ) from None


def save_tensors(file: Path, value: object) -> None:
    """A torch file, whole or not at all."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    write_whole(file, buffer.getbuffer())


def save_state(folder: Path, step: int, state: dict) -> None:
    """Writes `state-<step>.pt` and drops older ones."""
    save_tensors(folder / f"state-{step:08d}.pt", state)
    for old in sorted(folder.glob("state-*.pt"))[:-KEPT]:
        old.unlink()


def load_state(folder: Path) -> dict | None:
    """The newest state, or None in a folder without one."""
    found = sorted(folder.glob("state-*.pt"))
    if not found:
        return None
    try:
        return torch.load(found[-1], map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise OSError(
            f"cannot read {found[-1]}: {' '.join(str(error).split())[:120]}; remove it to continue "
            f"from the state before it"
        ) from None
