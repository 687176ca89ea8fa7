"""One memory-mapped store of photographs: pixels of HR and LR side by side, and an index.

`hr.bin` and `lr.bin` hold uint8 [height, width, 3] images one after the other; `index.json`
says where each lies. The index is written last: a folder without one is an unfinished store.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from .manifest import UNKNOWN


@dataclass(frozen=True)
class Entry:
    """One photograph; offsets and sizes in bytes and pixels."""

    name: str
    source: str
    split: str
    height: int
    width: int
    hr_offset: int
    lr_offset: int
    licence: str = ""
    attribution: str = ""  # one line: file, author, licence, place


class Store:
    """Reads a store; images are views into the mapped files."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        index = json.loads((self.folder / "index.json").read_text())
        self.scale: int = index["scale"]
        # Older stores know one licence for each source, and no authors.
        self._licences: dict[str, str] = index.get("licences", {})
        self.entries = [Entry(**entry) for entry in index["entries"]]
        self._hr = np.memmap(self.folder / "hr.bin", np.uint8, "r")
        self._lr = np.memmap(self.folder / "lr.bin", np.uint8, "r")

    def __reduce__(self):
        """Other processes map the files themselves: pickling a map would copy all pixels."""
        return Store, (self.folder,)

    def split(self, name: str) -> list[Entry]:
        """The entries of `train` or `val`."""
        return [entry for entry in self.entries if entry.split == name]

    def sources(self) -> dict[str, dict]:
        """Licences, number and attribution of the training images of every source.

        Returns:
            `{source: {licence, pictures, attribution}}`: the licences joined by " or ", and a line
            for each image whose author or place is known, if there is any.
        """
        found: dict[str, list[Entry]] = {}
        for entry in self.split("train"):
            found.setdefault(entry.source, []).append(entry)
        return {name: self._facts(found[name]) for name in sorted(found)}

    def _facts(self, pictures: list[Entry]) -> dict:
        old = self._licences.get(pictures[0].source, UNKNOWN)
        lines = sorted({entry.attribution for entry in pictures} - {""})
        return {
            "licence": " or ".join(sorted({entry.licence or old for entry in pictures})),
            "pictures": len(pictures),
            **({"attribution": lines} if lines else {}),
        }

    def hr(self, entry: Entry) -> np.ndarray:
        """uint8 [height, width, 3]."""
        size = entry.height * entry.width * 3
        flat = self._hr[entry.hr_offset : entry.hr_offset + size]
        return flat.reshape(entry.height, entry.width, 3)

    def lr(self, entry: Entry) -> np.ndarray:
        """uint8 [height / scale, width / scale, 3]."""
        height, width = entry.height // self.scale, entry.width // self.scale
        flat = self._lr[entry.lr_offset : entry.lr_offset + height * width * 3]
        return flat.reshape(height, width, 3)


def write_index(folder: Path, scale: int, entries: list[Entry], facts: dict) -> None:
    """Writes the index whole or not at all."""
    index = {"scale": scale, "entries": [asdict(entry) for entry in entries], **facts}
    part = folder / "index.json.part"
    part.write_text(json.dumps(index))
    part.rename(folder / "index.json")
