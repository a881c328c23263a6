"""Importance bars: what the metric loses where a column is shuffled, with the spread over shuffles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from transferkit.artifact import wording
from transferkit.artifact.report.axis import axis_over, element, percent
from transferkit.evaluate.summary import Importance, MetricInfo

MOST = 15
HEIGHT = 24
_TOP, _THICK = 5, 14


@dataclass(frozen=True)
class ImportanceBar:
    """One column."""

    column: str
    change: str
    """Of the metric, in points."""
    picture: Markup


@dataclass(frozen=True)
class ImportanceBars:
    """The most important columns."""

    bars: tuple[ImportanceBar, ...]
    n_less: int
    """Columns that matter less than these, and are not shown."""


def importance_bars(found: Sequence[Importance], metric: MetricInfo) -> ImportanceBars | None:
    """None where items are no rows of a table."""
    if not found:
        return None
    shown = found[:MOST]
    ends = [metric.scale * (one.mean + sign * one.spread) for one in shown for sign in (-1, 1)]
    axis = axis_over([0.0, *ends], room=0.02)
    zero, digits = axis.place(0.0), _digits(found, metric)
    bars = []
    for one in shown:
        left, right = sorted((zero, axis.place(metric.scale * one.mean)))
        low, high = (axis.place(metric.scale * (one.mean + sign * one.spread)) for sign in (-1, 1))
        width = percent(round(max(0.3, right - left), 2))
        picture = element(
            "svg",
            element("line", class_="grid", x1=percent(zero), x2=percent(zero), y1=0, y2="100%"),
            element("rect", class_="bar", x=percent(left), width=width, y=_TOP, height=_THICK, rx=3),
            element("line", class_="whisker", x1=percent(low), x2=percent(high), y1=HEIGHT / 2, y2=HEIGHT / 2),
            class_="lane",
            width="100%",
            height=HEIGHT,
            aria_hidden="true",
        )
        change = -one.mean if metric.higher_is_better else one.mean
        said = wording.difference(change, metric, digits)
        bars.append(ImportanceBar(one.column, said if said.strip("+-0.") else "0", picture))
    return ImportanceBars(tuple(bars), len(found) - len(shown))


def _digits(found: Sequence[Importance], metric: MetricInfo) -> int:
    largest = max(abs(metric.scale * one.mean) for one in found)
    return 1 if largest >= 10 else 2 if largest >= 0.1 else 4
