"""Window: a small line plot of the channels of a time series, each on a scale of its own, one colour a channel."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from markupsafe import Markup

from transferkit.artifact.report.axis import element

WIDTH, HEIGHT = 240, 110
_EDGE = 4


def window_picture(channels: Sequence[Sequence[float]], label: str) -> Markup:
    """(channels, moments) as lines; a line is broken where nothing is said."""
    parts = [element("line", class_="grid", x1=0, x2=WIDTH, y1=y, y2=y) for y in (_EDGE, HEIGHT / 2, HEIGHT - _EDGE)]
    for place, values in enumerate(channels):
        parts += _lines(values, f"channel-{place % 6}")
    view = f"0 0 {WIDTH} {HEIGHT}"
    return element("svg", *parts, class_="window", viewBox=view, role="img", aria_label=label)


def _lines(values: Sequence[float], kind: str) -> list[Markup]:
    finite = [value for value in values if isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    reach = (high - low) or 1.0
    step = WIDTH / max(1, len(values) - 1)
    runs: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if isfinite(value):
            share = (value - low) / reach if high > low else 0.5
            runs[-1].append(f"{place * step:.1f},{_EDGE + (HEIGHT - 2 * _EDGE) * (1 - share):.1f}")
        elif runs[-1]:
            runs.append([])
    return [element("polyline", class_=kind, points=" ".join(run)) for run in runs if len(run) > 1]
