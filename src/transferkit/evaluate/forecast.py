"""Forecast: what a metric will be after fine-tuning a source, from what was seen of the source before; and how sure that is.

    logit(metric) = intercept + sum of coefficient x term

The terms are left-out accuracies of simple readers of the features, as logits, and the network's size. In logits, because a
step from 0.97 to 0.98 is as hard as one from 0.6 to 0.7, and so that no forecast leaves 0 to 1.

Which terms, and their coefficients, were chosen on an oracle: true fine-tuning results of many sources on many targets
(`bench/oracle`, docs/ranking.md), judged on targets left out. It holds small networks and 60 to 120 labelled pictures;
elsewhere the order is as good as the readers', and the interval is a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_ndtr

SHARES = ("leave_one_out", "lda", "knn", "nearest_class_mean")
"""Scores that are left-out accuracies, 0 to 1."""
SMALLEST, LARGEST = 78_160, 60_192_808
"""Parameters of the smallest network of the oracle, and of the largest (ResNet-152) of a published table of eight data sets in
which larger ones were better as well; what is beyond counts as these."""
UNKNOWN_SIZE = 308_896
"""What a network of unknown size counts as: the middle one of the oracle."""
GRID = 2001
"""Points at which the chance to be the best is summed up."""


@dataclass(frozen=True)
class Rule:
    """A line in logits; the names of its coefficients are those of `terms`."""

    intercept: float
    coefficients: Mapping[str, float]
    spread: float
    """Standard deviation, in logits, of what fine-tuning does that the terms do not see."""
    quantile: float
    """95 % of the residuals of targets left out of the fit are smaller than so many of their standard deviations."""
    between: float
    """As `spread`, without what lifts or lowers all sources of a target alike: how unlike two sources of equal terms are."""
    metrics: tuple[str, ...] = ("accuracy", "balanced_accuracy", "macro_f1")
    """Those it speaks of: shares of right answers, the same where classes are alike in number."""


RULE = Rule(
    intercept=0.3741,
    coefficients={"lda": 0.4532, "nearest_class_mean": 0.4532, "size": 0.2227},
    spread=0.5429,
    quantile=2.1563,
    between=0.4196,
)
"""Chosen from 30 sets of terms by agreement with targets left out, and fitted, by `python -m bench.oracle.rules`."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """The metric after fine-tuning each of m sources, with 95 % intervals; all (m,)."""

    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray
    chance: np.ndarray | None = None
    """That this source turns out to be the best of the m; None where nothing is known of that."""


def forecast(rule: Rule, terms: Mapping[str, np.ndarray], n: int) -> Forecast:
    """What `rule` says of sources with these `terms`, seen on n labelled items."""
    middle, error = line(rule, terms, n)
    reach = rule.quantile * np.hypot(rule.spread, error)
    chance = chances(middle, np.hypot(rule.between, error))
    return Forecast(expit(middle), expit(middle - reach), expit(middle + reach), chance)


def chances(middle: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """That each of m independent normal numbers with these middles and deviations (m,) is the largest; their sum is 1.

    P(i is the largest) = integral of its density times the product of the others' distribution functions.

    >>> chances(np.array([0.0, 0.0, -9.0]), np.ones(3)).round(6).tolist()
    [0.5, 0.5, 0.0]
    """
    grid = np.linspace((middle - 8 * deviation).min(), (middle + 8 * deviation).max(), GRID)
    standard = (grid - middle[:, None]) / deviation[:, None]  # (m, GRID)
    below = log_ndtr(standard)
    weight = np.exp(below.sum(axis=0) - below - np.square(standard) / 2) / deviation[:, None]
    chance: np.ndarray = weight.sum(axis=1) / weight.sum()
    return chance


def line(rule: Rule, terms: Mapping[str, np.ndarray], n: int) -> tuple[np.ndarray, np.ndarray]:
    """The forecasts, and how much of their error is that n items are few; both (m,) in logits.

    The rule's shares are of the same items and go up and down together: they have the standard error of one share.
    """
    middle = rule.intercept + np.sum([slope * terms[name] for name, slope in rule.coefficients.items()], axis=0)
    slopes = {name: slope for name, slope in rule.coefficients.items() if name in SHARES}
    total = sum(slopes.values())
    share = expit(np.sum([slope * terms[name] for name, slope in slopes.items()], axis=0) / total)
    return np.asarray(middle), np.asarray(total / np.sqrt(n * share * (1 - share)))


def terms(
    scores: Mapping[str, Sequence[float] | np.ndarray], n: int, parameters: Sequence[float | None]
) -> dict[str, np.ndarray]:
    """Everything a rule may use, name -> (m,), from m sources' scores of n labelled items and their numbers of parameters.

    Shares are counted with half an item right and half an item wrong more, so that 0 and 1 have a logit.

    >>> terms({"knn": [0.5, 1.0]}, 10, parameters=[None, 3_088_960])
    {'knn': array([0.        , 3.04452244]), 'size': array([0., 1.])}
    """
    right = {name: n * np.asarray(scores[name], dtype=np.float64) for name in SHARES if name in scores}
    sizes = np.clip([count or UNKNOWN_SIZE for count in parameters], SMALLEST, LARGEST)
    readers = {name: np.log((share + 0.5) / (n - share + 0.5)) for name, share in right.items()}
    return readers | {"size": np.log10(sizes / UNKNOWN_SIZE)}
