"""Curves as SVG."""

import html

Points = list[tuple[int, float]]

WIDTH, HEIGHT, POINTS = 720, 180, 400  # of the plot in pixels; longer curves are averaged down to this many points
LEFT, BELOW = 56, 22                   # room for the labels of the axes
COLOURS = "#1763ab", "#c8501e", "#2b8a3e", "#7a3fa0"


def chart(curves: dict[str, Points], height: int = HEIGHT, alone: bool = False) -> str:
    """An SVG of curves of (step, value) in one plot, with the ends of both axes, and a legend for two or more.

    Args:
        curves: points by name; four at most are drawn.
        height: of the plot, in pixels.
        alone: whether the SVG is a file of its own, which must state its namespace.
    """
    drawn = {name: thinned(points) for name, points in curves.items()}
    steps = [step for points in drawn.values() for step, _ in points]
    values = [value for points in drawn.values() for _, value in points]
    low, high, first, last = min(values), max(values), min(steps), max(steps)
    x = lambda step: LEFT + WIDTH * (step - first) / ((last - first) or 1)
    y = lambda value: 4 + (height - 8) * (high - value) / ((high - low) or 1)
    lines = "".join(
        f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="'
        + " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in points) + '"/>'
        for points, colour in zip(drawn.values(), COLOURS)
    )
    names = "".join(
        _text(LEFT + WIDTH - 8, 18 + 16 * i, name, "end", colour)
        for i, (name, colour) in enumerate(zip(drawn, COLOURS)) if len(drawn) > 1
    )
    ends = "".join([
        _text(LEFT - 6, 12, f"{high:.4g}", "end"), _text(LEFT - 6, height - 2, f"{low:.4g}", "end"),
        _text(LEFT, height + 15, f"step {first}", "start"), _text(LEFT + WIDTH, height + 15, f"{last}", "end"),
    ])
    space = ' xmlns="http://www.w3.org/2000/svg"' if alone else ""
    return (
        f'<svg{space} viewBox="0 0 {LEFT + WIDTH + 8} {height + BELOW}" font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="#fff"/>'
        f'<rect x="{LEFT}" width="{WIDTH}" height="{height}" fill="#f6f6f6"/>{lines}{names}{ends}</svg>'
    )


def thinned(points: Points) -> Points:
    """At most POINTS means of neighbours, each placed at its last step."""
    group = -(-len(points) // POINTS)
    groups = [points[i : i + group] for i in range(0, len(points), group)]
    return [(part[-1][0], sum(value for _, value in part) / len(part)) for part in groups]


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#333") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{html.escape(text)}</text>'
