"""Label curve: what scratch and transfer reach with how many labels, and the step between them - transfer's worth in labels.

Label counts lie on a log axis. Lines and bands are drawn in a picture that stretches with the page; dots and words lie over
it at percent coordinates, so that they keep their size on a phone. What was not measured is dashed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

from transferkit.artifact import wording
from transferkit.artifact.report.axis import Axis, axis_over, element, percent
from transferkit.evaluate.label_equivalence import counted
from transferkit.evaluate.summary import CurvePoint, LabelEquivalence, MetricInfo

HEIGHT = 320
_TOP, _BOTTOM = 34, 44
_PLOT = HEIGHT - _TOP - _BOTTOM


@dataclass(frozen=True)
class LabelRow:
    """One label count of the table beneath the picture."""

    labels: str
    baseline: str
    arm: str


@dataclass(frozen=True)
class LabelPicture:
    """The picture, and its numbers as text."""

    sentence: str
    arm: str
    baseline: str
    rows: tuple[LabelRow, ...]
    choices: str
    """How many choices of labels a subset stands for."""
    is_followed: bool
    """Whether the baseline's curve goes beyond what was measured."""
    picture: Markup


def label_picture(found: LabelEquivalence | None, metric: MetricInfo) -> LabelPicture | None:
    """The picture of a study's label equivalence; None where it has none."""
    if found is None:
        return None
    n_choices = max((point.n_seeds for point in found.baseline_curve[:-1]), default=1)
    return LabelPicture(
        sentence=found.sentence,
        arm=found.arm,
        baseline=found.baseline,
        rows=tuple(
            LabelRow(counted(ours.labels), _interval(theirs, metric), _interval(ours, metric))
            for ours, theirs in zip(found.arm_curve, found.baseline_curve, strict=True)
        ),
        choices=wording.counted(n_choices, "choice"),
        is_followed=bool(found.baseline_beyond),
        picture=_picture(found, metric),
    )


def _interval(point: CurvePoint, metric: MetricInfo) -> str:
    low, mean, high = (wording.value(v, metric) for v in (point.low, point.mean, point.high))
    return f"{mean} ({low.removesuffix(' %')} to {high})"


@dataclass(frozen=True)
class _Frame:
    """Where label counts and metric values lie."""

    across: Axis
    """Of log10 label counts."""
    up: Axis
    """Of the metric's points."""
    scale: float

    def x(self, labels: float) -> float:
        """Percent of the width."""
        return self.across.place(log10(labels))

    def y(self, value: float) -> float:
        """Pixels from the top; a value beyond the axis lies at its end."""
        return round(_TOP + _PLOT * (1 - self.up.place(self.scale * value) / 100), 1)


def _picture(found: LabelEquivalence, metric: MetricInfo) -> Markup:
    frame = _frame(found, metric)
    curves = [
        *_curve(found.baseline_beyond, frame, "scratch beyond"),
        *_curve(found.baseline_curve, frame, "scratch"),
        *_curve(found.arm_curve, frame, "transfer"),
    ]
    view = f"0 0 100 {HEIGHT}"
    stretched = element("svg", *curves, viewBox=view, preserveAspectRatio="none", x=0, y=0, width="100%", height=HEIGHT)
    parts = [*_axes(found, frame, metric), stretched, *_step(found, frame)]
    for points, kind in ((found.baseline_curve, "scratch"), (found.arm_curve, "transfer")):
        parts += [
            element("circle", class_=f"{kind} dot", cx=percent(frame.x(p.labels)), cy=frame.y(p.mean), r=4.5)
            for p in points
        ]
    label = f"{wording.metric_name(metric)} against number of labels. {found.sentence}"
    return element("svg", *parts, class_="labels", width="100%", height=HEIGHT, role="img", aria_label=label)


def _frame(found: LabelEquivalence, metric: MetricInfo) -> _Frame:
    measured = [*found.arm_curve, *found.baseline_curve]
    counts = [point.labels for point in (*measured, *found.baseline_beyond)]
    bounds = [bound for point in measured for bound in (point.low, point.mean, point.high)]
    values = [metric.scale * v for v in (*bounds, *(point.mean for point in found.baseline_beyond))]
    low, high = log10(min(counts)), log10(max(counts))
    room = 0.04 * max(high - low, 0.1)
    across = Axis(low - room, high + room, tuple(log10(tick) for tick in _round_counts(min(counts), max(counts))))
    return _Frame(across, axis_over(values, wanted_ticks=4, room=0.06), metric.scale)


