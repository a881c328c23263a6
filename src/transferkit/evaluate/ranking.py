"""Ranking arithmetic: from the scores of several sources on the same items to an order, with intervals and a floor.

With a rule (`evaluate/forecast.py`; shares of right answers) sources are ordered by the metric that is to be expected after
fine-tuning. Without one (any other metric) by what a linear head on their features gets right, leave-one-out: a number in the
target's own metric. Equal ones are ordered by their mean place under the other scores.

Without a rule the interval says where the metric of a probe on unseen items may lie. Binomial arithmetic is too narrow for
that: the n leave-one-out fits share their items, and the probe of n items stands for others of its kind. On three picture
sets with four kinds of features, 2 to 10 classes and 2 to 30 labels a class (1800 fits), Wilson's interval covered 85 % at
a nominal 95. So the standard error is widened by `WIDENING`; and because with few labels a class n - 1 items teach less
than n, the upper end is moved up by `FEW_LABELS` / labels a class of the errors. This then covered 97 %, in no cell under
96 - on the same fits the two constants were chosen by, so expect a little less elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from transferkit.evaluate.forecast import SHARES, Forecast, Rule, forecast, terms
from transferkit.evaluate.summary import RankedSource
from transferkit.ops.statistics.crossed import crossed_interval
from transferkit.ops.statistics.proportion import wilson_interval

WIDENING = 1.3
FEW_LABELS = 0.4
FLOOR_CONFIDENCE = 0.8
"""One-sided: to leave out a good source costs the study its result, to try a poor one some minutes."""
HEEDED = ("leave_one_out", "lda", "nearest_class_mean", "knn", "logme", "nleep", "parc")
"""Scores whose word is passed on where they disagree: on the oracle each chooses far better than chance. The others order by
the length of the feature vector, or by the source's own classes, as soon as labels are few."""
SHOWN = 2
DISAGREEMENT = 0.5
"""A score disagrees about a source where it orders it against more than this share of the others the other way round."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A source that could be scored."""

    name: str
    per_item: np.ndarray
    """(n,) the target's metric for each item, predicted without it; the mean is the prediction."""
    scores: Mapping[str, float]
    """All of them higher where better; a source without a head has fewer."""
    parameters: int | None = None
    licence: str = "unknown"
    trained_on: str = "unknown"
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    """What a person should know of how it takes these items."""


def ranked(
    candidates: Sequence[Candidate],
    floor: np.ndarray | None,
    labels_per_class: float | None,
    higher_is_better: bool = True,
    level: float = 0.95,
    rule: Rule | None = None,
) -> tuple[RankedSource, ...]:
    """The candidates, the most promising first.

    `floor` (n,) is the same as `Candidate.per_item` for random features; None where there are none, and `above_floor` is
    then None. `labels_per_class`: how many items a usual class has; None for a metric without classes and bounds. `rule`:
    None predicts the left-out metric itself, of a linear head; a rule predicts the metric after fine-tuning, with an interval
    that is always one of 95 %.
    """
    if (
        len({candidate.per_item.shape for candidate in candidates} | ({floor.shape} if floor is not None else set()))
        > 1
    ):
        raise ValueError("all candidates and the floor must be judged on the same items")
    sign = 1.0 if higher_is_better else -1.0
    found = _predicted(candidates, labels_per_class, level, rule)
    predicted = found.middle
    places = _places(candidates)
    others = [place for name, place in places.items() if name != "leave_one_out"]
    tie_break = np.nanmean(others, axis=0) if others else 0 * predicted  # every score of one source at least is there
    order = sorted(range(len(candidates)), key=lambda i: (-sign * predicted[i], tie_break[i], candidates[i].name))
    rows = []
    for i in order:
        candidate = candidates[i]
        rows.append(
            RankedSource(
                name=candidate.name,
                predicted=float(predicted[i]),
                low=float(found.low[i]),
                high=float(found.high[i]),
                scores=dict(candidate.scores),
                above_floor=None if floor is None else above_floor(sign * candidate.per_item, sign * floor),
                parameters=candidate.parameters,
                licence=candidate.licence,
                trained_on=candidate.trained_on,
                seconds=candidate.seconds,
                chance=None if found.chance is None else float(found.chance[i]),
                note="; ".join(
                    filter(None, (*candidate.notes, _disagreement(i, sign * predicted, candidates, places)))
                ),
            )
        )
    return tuple(rows)


def likely_best(rows: Sequence[RankedSource], share: float = 0.9) -> tuple[str, ...]:
    """The fewest sources among which the best one is with this chance; all that could be ranked where no chance is known.

    On the oracle, with targets left out, they were a third of the sources and what the best of them reaches was a fraction of a
    point from the best of all; see docs/ranking.md.
    """
    usable = [row for row in rows if row.is_usable]
    if any(row.chance is None for row in usable):
        return tuple(row.name for row in usable)
    names, reached = [], 0.0
    for row in sorted(usable, key=lambda row: -(row.chance or 0.0)):
        if reached >= share:
            break
        names.append(row.name)
        reached += row.chance or 0.0
    return tuple(names)


def _predicted(
    candidates: Sequence[Candidate], labels_per_class: float | None, level: float, rule: Rule | None
) -> Forecast:
    """By the rule, or what a linear head gets right, left out."""
    means = np.array([candidate.per_item.mean() for candidate in candidates], dtype=np.float64)
    if rule is None or not candidates:
        bounds = [predicted_interval(candidate.per_item, labels_per_class, level) for candidate in candidates]
        return Forecast(means, *np.array(bounds).reshape(-1, 2).T)
    readers = {
        name: [candidate.scores[name] for candidate in candidates] for name in rule.coefficients if name in SHARES
    }
    # leave_one_out in the target's own metric, which need not be accuracy
    seen = terms(
        {**readers, "leave_one_out": np.clip(means, 0, 1)},
        len(candidates[0].per_item),
        [c.parameters for c in candidates],
    )
    return forecast(rule, seen, len(candidates[0].per_item))


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
    """Score -> (number of candidates,) places, 1 the best, NaN where it has no such score; equals share the better place."""
    names = {name: None for candidate in candidates for name in candidate.scores}
    values = {name: np.array([candidate.scores.get(name, np.nan) for candidate in candidates]) for name in names}
    places = {name: 1.0 + (value[:, None] < value[None, :]).sum(axis=1) for name, value in values.items()}
    return {name: np.where(np.isnan(values[name]), np.nan, place) for name, place in places.items()}


def _disagreement(
    i: int, predicted: np.ndarray, candidates: Sequence[Candidate], places: Mapping[str, np.ndarray]
) -> str:
    """A line where other scores place candidate i very differently: Kendall's discordant pairs, of one candidate."""
    n = len(candidates)
    if n < 3:
        return ""
    told: dict[str, float] = {}
    for name, place in places.items():
        discordant = (np.sign(predicted[i] - predicted) * np.sign(place[i] - place) > 0).sum()  # NaN is not
        if name in HEEDED and discordant > DISAGREEMENT * (n - 1):
            told[name] = discordant
    most = sorted(told, key=lambda name: -told[name])[:SHOWN]
    shown = ", ".join(f"{places[name][i]:.0f} by {name}" for name in most)
    more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    return f"the scores disagree: of {n} sources it is in place {shown}{more}" if told else ""
