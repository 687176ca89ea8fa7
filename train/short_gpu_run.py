"""Trains many recipes side by side on one GPU within hard limits of minutes.

    python train/short_gpu_run.py --x4 STORE --x8 STORE --runs WORK --out OUT [--plan PLAN]

Every run is a process of its own. One that needs an encoder starts when the run of that encoder is
finished. States are written every minute, and runs are packed into OUT every minute (see
srzoo_train/pack.py). The same command continues the runs in WORK. PLAN is a YAML or JSON list of

    { name, recipe, minutes, encoder: name of a run, workers: processes that cut crops,
      set: { key: value of the recipe } }
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

TRAIN = Path(__file__).resolve().parent
sys.path.insert(0, str(TRAIN))

from srzoo_train.pack import pack  # noqa: E402
from srzoo_train.recipe import parsed  # noqa: E402
from srzoo_train.recipe_rules import read_recipe  # noqa: E402

EACH = 60.0   # seconds between packs
GRACE = 20.0  # seconds that a run may take beyond its limit before it is stopped


class Job:
    """One line of the plan, and its process."""

    def __init__(self, line: dict, args: argparse.Namespace):
        unknown = set(line) - {"name", "recipe", "minutes", "encoder", "workers", "set"}
        if unknown or not {"name", "recipe", "minutes"} <= set(line):
            raise SystemExit(f"short_gpu_run: a run has name, recipe and minutes, got {line}")
        self.name, self.minutes = line["name"], float(line["minutes"])
        self.encoder, self.line, self.args = line.get("encoder"), line, args
        self.out = args.runs / self.name
        self.process: subprocess.Popen | None = None
        self.started = 0.0

    def start(self) -> None:
        """Starts the training."""
        recipe = TRAIN / "recipes" / f"{self.line['recipe']}.yml"
        store = self.args.x8 if read_recipe(recipe).scale == 8 else self.args.x4
        command = [
            sys.executable, "-m", "srzoo_train.train", "--recipe", str(recipe), "--data", str(store),
            "--out", str(self.out), "--save-minutes", "1",
        ]
        if self.args.max_steps:
            command += ["--max-steps", str(self.args.max_steps)]
        else:
            command += ["--max-minutes", str(self.minutes), "--clock"]
        if self.encoder:
            command += ["--encoder", str(self.args.runs / self.encoder)]
        if "workers" in self.line:
            command += ["--workers", str(self.line["workers"])]
        for key, value in {"trackers": [], "validate_minutes": 1e3, **self.line.get("set", {})}.items():
            command += ["--set", f"{key}={value}"]
        self.args.out.mkdir(parents=True, exist_ok=True)
        self.args.runs.mkdir(parents=True, exist_ok=True)
        env = {**os.environ, "PYTHONPATH": str(TRAIN), "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "2")}
        with (self.args.runs / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=env, cwd=TRAIN.parent)
        self.started = time.monotonic()
        print(f"{self.name}: started for {self.minutes:g} minutes", flush=True)

    @property
    def state(self) -> str:
        """waiting, running, done or failed."""
        if self.process is None:
            return "waiting"
        code = self.process.poll()
        return "running" if code is None else "done" if code == 0 else "failed"

    def watch(self) -> None:
        """Stops a run that is over its limit; it saves its state first."""
        late = time.monotonic() - self.started - 60 * self.minutes - GRACE
        if self.state == "running" and late > 0 and not self.args.max_steps:
            if late > GRACE:
                self.process.kill()
            else:
                self.process.terminate()


def last_line(file: Path) -> str:
    """The last line of a log."""
    lines = file.read_text(errors="replace").replace("\r", "\n").strip().splitlines() if file.is_file() else []
    return lines[-1] if lines else ""


def run(jobs: list[Job], args: argparse.Namespace) -> list[str]:
    """Runs all jobs; returns the names of those that failed."""
    by_name = {job.name: job for job in jobs}
    packed = time.monotonic()
    while True:
        for job in jobs:
            job.watch()
            needed = by_name.get(job.encoder) if job.encoder else None
            ready = needed is None or needed.state == "done"
            if job.state == "waiting" and ready:
                job.start()
        blocked = [job for job in jobs if job.state == "waiting" and by_name[job.encoder].state == "failed"]
        if all(job.state in ("done", "failed") or job in blocked for job in jobs):
            break
        if time.monotonic() - packed > EACH:
            packed = time.monotonic()
            pack([job.out for job in jobs if job.out.is_dir()], args.out)
            for job in jobs:
                print(f"{job.name}: {last_line(args.runs / f'{job.name}.log')}", flush=True)
        time.sleep(0.2)
    pack([job.out for job in jobs if job.out.is_dir()], args.out)
    for job in jobs:
        print(f"{job.name}: {job.state}: {last_line(args.runs / f'{job.name}.log')}", flush=True)
    return [job.name for job in jobs if job.state != "done"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="short_gpu_run", description=__doc__.splitlines()[0])
    parser.add_argument("--x4", required=True, type=Path, help="a store prepared for four times the size")
    parser.add_argument("--x8", type=Path, help="one for eight times the size")
    parser.add_argument("--runs", required=True, type=Path, help="folder of the runs; those in it are continued")
    parser.add_argument("--out", required=True, type=Path, help="folder for the packed runs")
    parser.add_argument("--plan", type=Path, default=TRAIN / "short_gpu_run.yml")
    parser.add_argument("--only", nargs="*", help="names of runs; their encoders must be among them or trained")
    parser.add_argument("--max-steps", type=int, help="steps of every run, instead of the plan's minutes")
    args = parser.parse_args()
    jobs = [Job(line, args) for line in parsed(args.plan.read_text())]
    if args.only:
        jobs = [job for job in jobs if job.name in args.only]
    if failed := run(jobs, args):
        raise SystemExit(f"short_gpu_run: not finished: {', '.join(failed)}")


if __name__ == "__main__":
    main()
