"""Cuts crops ahead of the training step: in a thread beside a CPU, in processes beside a GPU."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

from .crops import Crops, Pixels, joined

PROCESSES = 16  # at most
PIECE = 4       # crops that a process cuts at a time

_crops: Crops | None = None  # of a worker process


class Workers:
    """Runs `Crops.batch` elsewhere; `processes` 0 means one thread."""

    def __init__(self, crops: Crops, processes: int):
        self._crops, self._processes = crops, processes
        if processes:
            # Not forked: a process that has opened a GPU cannot be.
            self._pool = ProcessPoolExecutor(
                processes, get_context("spawn"), initializer=_start, initargs=(crops,)
            )
        else:
            self._pool = ThreadPoolExecutor(1)

    def submit(self, step: int, items: range) -> Callable[[], Pixels]:
        """Starts a batch; returns a function that waits for it."""
        if not self._processes:
            return self._pool.submit(self._crops.batch, step, items).result
        pieces = [items[at : at + PIECE] for at in range(0, len(items), PIECE)]
        futures = [self._pool.submit(_cut, step, piece) for piece in pieces]
        return lambda: joined([future.result() for future in futures])

    def close(self) -> None:
        """Discards what was started."""
        self._pool.shutdown(cancel_futures=True)


def processes(device: str, ranks: int) -> int:
    """Number of worker processes of one training process; the ranks share the cores, and a CPU needs none."""
    return 0 if device == "cpu" else max(1, min(PROCESSES, (os.cpu_count() or 1) // ranks))


def _start(crops: Crops) -> None:
    global _crops
    _crops = crops


def _cut(step: int, items: range) -> Pixels:
    return _crops.batch(step, items)
