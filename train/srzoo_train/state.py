"""The state of a run on disk: whole or not at all, and the last good ones kept."""

import os
from pathlib import Path

import torch

KEPT = 2


def save_state(folder: Path, step: int, state: dict) -> None:
    """Writes `state-<step>.pt` under a temporary name, syncs it, renames it, drops old ones."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "state.pt.part"
    with part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    part.rename(folder / f"state-{step:08d}.pt")
    for old in sorted(folder.glob("state-*.pt"))[:-KEPT]:
        old.unlink()


def load_state(folder: Path) -> dict | None:
    """The newest state, or None in a folder without one."""
    found = sorted(folder.glob("state-*.pt"))
    return torch.load(found[-1], map_location="cpu", weights_only=True) if found else None
