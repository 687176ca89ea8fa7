"""Trains the graph `damage`: `python -m srzoo_train.train_damage --data STORE --out damage.pt`.

It learns in some minutes on a CPU how severe the damage is that `data.damage` does to crops. The curve
of `restore` begins at a severity that nine of ten clean crops stay below, and ends at one that three of
four clearly damaged crops exceed; `dial --damage` can set it by LPIPS instead.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .data.crops import Crops
from .data.store import Store
from .data.workers import Workers
from .models.damage import Damage, risen
from .origins import released
from .recipe import Data, RecipeError

DATA = Data(damage="photo", drawn=0.05)
BATCH, SIZE = 16, 48   # crops a step, LR pixels
AHEAD = 4              # steps
CLEAR = 0.6            # severity of the clearly damaged
CHECKED = 12           # batches of the split that training does not see
REFIT, ROUNDS = 120, 400  # batches whose signs the last layers are fitted to, and how often


def train(store: Store, steps: int, seed: int, start: Damage | None = None, lr: float = 2e-3) -> Damage:
    """The network after this many steps, before its curve is set."""
    torch.manual_seed(seed)
    network = start.train() if start else Damage()
    optimizer = torch.optim.AdamW(network.parameters(), lr, betas=(0.9, 0.99), weight_decay=1e-3)
    workers = Workers(Crops(store, "train", SIZE, seed, DATA), 0)
    waiting = [workers.submit(step, range(BATCH)) for step in range(AHEAD)]
    shown = 0.0
    for step in range(steps):
        pixels = waiting.pop(0)()
        waiting.append(workers.submit(step + AHEAD, range(BATCH)))
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1, (step + 1) / 50) * (1 + math.cos(math.pi * step / steps)) / 2
        logit = network.logit(pixels.on("cpu")[0])
        # Its minimum is the mean severity of all crops that look alike.
        loss = F.binary_cross_entropy_with_logits(logit, torch.from_numpy(pixels.severity()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        shown += loss.item()
        if step % 100 == 99:
            print(f"step {step + 1} of {steps}: loss {shown / 100:.4f}", flush=True)
            shown = 0.0
    workers.close()
    return network


def refit(network: Damage, store: Store, seed: int, batches: int = REFIT) -> None:
    """Fits the last two layers to many crops at once: a batch has few of each kind of damage."""
    crops = Crops(store, "train", SIZE, seed + 1, DATA)
    signs, severity = [], []
    for step in range(batches):
        pixels = crops.batch(step, range(BATCH))
        with torch.no_grad():
            signs.append(network.signs(pixels.on("cpu")[0]))
        severity.append(torch.from_numpy(pixels.severity()))
    signs, severity = torch.cat(signs), torch.cat(severity)
    last = [*network.hidden.parameters(), *network.head.parameters()]
    optimizer = torch.optim.AdamW(last, 3e-3, weight_decay=1e-2)
    for _ in range(ROUNDS):
        loss = F.binary_cross_entropy_with_logits(network.judged(signs), severity)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"last layers: loss {loss.item():.4f}", flush=True)


@torch.no_grad()
def judged(network: Damage, store: Store, seed: int) -> tuple[Tensor, Tensor]:
    """Estimated and true severities [n] of crops that training does not see."""
    crops = Crops(store, "val", SIZE, seed, DATA)
    batches = [crops.batch(step, range(BATCH)) for step in range(CHECKED)]
    seen = [torch.sigmoid(network.logit(pixels.on("cpu")[0])) for pixels in batches]
    return torch.cat(seen), torch.from_numpy(np.concatenate([pixels.severity() for pixels in batches]))


@torch.no_grad()
def set_curve(network: Damage, seen: Tensor, severity: Tensor, most: float = 1.0) -> None:
    """Sets the severities at which `restore` begins and ends, and its value there."""
    low = float(seen[severity == 0].quantile(0.9))
    network.set_curve(low, max(low + 0.05, float(seen[severity > CLEAR].quantile(0.25))), most=most)


def figures(network: Damage, seen: Tensor, severity: Tensor) -> dict[str, float]:
    """How well the network separates clean from damaged crops."""
    clean, clear = seen[severity == 0], seen[severity > CLEAR]
    low, high, least, most = network.curve.tolist()
    restore = lambda values: float(risen(values, *network.curve).mean())
    return {
        "correlation": float(torch.corrcoef(torch.stack([seen, severity]))[0, 1]),
        "right_pairs": float((clear[:, None] > clean[None]).float().mean()),  # the area under the ROC
        "low": low,
        "high": high,
        "least": least,
        "most": most,
        "restore_of_clean": restore(clean),
        "restore_of_clearly_damaged": restore(clear),
    }


def save(network: Damage, file: Path) -> None:
    """Writes weights and curve, whole or not at all."""
    part = file.with_suffix(".part")
    torch.save(network.state_dict(), part)
    part.rename(file)


def saved(origin: Path) -> Damage:
    """The network of a file that `save` wrote, or of a released entry."""
    weights = released(str(origin), "damage")
    if "curve" not in weights:
        raise RecipeError(f"cannot read {origin}: its graph `damage` was made by an older version")
    network = Damage(len(weights["hidden.bias"]))
    network.load_state_dict(weights)
    return network.eval()


def main() -> None:
    parser = argparse.ArgumentParser(prog="train_damage", description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, type=Path, help="a store made by prepare")
    parser.add_argument("--out", required=True, type=Path, help="the file to write")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=float, default=1.0,
                        help="restore of what is clearly damaged, above 0 to 1; `python -m srzoo_train.dial` tells the best one")
    parser.add_argument("--start", type=Path, help="a file of an earlier run, or an entry, to start from")
    args = parser.parse_args()
    try:
        if not 0 < args.most <= 1:
            raise ValueError(f"--most must be above 0 and at most 1, got {args.most}")
        store = Store(args.data)
        network = train(store, args.steps, args.seed, saved(args.start) if args.start else None)
        refit(network, store, args.seed)
        found = judged(network, store, args.seed)
        set_curve(network, *found, args.most)
        save(network, args.out)
    except (OSError, ValueError) as error:
        raise SystemExit(f"train_damage: {error}") from None
    print(json.dumps(figures(network, *found), indent=1))


if __name__ == "__main__":
    main()
