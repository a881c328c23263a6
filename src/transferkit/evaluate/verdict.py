"""Verdict: one of four words read off a gain's interval, and the sentence that says it to a person.

`helps` and `hurts` need the whole interval on one side of 0. `no_difference` needs the whole interval within the margin:
an equivalence test (Schuirmann 1987), and not the mere absence of proof, which is `undecided`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log10

from transferkit.evaluate.summary import Gain, MetricInfo, VerdictWord


def verdict(gain: Gain, margin: float) -> VerdictWord:
    """The word for a gain; `margin`, in the metric's own scale, is the largest difference that does not matter.

    >>> verdict(Gain(0.06, 0.04, 0.08, 0.95, 5, 1000, 0.03), margin=0.01)
    'helps'
    """
    if margin < 0:
        raise ValueError(f"a margin is not negative, got {margin}")
    if gain.low > 0:
        return "helps"
    if gain.high < 0:
        return "hurts"
    if -margin <= gain.low and gain.high <= margin:
        return "no_difference"
    return "undecided"


def subject(method: str, sources: Sequence[str]) -> str:
    """What a sentence is about.

    >>> subject("linear_probe", ["zoo:digits-cnn"])
    'Transfer from zoo:digits-cnn by linear_probe'
    """
    if not sources:
        return f"Fitting by {method}"
    *first, last = sources
    return f"Transfer from {', '.join(first) + ' and ' if first else ''}{last} by {method}"


def sentence(
    about: str,
    gain: Gain,
    metric: MetricInfo,
    margin: float,
    *,
    baseline: str = "training from scratch",
    items: str = "test items",
    cross_fitted: str = "",
) -> str:
    """The verdict in words, in the metric's points, with interval, seeds, items and what to do where it is undecided.

    `about` is what `subject` gives, `baseline` a noun: "training from scratch", "the source only". `items`: what the test is
    made of, "test rows". `cross_fitted`: how the gain was judged where there was no sealed test.

    >>> accuracy = MetricInfo("accuracy", True, "points", 100.0)
    >>> gain = Gain(0.063, 0.041, 0.085, 0.95, 5, 1347, 0.031)
    >>> sentence(subject("linear_probe", ["zoo:digits-cnn"]), gain, accuracy, margin=0.01)
    'Transfer from zoo:digits-cnn by linear_probe beats training from scratch by 6.3 accuracy points (95 % interval 4.1
    to 8.5; 5 seeds, 1347 test items).'
    """
    word = verdict(gain, margin)
    mean, low, high, detectable, edge = _points(gain, metric, margin)
    unit = f"{metric.name.replace('_', ' ')} {metric.unit}"
    interval = f"{100 * gain.level:.4g} % interval {low} to {high}"
    evidence = f"{_count(gain.n_seeds, 'seed')}, {_count(gain.n_items, items.removesuffix('s'))}"
    if gain.n_seeds == 1:
        evidence += ", so that another training run may differ by more"
    evidence, more = (cross_fitted, "labels") if cross_fitted else (evidence, f"seeds or more {items}")
    if word == "helps":
        return f"{about} beats {baseline} by {mean} {unit} ({interval}; {evidence})."
    if word == "hurts":
        loss = mean.removeprefix("-")
        interval = interval.replace("interval", "interval of the gain")
        return f"{about} is worse than {baseline} by {loss} {unit} ({interval}; {evidence})."
    if word == "no_difference":
        return (
            f"{about} makes no difference that matters against {baseline}: the gain is {mean} {unit} "
            f"({interval}, all of it within {edge} of 0; {evidence})."
        )
    return (
        f"{about} is undecided against {baseline}: the gain is {mean} {unit} ({interval}; {evidence}). "
        f"This test would have shown a difference of {detectable} or more (80 % power); "
        f"more {more} would show a smaller one."
    )


def _points(gain: Gain, metric: MetricInfo, margin: float) -> tuple[str, ...]:
    """The numbers as a person reads them, with enough decimals that no bound looks like 0 that is not."""
    values = [metric.scale * value for value in (gain.mean, gain.low, gain.high, gain.smallest_detectable, margin)]
    width = values[2] - values[1]
    telling = min([abs(v) for v in (*values[1:3], width) if v] or [1.0])
    # decimals until the first digit that is not 0; where points are no percentage, until the second
    needed = ceil(-log10(telling)) + (metric.scale != 100)
    enough = 1 if needed <= 1 else min(needed, 6)
    return tuple(f"{round(value, enough) + 0.0:.{enough}f}" for value in values)  # + 0.0: no "-0.0"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
