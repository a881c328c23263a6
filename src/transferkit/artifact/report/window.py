"""Window: the channels of a time series one below the other, each named, on a scale of its own.

Small multiples (Tufte 1983): six lines in one frame, each stretched to its own range, look as if they shared a scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from markupsafe import Markup

from transferkit.artifact.report.axis import element
from transferkit.artifact.wording import in_short

WIDTH, HEIGHT = 240, 46
"""Of one channel, its name included."""
_EDGE, _NAME = 4, 13
_LONGEST_NAME = 26


def window_picture(channels: Sequence[Sequence[float]], names: Sequence[str], label: str) -> Markup:
    """(channels, moments) as one line each, with its name and range; a line is broken where nothing is said."""
    parts: list[Markup] = []
    for place, values in enumerate(channels):
        top = place * HEIGHT
        name = names[place] if place < len(names) else f"channel {place + 1}"
        parts += [*_frame(name, values, top), *_lines(values, top)]
    view = f"0 0 {WIDTH} {max(1, len(channels)) * HEIGHT}"
    return element("svg", *parts, class_="window", viewBox=view, role="img", aria_label=label)


def _frame(name: str, values: Sequence[float], top: float) -> list[Markup]:
    """The channel's name on the left, its range on the right, and the line on which its lowest value lies."""
    low, high = _range(values)
    said = in_short(low, 3) if low == high else f"{in_short(low, 3)} to {in_short(high, 3)}"
    said = said if any(map(isfinite, values)) else "says nothing"
    short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}\N{HORIZONTAL ELLIPSIS}"
    floor = top + HEIGHT - _EDGE
    return [
        element("line", class_="grid", x1=0, x2=WIDTH, y1=floor, y2=floor),
        element("text", short, x=4, y=top + _NAME - 2),
        element("text", said, class_="range", x=WIDTH - 4, y=top + _NAME - 2),
    ]


def _lines(values: Sequence[float], top: float) -> list[Markup]:
    low, high = _range(values)
    reach = (high - low) or 1.0
    step = WIDTH / max(1, len(values) - 1)
    runs: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if isfinite(value):
            share = (value - low) / reach if high > low else 0.5
            runs[-1].append(f"{place * step:.1f},{top + _NAME + (HEIGHT - _NAME - _EDGE) * (1 - share):.1f}")
        elif runs[-1]:
            runs.append([])
    return [element("polyline", points=" ".join(run)) for run in runs if len(run) > 1]


def _range(values: Sequence[float]) -> tuple[float, float]:
    finite = [value for value in values if isfinite(value)]
    return min(finite, default=0.0), max(finite, default=0.0)
