"""Label equivalence: transfer with 50 labels is worth training from scratch with about 400. From tables to the sentence.

Both arms were fitted to a few subsets of the labels as well as to all of them, and judged on the same test items. How many
labels scratch needs for what transfer reaches with all (usually more than there are: its curve is followed beyond them),
and how many transfer needs for what scratch reaches with all (never more than there are, where transfer is better).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, inf, isfinite, log10

import numpy as np

from transferkit.core.task import Metric
from transferkit.evaluate.summary import CurvePoint, EquivalentLabels, LabelEquivalence
from transferkit.ops.statistics.crossed import crossed_interval
from transferkit.ops.statistics.label_equivalence import FARTHEST, EquivalentSize, equivalent_size
from transferkit.ops.statistics.learning_curve import CurveDraws, curve_draws

LEVEL = 0.95
_POINTS_BEYOND = 24

Tables = Mapping[int, np.ndarray]
"""Label count -> (seeds, n_items) of the metric's values an item; the largest count is all labels."""


def label_equivalence(
    arm: str,
    baseline: str,
    tables: tuple[Tables, Tables],
    metric: Metric,
    *,
    step: float = 1.0,
    blind: float | None = None,
) -> LabelEquivalence:
    """What `arm` is worth in labels of its `baseline`; `tables` are theirs, in this order, at the same two or more counts.

    step: the largest change one item can make to the metric. blind: the metric of a guess that looks at no item.
    """
    of_arm, of_baseline = ({n: _errors(table, metric) for n, table in curve.items()} for curve in tables)
    n_labels = max(of_arm)
    blind_error = None if blind is None else float(_errors(np.array(blind), metric))
    scratch = curve_draws(of_baseline, of_arm[n_labels], blind=blind_error, step=step)
    transfer = curve_draws(of_arm, of_baseline[n_labels], blind=blind_error, step=step)
    worth = _plain(equivalent_size(scratch, FARTHEST, LEVEL))
    enough = _plain(equivalent_size(transfer, 1.0, LEVEL))
    return LabelEquivalence(
        arm=arm,
        baseline=baseline,
        n_labels=n_labels,
        level=LEVEL,
        arm_curve=_measured(tables[0], metric, step),
        baseline_curve=_measured(tables[1], metric, step),
        baseline_beyond=_beyond(scratch, worth, metric),
        worth=worth,
        enough=enough,
        sentence=sentence(n_labels, worth, enough),
    )


def sentence(n_labels: int, worth: EquivalentLabels, enough: EquivalentLabels, level: float = LEVEL) -> str:
    """Both answers in words.

    >>> worth = EquivalentLabels("within", 412.0, 296.0, 633.0, 8, 800)
    >>> sentence(100, worth, EquivalentLabels("below", None, None, 11.0, 8, 100))
    'Transfer with 100 labels is worth training from scratch with about 410 labels (95 % interval 300 to 630), if that goes
    on learning as it has up to 100; 11 labels or fewer are enough for transfer to match scratch with all 100.'
    """
    said = _worth(n_labels, worth, level)
    if worth.at == "beyond" or (worth.labels or 0.0) > n_labels:
        said += f", if that goes on learning as it has up to {n_labels}"
    said += _enough(n_labels, enough)
    return f"{said}."


def _worth(n_labels: int, worth: EquivalentLabels, level: float) -> str:
    about = f"Transfer with {n_labels} labels is worth training from scratch with"
    coverage = f"{100 * level:.4g} %"
    low, high = worth.low, worth.high
    if low is None and high is None:
        return f"How many labels training from scratch needs to match transfer with {n_labels} cannot be told from this"
    if worth.labels is None and worth.at == "beyond" and low is not None:
        return f"{about} more than {counted(low)} labels ({coverage} sure)"
    if worth.labels is None and high is not None:
        most = f", and with {counted(high)} at most ({coverage} sure)" if high > worth.smallest else ""
        return f"{about} fewer than {counted(worth.smallest)} labels, the fewest that were tried{most}"
    if worth.labels is None:
        return f"How many labels training from scratch needs to match transfer with {n_labels} cannot be told from this"
    lower = f"fewer than {counted(worth.smallest)}" if low is None else counted(low)
    upper = f"more than {counted(worth.farthest)}" if high is None else counted(high)
    return f"{about} about {counted(worth.labels)} labels ({coverage} interval {lower} to {upper})"


def _enough(n_labels: int, enough: EquivalentLabels) -> str:
    """Said only where it is sure that fewer than all are enough."""
    if enough.high is None or enough.high >= n_labels:
        return ""
    purpose = f"enough for transfer to match scratch with all {n_labels}"
    if enough.labels is None or enough.low is None:
        return f"; {counted(enough.high)} labels or fewer are {purpose}"
    return f"; about {counted(enough.labels)} ({counted(enough.low)} to {counted(enough.high)}) are {purpose}"


def counted(labels: float) -> str:
    """A number of labels, no more exact than it is known: two figures from 100 on.

    >>> [counted(labels) for labels in (8.4, 61.7, 237, 12_345)]
    ['8', '62', '240', '12000']
    """
    figures = 0 if labels < 100 else floor(log10(labels)) - 1
    return str(round(round(labels / 10**figures) * 10**figures))


def _errors(values: np.ndarray, metric: Metric) -> np.ndarray:
    """What is missing to a perfect value; metrics that are better where higher end at 1."""
    return np.asarray(1.0 - values if metric.higher_is_better else values, dtype=np.float64)


def _plain(size: EquivalentSize) -> EquivalentLabels:
    """With None for what lies outside of what can be told."""
    inside = 0 < size.size < inf
    return EquivalentLabels(
        at="within" if inside else "below" if size.size == 0 else "beyond",
        labels=size.size if inside else None,
        low=min(size.low, size.farthest) if size.low > 0 else None,
        high=None if not isfinite(size.high) else max(size.high, size.smallest),
        smallest=size.smallest,
        farthest=size.farthest,
    )


def _measured(tables: Tables, metric: Metric, step: float) -> tuple[CurvePoint, ...]:
    points = []
    for labels, table in sorted(tables.items()):
        interval = crossed_interval(table, LEVEL, step)
        low, high = _possible(interval.low, metric), _possible(interval.high, metric)
        points.append(CurvePoint(float(labels), interval.mean, low, high, len(table)))
    return tuple(points)


def _beyond(draws: CurveDraws, worth: EquivalentLabels, metric: Metric) -> tuple[CurvePoint, ...]:
    """From all labels on, a little farther than the answer."""
    n_labels = float(draws.sizes[-1])
    end = worth.farthest if worth.high is None else min(worth.farthest, 1.25 * worth.high)
    if worth.at == "below" or end <= 1.25 * n_labels:
        return ()
    points = []
    for labels in np.geomspace(n_labels, end, _POINTS_BEYOND):
        errors = np.quantile(draws.error(float(labels)), [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
        low, mean, high = sorted(_possible(float(v), metric) for v in _errors(errors, metric))
        points.append(CurvePoint(float(labels), mean, low, high, 0))
    return tuple(points)


def _possible(value: float, metric: Metric) -> float:
    """A bound of a metric that runs from 0 to 1 stays there."""
    return min(1.0, max(0.0, value)) if metric.reach <= 1 else value
