"""What a run reports: a progress line, log.jsonl, trackers, and the figures of validation."""

import importlib.util
import json
import sys
import time
from pathlib import Path

import numpy as np
from accelerate import Accelerator

LINE_EVERY = 30.0  # seconds between lines where the output is not a terminal


def usable_trackers(names: tuple[str, ...]) -> list[str]:
    """The trackers whose packages are installed; says which are not."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    for name in missing:
        print(f"train: the tracker {name} is left out: its package is not installed", file=sys.stderr)
    return [name for name in names if name not in missing]


class Log:
    """Writes on the main process, and nothing on others."""

    def __init__(self, accelerator: Accelerator, out: Path):
        self.accelerator, self.out = accelerator, out
        self._terminal, self._told = sys.stderr.isatty(), 0.0

    def step(self, record: dict, total: int) -> None:
        """One step: loss, its parts, time."""
        self._write(record)
        figures = {k: v for k, v in record.items() if isinstance(v, float) and "second" not in k}
        self.accelerator.log(figures, step=total)
        now = time.monotonic()
        if self._terminal or now - self._told > LINE_EVERY:
            self._told = now
            self._say(_line(record), "\r" if self._terminal else "\n")

    def validation(self, figures: dict[str, float], sheet: np.ndarray | None, total: int) -> None:
        """Figures of the averaged weights, and the sheet of images."""
        self._write({"validation": figures, "step": total})
        self.accelerator.log(figures, step=total)
        shown = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
        self._say(f"validation at step {total}: {shown or 'no image kept aside is large enough'}")
        if sheet is None or not self.accelerator.is_main_process:
            return
        _write_image(sheet, self.out / f"sheet-{total:08d}.png")
        for tracker in self.accelerator.trackers:
            if tracker.name == "tensorboard":
                tracker.log_images({"sheet": sheet[None]}, step=total, dataformats="NHWC")
            elif hasattr(tracker, "log_images"):
                tracker.log_images({"sheet": sheet[None]}, step=total)

    def say(self, text: str) -> None:
        """Prints a line of progress."""
        self._say(text)

    def _write(self, record: dict) -> None:
        if self.accelerator.is_main_process:
            with (self.out / "log.jsonl").open("a") as file:
                file.write(json.dumps(record) + "\n")

    def _say(self, text: str, end: str = "\n") -> None:
        if self.accelerator.is_main_process:
            clear = "\r\x1b[K" if self._terminal else ""
            print(f"{clear}{text}", end=end, file=sys.stderr, flush=True)


def _line(record: dict) -> str:
    of, left = record["of"], record["seconds_left"]
    rate = 1 / max(record["seconds_per_step"], 1e-9)
    return (
        f"{record['stage']} {record['step']}/{of or '?'}  loss {record['loss']:.4f}  "
        f"{rate:.2f} steps/s  " + (f"{left // 60}:{left % 60:02d} left" if left is not None else "")
    )


def _write_image(sheet: np.ndarray, file: Path) -> None:
    try:
        from PIL import Image
    except ImportError:
        np.save(file.with_suffix(".npy"), sheet)
    else:
        Image.fromarray(sheet).save(file)
