"""Axis: from values to places, with round tick marks. And the one way SVG elements are written: everything escaped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor, isfinite, log10

from markupsafe import Markup, escape


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high` lie at 0 to 100 percent of the width."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Percent of the width, kept within it.

        >>> Axis(-1.0, 3.0, ()).place(0.0)
        25.0
        """
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(1.0, max(0.0, share)), 2)


def axis_over(values: Iterable[float], wanted_ticks: int = 5, room: float = 0.04) -> Axis:
    """An axis that shows all finite `values`, with round ticks and some room at both ends.

    >>> axis_over([0, 9.2], room=0).ticks
    (0.0, 2.0, 4.0, 6.0, 8.0)
    """
    finite = [float(value) for value in values if isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if high - low < 1e-12:
        low, high = low - 0.5, high + 0.5
    low, high = low - room * (high - low), high + room * (high - low)
    step = _round_step((high - low) / wanted_ticks)
    first = floor(low / step) + (0 if floor(low / step) * step >= low - 1e-9 * step else 1)
    ticks: list[float] = []
    while (first + len(ticks)) * step <= high + 1e-9 * step:
        ticks.append(round((first + len(ticks)) * step, 12))
    return Axis(low, high, tuple(ticks))


def _round_step(raw: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `raw`."""
    power = 10.0 ** floor(log10(raw))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * (1 - 1e-9))


def element(name: str, *children: object, **attributes: object) -> Markup:
    """One SVG element. `class_` becomes class, `stroke_width` stroke-width; None leaves an attribute out.

    >>> element("text", "<b>", class_="tick", x="5%")
    Markup('<text class="tick" x="5%">&lt;b&gt;</text>')
    """
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), value)
        for key, value in attributes.items()
        if value is not None
    )
    inner = Markup("").join(escape(child) for child in children)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), written, inner)


def percent(place: float) -> str:
    """A place as an attribute."""
    return f"{place:g}%"
