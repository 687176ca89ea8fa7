"""Whether a loss only falls: `python -m srzoo_train.descent RUN`.

Reads a run's log, smooths the curves of a loss over 5 % of its stage, and says for each whether it ever
rises, and how many steps of the stage's last 80 % were skipped because their gradient was not finite.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

from .chart import Points, chart

WINDOW = 0.05   # share of the stage that a value is smoothed over
SETTLED = 0.2   # share of the stage after which no step may be skipped
PREFIXES = {
    "": "crops of the training",
    "held_out_": "crops kept aside",
    "held_out_averaged_": "crops kept aside, averaged weights",
}
JUDGED = "held_out_"  # the loss of new crops at every step rises and falls by chance


@dataclass(frozen=True)
class Descent:
    """A smoothed curve, and by how much it rises at most."""

    curve: Points

    @property
    def rises(self) -> list[float]:
        """How much it rises, at each point where it does."""
        values = [value for _, value in self.curve]
        return [after - before for before, after in zip(values, values[1:]) if after > before]

    def __str__(self) -> str:
        way = f"{self.curve[0][1]:.4f} to {self.curve[-1][1]:.4f}"
        if not self.rises:
            return f"{way}, only falls ({len(self.curve)} points)"
        return f"{way}, rises at {len(self.rises)} of {len(self.curve) - 1} points, by at most {max(self.rises):.4f}"


def lines_of(log: Path, stage: str) -> list[dict]:
    """The lines of a stage, in the order of its steps; of a repeated step, the later line counts.

    Raises:
        ValueError: if there are none.
    """
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []
    found = {line["step"]: line for line in lines if line.get("stage") == stage}
    if not found:
        raise ValueError(f"cannot judge {log}: it holds no line of a stage {stage}")
    return [line for _, line in sorted(found.items())]


def smoothed(points: Points, window: int) -> Points:
    """The mean of the values of the last `window` steps, from the first step that has that many."""
    begin = points[0][0] + window
    found = []
    for end, _ in points:
        inside = [value for step, value in points if end - window < step <= end]
        if end >= begin:
            found.append((end, sum(inside) / len(inside)))
    return found


def descents(lines: list[dict], key: str) -> dict[str, Descent]:
    """The smoothed curves of a figure in the lines, by name."""
    window = max(1, round(WINDOW * lines[-1]["step"]))
    curves = {
        name: [(line["step"], line[prefix + key]) for line in lines if prefix + key in line]
        for prefix, name in PREFIXES.items()
    }
    return {name: Descent(smoothed(points, window)) for name, points in curves.items() if len(points) > 1}


def skipped_late(lines: list[dict]) -> int:
    """Steps of the stage's last 80 % that were skipped."""
    begin = SETTLED * lines[-1]["step"]
    early = [line for line in lines if line["step"] <= begin]
    return lines[-1]["skipped"] - (early or lines)[-1 if early else 0]["skipped"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="descent", description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a run")
    parser.add_argument("--stage", default="nll", help="the stage's loss")
    parser.add_argument("--figure", default="nll", help="the loss, or one of its parts")
    parser.add_argument("--picture", type=Path, help="SVG file for the smoothed curves")
    args = parser.parse_args()
    try:
        lines = lines_of(args.run / "log.jsonl", args.stage)
    except ValueError as error:
        raise SystemExit(f"descent: {error}") from None
    found, late = descents(lines, args.figure), skipped_late(lines)
    for name, descent in found.items():
        print(f"{args.figure}, {name}: {descent}")
    print(f"skipped steps in the last 80 %: {late} of {lines[-1]['step']}")
    if args.picture:
        args.picture.write_text(chart({name: d.curve for name, d in found.items()}, 320, alone=True) + "\n")
    judged = found.get(PREFIXES[JUDGED])
    raise SystemExit(0 if judged and not judged.rises and not late else 1)


if __name__ == "__main__":
    main()
