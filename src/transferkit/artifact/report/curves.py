"""Learning curves: a small picture an arm - loss above, the validation metric below, the kept epoch marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

from transferkit.artifact import wording
from transferkit.artifact.report.axis import Axis, axis_over, element
from transferkit.evaluate.summary import CurveSummary, MetricInfo

WIDTH = 300
_LEFT, _RIGHT = 44, 10
_LOSS_TOP, _LOSS_HEIGHT = 20, 92
_METRIC_TOP, _METRIC_HEIGHT = 142, 68


@dataclass(frozen=True)
class CurvePicture:
    """One arm's picture with its caption."""

    arm: str
    caption: str
    picture: Markup


def curve_pictures(curves: Sequence[CurveSummary], metric: MetricInfo) -> list[CurvePicture]:
    """A picture each, all with the same scale of the metric, so that they can be compared."""
    values = [metric.scale * v for curve in curves for v in curve.validation_metric]
    shared = axis_over(values, wanted_ticks=4)
    return [CurvePicture(curve.arm, _caption(curve, metric), _picture(curve, metric, shared)) for curve in curves]


def _caption(curve: CurveSummary, metric: MetricInfo) -> str:
    epochs = max(len(curve.training_loss), len(curve.validation_loss), len(curve.validation_metric))
    said = wording.counted(epochs, "epoch")
    if curve.best_epoch is None:
        return said
    said += f", kept epoch {curve.best_epoch}"
    at = curve.best_epoch - 1
    if 0 <= at < len(curve.validation_metric):
        said += f" ({wording.metric_name(metric)} {wording.value(curve.validation_metric[at], metric)} on validation)"
    return said


def _picture(curve: CurveSummary, metric: MetricInfo, shared: Axis) -> Markup:
    n_epochs = max(len(curve.training_loss), len(curve.validation_loss), len(curve.validation_metric), 1)
    losses = axis_over([*curve.training_loss, *curve.validation_loss], wanted_ticks=3)
    metrics = [metric.scale * value for value in curve.validation_metric]
    parts = [
        *_panel(losses, _LOSS_TOP, _LOSS_HEIGHT, "loss"),
        *_line(curve.training_loss, losses, n_epochs, _LOSS_TOP, _LOSS_HEIGHT, "training"),
        *_line(curve.validation_loss, losses, n_epochs, _LOSS_TOP, _LOSS_HEIGHT, "validation"),
    ]
    if metrics:
        unit = " in %" if metric.scale == 100 else ""
        direction = "" if metric.higher_is_better else ", less is better"
        parts += _panel(shared, _METRIC_TOP, _METRIC_HEIGHT, wording.metric_name(metric) + unit + direction)
        parts += _line(metrics, shared, n_epochs, _METRIC_TOP, _METRIC_HEIGHT, "validation")
    bottom = (_METRIC_TOP + _METRIC_HEIGHT) if metrics else (_LOSS_TOP + _LOSS_HEIGHT)
    if curve.best_epoch is not None:
        x = _across(curve.best_epoch, n_epochs)
        parts.append(element("line", class_="kept", x1=x, x2=x, y1=_LOSS_TOP, y2=bottom))
        parts += _dots(curve.best_epoch, x, curve.validation_loss, losses, _LOSS_TOP, _LOSS_HEIGHT)
        parts += _dots(curve.best_epoch, x, metrics, shared, _METRIC_TOP, _METRIC_HEIGHT)
    for epoch, anchor in ((1, "start"), (n_epochs, "end")):
        if epoch == 1 or n_epochs > 1:
            parts.append(
                element("text", epoch, class_="tick", x=_across(epoch, n_epochs), y=bottom + 15, text_anchor=anchor)
            )
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(element("text", "epoch", class_="tick", x=middle, y=bottom + 15, text_anchor="middle"))
    label = f"Learning curve of {curve.arm}: {_caption(curve, metric)}"
    view = f"0 0 {WIDTH} {bottom + 22}"
    return element("svg", *parts, class_="curve", viewBox=view, role="img", aria_label=label)


def _across(epoch: int, n_epochs: int) -> float:
    share = 0.5 if n_epochs == 1 else (epoch - 1) / (n_epochs - 1)
    return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)


def _panel(axis: Axis, top: int, height: int, title: str) -> list[Markup]:
    parts = []
    for tick in axis.ticks:
        y = _down(tick, axis, top, height)
        parts.append(element("line", class_="grid", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y))
        parts.append(element("text", f"{tick:g}", class_="tick", x=_LEFT - 6, y=y + 4, text_anchor="end"))
    parts.append(element("text", title, class_="axis-title", x=_LEFT, y=top - 8))
    return parts


def _line(values: Sequence[float], axis: Axis, n_epochs: int, top: int, height: int, kind: str) -> list[Markup]:
    """A line, broken where a value is not finite; a lone value is a dot."""
    runs: list[list[tuple[float, float]]] = [[]]
    for epoch, value in enumerate(values, start=1):
        if isfinite(value):
            runs[-1].append((_across(epoch, n_epochs), _down(value, axis, top, height)))
        elif runs[-1]:
            runs.append([])
    parts = []
    for run in filter(None, runs):
        if len(run) == 1:
            parts.append(element("circle", class_=f"{kind} dot", cx=run[0][0], cy=run[0][1], r=3))
        else:
            points = " ".join(f"{x:g},{y:g}" for x, y in run)
            parts.append(element("polyline", class_=kind, points=points))
    return parts


def _dots(epoch: int, x: float, values: Sequence[float], axis: Axis, top: int, height: int) -> list[Markup]:
    """The kept epoch on a line, where the line has it."""
    if not (0 < epoch <= len(values) and isfinite(values[epoch - 1])):
        return []
    return [element("circle", class_="validation dot", cx=x, cy=_down(values[epoch - 1], axis, top, height), r=4)]


def _down(value: float, axis: Axis, top: int, height: int) -> float:
    return round(top + height * (1 - axis.place(value) / 100), 1)