def _round_counts(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, 20, ... within the range; powers of ten alone where there would be many."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    factors = (1, 2, 5) if high / low < 300 else (1,)
    return [factor * 10.0**power for power in powers for factor in factors if low <= factor * 10.0**power <= high]


def _axes(found: LabelEquivalence, frame: _Frame, metric: MetricInfo) -> list[Markup]:
    unit = " in %" if metric.scale == 100 else ""
    bottom = _TOP + _PLOT
    parts: list[Markup] = []
    for tick in frame.up.ticks:
        y = frame.y(tick / frame.scale)
        parts.append(element("line", class_="grid", x1=0, x2="100%", y1=y, y2=y))
        parts.append(element("text", f"{tick:g}", class_="tick", x=0, y=y - 4))
    direction = "" if metric.higher_is_better else ", less is better"
    parts.append(element("text", f"{wording.metric_name(metric)}{unit}{direction}", class_="axis-title", x=0, y=11))
    parts.append(element("line", class_="zero", x1=0, x2="100%", y1=bottom, y2=bottom))
    own = frame.x(found.n_labels)
    for tick in frame.across.ticks:
        x = frame.across.place(tick)
        if abs(x - own) > 5:  # the count of this study is written there
            parts.append(_count(x, f"{10**tick:g}", bottom, "tick"))
    parts.append(element("line", class_="own", x1=percent(own), x2=percent(own), y1=_TOP, y2=bottom + 5))
    parts.append(_count(own, f"{found.n_labels} (yours)", bottom, "tick here"))
    parts.append(element("text", "labels", class_="axis-title", x="50%", y=HEIGHT - 6, text_anchor="middle"))
    return parts


def _count(x: float, text: str, bottom: int, kind: str) -> Markup:
    anchor = "start" if x < 6 else "end" if x > 94 else "middle"
    return element("text", text, class_=kind, x=percent(x), y=bottom + 18, text_anchor=anchor)


def _curve(points: Sequence[CurvePoint], frame: _Frame, kind: str) -> list[Markup]:
    """A band and the line in it, in the stretched picture's own units."""
    if len(points) < 2:
        return []
    line = [(frame.x(point.labels), frame.y(point.mean)) for point in points]
    edge = [(frame.x(point.labels), frame.y(point.high)) for point in points]
    edge += [(frame.x(point.labels), frame.y(point.low)) for point in reversed(points)]
    return [
        element("polygon", class_=f"{kind} band", points=_written(edge)),
        element("polyline", class_=kind, points=_written(line), vector_effect="non-scaling-stroke"),
    ]


def _step(found: LabelEquivalence, frame: _Frame) -> list[Markup]:
    """From what transfer reaches with all labels, level, to where scratch reaches the same; and down to the count."""
    worth, bottom = found.worth, _TOP + _PLOT
    reached, own = found.arm_curve[-1], frame.x(found.n_labels)
    y = frame.y(reached.mean)
    if worth.labels is None and worth.low is None and worth.high is None:
        return []
    right = 100.0 if worth.high is None else frame.x(worth.high)
    left = frame.x(worth.smallest) if worth.low is None else frame.x(worth.low)
    parts = [element("line", class_="reach", x1=percent(left), x2=percent(right), y1=y, y2=y)]
    if worth.labels is None:
        end, said = (
            (100.0, f"> {counted(worth.low or 0.0)}") if worth.at == "beyond" else (0.0, f"< {counted(worth.smallest)}")
        )
    else:
        end, said = frame.x(worth.labels), f"about {counted(worth.labels)}"
        parts.append(element("line", class_="drop", x1=percent(end), x2=percent(end), y1=y, y2=bottom))
        parts.append(element("circle", class_="answer", cx=percent(end), cy=y, r=5.5))
    parts.append(element("line", class_="step", x1=percent(own), x2=percent(end), y1=y, y2=y))
    anchor, shift = ("start", 9) if end < 70 else ("end", -9)
    below = y + 20 if y < _TOP + _PLOT / 2 else y - 10
    parts.append(element("text", said, class_="worth", x=percent(end), dx=shift, y=below, text_anchor=anchor))
    return parts


def _written(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
