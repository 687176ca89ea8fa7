"""`report.html` of a run: its curves and its last sheet, in one file."""

import base64
import html
import io
import json
from pathlib import Path

from .chart import Points, chart
from .state import write_whole

HIDDEN = {"stage", "step", "of", "total", "seconds_left"}
PAGE = """<!doctype html><meta charset="utf-8"><title>{title}</title>
<style>body{{font:15px sans-serif;max-width:60em;margin:2em auto}}img{{max-width:100%}}</style>
<h1>{title}</h1><p>{facts}</p>{curves}{sheet}
"""


def write_report(out: Path, name: str) -> None:
    """Writes the page again from `log.jsonl` and the newest sheet."""
    curves = read_curves(out / "log.jsonl")
    drawn = "".join(_curve(label, points) for label, points in curves.items())
    last = {label: points[-1] for label, points in curves.items()}
    facts = ", ".join(f"{label}: {value:.4g} at step {step}" for label, (step, value) in last.items())
    page = PAGE.format(title=html.escape(name), facts=html.escape(facts), curves=drawn, sheet=_sheet(out))
    write_whole(out / "report.html", page.encode())


def read_curves(file: Path) -> dict[str, Points]:
    """(step of the run, value) of every figure; after a resumed run the later line counts."""
    curves: dict[str, dict[int, float]] = {}
    for line in file.read_text().splitlines() if file.is_file() else []:
        record = json.loads(line)
        figures = record.get("validation", record)
        prefix = "validation " if "validation" in record else f"{record['stage']} "
        for key, value in figures.items():
            if key not in HIDDEN and isinstance(value, (int, float)):
                step = record.get("total", record["step"])
                curves.setdefault(f"{prefix}{key}", {})[step] = float(value)
    return {label: sorted(points.items()) for label, points in curves.items()}


def _curve(label: str, points: Points) -> str:
    low, high = min(value for _, value in points), max(value for _, value in points)
    return f"<h3>{html.escape(label)}</h3><p>{low:.4g} to {high:.4g}</p>{chart({label: points})}"


def _sheet(out: Path) -> str:
    """The newest sheet as a JPEG inside the page."""
    found = sorted(out.glob("sheet-*.png"))
    if not found:
        return ""
    from PIL import Image

    buffer = io.BytesIO()
    Image.open(found[-1]).save(buffer, "JPEG", quality=85)
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        "<h3>LR, bicubic, the way from x_T to x_0 or the regression, HR</h3>"
        f'<img alt="{found[-1].name}" src="data:image/jpeg;base64,{data}">'
    )
