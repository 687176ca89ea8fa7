"""Runs a recipe given as JSON in its own process: `python drive.py RECIPE STORE OUT`.

States are written after every step, so that a kill at any moment finds one.
"""

import sys
import time
from pathlib import Path

import torch

from srzoo_train import loop
from srzoo_train.lpips import find_lpips
from srzoo_train.recipe import recipe_of
from srzoo_train.data.store import Store

torch.set_num_threads(1)
recipe, store, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
loop.SAVE_EVERY = 0
loop.LOG_EVERY = 1
if len(sys.argv) > 4:  # seconds per step, so that a test can interrupt the run
    step = loop.Trainer.step
    pause = float(sys.argv[4])
    loop.Trainer.step = lambda *args: (time.sleep(pause), step(*args))[1]
loop.Trainer(recipe_of(recipe), Store(store), out, find_lpips()).run()
