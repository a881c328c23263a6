"""Ranking arithmetic: from the scores of several sources on the same items to an order, with intervals and a floor.

Sources are ordered by what a linear head on their features gets right, leave-one-out: a number in the target's own metric.
Equal ones (with few items they are common) are ordered by their mean place under the other scores.

The interval says where the metric of a probe on unseen items may lie. Binomial arithmetic is too narrow for that: the n
leave-one-out fits share their items, and the probe of n items stands for others of its kind. On three picture sets with
four kinds of features, 2 to 10 classes and 2 to 30 labels a class (1800 fits), Wilson's interval covered 85 % at a nominal
95. So the standard error is widened by `WIDENING`; and because with few labels a class n - 1 items teach less than n,
the upper end is moved up by `FEW_LABELS` / labels a class of the errors. This then covered 97 %,
in no cell under 96 - on the same fits the two constants were chosen by, so expect a little less elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from transferkit.evaluate.summary import RankedSource
from transferkit.ops.statistics.crossed import crossed_interval
from transferkit.ops.statistics.proportion import wilson_interval

WIDENING = 1.3
FEW_LABELS = 0.4
FLOOR_CONFIDENCE = 0.8
"""One-sided: to leave out a good source costs the study its result, to try a poor one some minutes."""
DISAGREEMENT = 0.5
"""A score disagrees about a source where it orders it against more than this share of the others the other way round."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A source that could be scored."""

    name: str
    per_item: np.ndarray
    """(n,) the target's metric for each item, predicted without it; the mean is the prediction."""
    scores: Mapping[str, float]
    """All of them higher where better; the same names for every candidate."""
    parameters: int | None = None
    licence: str = "unknown"
    trained_on: str = "unknown"
    seconds: float = 0.0


def ranked(
    candidates: Sequence[Candidate],
    floor: np.ndarray | None,
    labels_per_class: float | None,
    higher_is_better: bool = True,
    level: float = 0.95,
) -> tuple[RankedSource, ...]:
    """The candidates, the most promising first.

    `floor` (n,) is the same as `Candidate.per_item` for random features; None where there are none, and `above_floor` is
    then None. `labels_per_class`: how many items a usual class has; None for a metric without classes and bounds.
    """
    if (
        len({candidate.per_item.shape for candidate in candidates} | ({floor.shape} if floor is not None else set()))
        > 1
    ):
        raise ValueError("all candidates and the floor must be judged on the same items")
    sign = 1.0 if higher_is_better else -1.0
    predicted = np.array([float(candidate.per_item.mean()) for candidate in candidates])
    places = _places(candidates)
    tie_break = np.mean([place for name, place in places.items() if name != "leave_one_out"] or [0 * predicted], axis=0)
    order = sorted(range(len(candidates)), key=lambda i: (-sign * predicted[i], tie_break[i], candidates[i].name))
    rows = []
    for i in order:
        candidate = candidates[i]
        low, high = predicted_interval(candidate.per_item, labels_per_class, level)
        rows.append(
            RankedSource(
                name=candidate.name,
                predicted=float(predicted[i]),
                low=low,
                high=high,
                scores=dict(candidate.scores),
                above_floor=None if floor is None else above_floor(sign * candidate.per_item, sign * floor),
                parameters=candidate.parameters,
                licence=candidate.licence,
                trained_on=candidate.trained_on,
                seconds=candidate.seconds,
                note=_disagreement(i, sign * predicted, candidates, places),
            )
        )
    return tuple(rows)


def predicted_interval(
    per_item: np.ndarray, labels_per_class: float | None, level: float = 0.95
) -> tuple[float, float]:
    """Low and high of the metric on unseen items, from its leave-one-out values (n,)."""
    n, mean = len(per_item), float(per_item.mean())
    variance = WIDENING**2 * float(per_item.var()) / n
    if labels_per_class is None:
        reach = float(special.stdtrit(n - 1, (1 + level) / 2)) * (variance * n / (n - 1)) ** 0.5
        return mean - reach, mean + reach
    share = min(max(mean, 0.0), 1.0)
    effective = share * (1 - share) / variance if variance and 0 < share < 1 else n / WIDENING**2
    low, high = wilson_interval(share, effective, level)
    # rounding must not put the prediction outside its own interval
    return min(low, mean), max(mean, min(high + FEW_LABELS / labels_per_class * (1 - share), 1.0))


def above_floor(per_item: np.ndarray, floor: np.ndarray) -> bool:
    """Whether a source does better than random features on the same items (n,), with `FLOOR_CONFIDENCE`."""
    interval = crossed_interval((per_item - floor)[None, :], level=2 * FLOOR_CONFIDENCE - 1)
    return interval.low > 0


def _places(candidates: Sequence[Candidate]) -> dict[str, np.ndarray]:
    """Score -> (number of candidates,) places, 1 the best; equals share the better place."""
    names = candidates[0].scores if candidates else {}
    values = {name: np.array([candidate.scores[name] for candidate in candidates]) for name in names}
    return {name: 1 + (value[:, None] < value[None, :]).sum(axis=1) for name, value in values.items()}


def _disagreement(
    i: int, predicted: np.ndarray, candidates: Sequence[Candidate], places: Mapping[str, np.ndarray]
) -> str:
    """A line where other scores place candidate i very differently: Kendall's discordant pairs, of one candidate."""
    n = len(candidates)
    if n < 3:
        return ""
    told = []
    for name, place in places.items():
        discordant = (np.sign(predicted[i] - predicted) * np.sign(place[i] - place) > 0).sum()
        if discordant > DISAGREEMENT * (n - 1):
            told.append(f"{place[i]} by {name}")
    return f"the scores disagree: of {n} sources it is in place {', '.join(told)}" if told else ""
