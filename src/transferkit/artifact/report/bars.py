"""Bars: predicted metrics of the ranking with their intervals, and seconds an arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from transferkit.artifact import wording
from transferkit.artifact.report.axis import Axis, axis_over, element, percent
from transferkit.evaluate.summary import ArmSummary, MetricInfo, RankedSource

HEIGHT = 30
_TOP, _THICK = 8, 14
_MIDDLE = HEIGHT / 2


@dataclass(frozen=True)
class RankedBar:
    """One source of the ranking."""

    row: RankedSource
    predicted: str
    interval: str
    remark: str
    picture: Markup | None


@dataclass(frozen=True)
class CostBar:
    """What one arm cost."""

    name: str
    seconds: str
    trials: str
    each: str
    memory: str
    """The most a fit held; "" where it was not measured."""
    picture: Markup


def ranked_bars(rows: Sequence[RankedSource], metric: MetricInfo) -> list[RankedBar]:
    """One bar a source, in the ranking's order; those that could not be scored have no picture."""
    numbers = [n for row in rows for n in (row.predicted, row.low, row.high) if n is not None]
    axis = axis_over([0.0, *(metric.scale * n for n in numbers)], room=0.0)
    return [_ranked(row, axis, metric) for row in rows]


def _ranked(row: RankedSource, axis: Axis, metric: MetricInfo) -> RankedBar:
    remarks = ["no better than random features" if row.above_floor is False else "", row.note]
    remark = "; ".join(filter(None, remarks))
    if row.predicted is None:
        return RankedBar(row, "", "", remark or "not scored", None)
    left, right = sorted((axis.place(0.0), axis.place(metric.scale * row.predicted)))
    kind = "bar below" if row.above_floor is False else "bar"
    parts = [_bar(left, right, kind)]
    interval = ""
    if row.low is not None and row.high is not None:
        low, high = (axis.place(metric.scale * bound) for bound in (row.low, row.high))
        parts.append(element("line", class_="whisker", x1=percent(low), x2=percent(high), y1=_MIDDLE, y2=_MIDDLE))
        for end in (low, high):
            ends = {"x1": percent(end), "x2": percent(end)}
            parts.append(element("line", class_="whisker", y1=_MIDDLE - 4, y2=_MIDDLE + 4, **ends))
        interval = f"{wording.value(row.low, metric)} to {wording.value(row.high, metric)}"
    picture = element("svg", *parts, class_="lane", width="100%", height=HEIGHT, aria_hidden="true")
    return RankedBar(row, wording.value(row.predicted, metric), interval, remark, picture)


def cost_bars(arms: Sequence[ArmSummary]) -> list[CostBar]:
    """One bar an arm that ran, the costliest first."""
    ran = sorted((arm for arm in arms if arm.trials), key=lambda arm: -arm.seconds)
    longest = max((arm.seconds for arm in ran), default=0.0) or 1.0
    return [
        CostBar(
            name=arm.name,
            seconds=wording.duration(arm.seconds),
            trials=wording.counted(arm.trials, "fit"),
            each=wording.duration(arm.seconds / arm.trials),
            memory=wording.memory(arm.peak_bytes),
            picture=element(
                "svg",
                _bar(0.0, round(100 * arm.seconds / longest, 2), "bar"),
                class_="lane",
                width="100%",
                height=HEIGHT,
                aria_hidden="true",
            ),
        )
        for arm in ran
    ]


def _bar(left: float, right: float, kind: str) -> Markup:
    width = percent(round(max(0.4, right - left), 2))  # a bar of nothing is still seen
    return element("rect", class_=kind, x=percent(left), width=width, y=_TOP, height=_THICK, rx=3)
