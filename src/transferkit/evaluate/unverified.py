"""What can be said of a gain without target labels, and which few labels would say the rest.

Without labels a gain in accuracy is bounded and no more: target items that both models put into the same class are right under
both or wrong under both, so that only the others count. With N of n items in dispute,

    |accuracy of one - accuracy of the other| <= N / n                         on these n items, whatever their labels

The labels of k items drawn from the N, each with the same chance, give the gain with an interval: with f+ of them right under
the chosen model alone and f- right under the baseline alone, m = (f+ - f-) / k and q = N / n,

    gain = q m        from  q m - sqrt(q^2 (m - m_low)^2 + m^2 (q - q_low)^2),  and so to the other side

by the limits of each (MOVER, Zou & Donner 2008): those of m after Bonett & Price 2012, with one more item each way, and those
of q, for further items, after Wilson. Labels spent on the other n - N items would tell nothing of the gain.

The bound of Ben-David et al. 2010 (Machine Learning 79, theorem 2) is given beside it for what it is: target error <= source
error + d / 2 + lambda, where lambda, the error of the best model for both domains, is unknown without target labels, and d, a
divergence, is stood in for by the proxy A-distance. It measures the shift and proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.special import entr

from transferkit.evaluate.label_free import scored
from transferkit.evaluate.summary import Gain
from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.source_accuracy import source_accuracy
from transferkit.ops.statistics.proportion import wilson_interval

LABELS = 30
"""How many items a person is asked to label."""
FOLDS = 5
MOST = 2000
"""Items of either side on which the distance is measured; always the same ones."""
LEVEL = 0.95
POWER = 0.8


@dataclass(frozen=True)
class LabelRequest:
    """The items whose labels would tell most of whether one model is better than another; positions in the target."""

    deciding: tuple[int, ...]
    """Items in dispute, drawn so that each had the same chance; only they say anything of the gain."""
    further: tuple[int, ...]
    """Where fewer are in dispute than asked for: those the chosen model is least sure of. Good to learn from."""
    n_disputed: int
    n_items: int

    @property
    def items(self) -> tuple[int, ...]:
        """All of them, the deciding ones first."""
        return self.deciding + self.further

    @property
    def most(self) -> float:
        """Largest gain or loss in accuracy on these items, 0 to 1."""
        return self.n_disputed / self.n_items

    @property
    def reach(self) -> float:
        """Half the width of the interval once the deciding items are labelled, at most about; accuracy, 0 to 1."""
        return min(_quantile() * self.most / float(np.sqrt(len(self.deciding) + 2)), self.most)


@dataclass(frozen=True)
class Unverified:
    """A bounded statement on a chosen model and its baseline where the target has no labels."""

    labels: LabelRequest
    distance: float | None
    """Proxy A-distance of source and target, 0 (one domain) to 2 (told apart without error); None where not measured."""
    source_accuracy: float | None
    """Of the chosen model, on held-out source items."""
    scores: Mapping[str, float]
    """Label-free scores of the chosen model."""
    baseline_scores: Mapping[str, float]

    @property
    def error_bound(self) -> float | None:
        """Ben-David's bound on the target error without its unknown lambda; above 1 it says nothing."""
        if self.distance is None or self.source_accuracy is None:
            return None
        return 1 - self.source_accuracy + self.distance / 2

    def sentence(self, about: str, baseline: str = "the source only", scale: float = 100.0) -> str:
        """The statement for a person; `about` names what was chosen, `scale` turns accuracy into points.

        >>> request = LabelRequest(tuple(range(30)), (), n_disputed=212, n_items=2000)
        >>> print(Unverified(request, 1.3, 0.96, {}, {}).sentence("Transfer from drawings/ by mmd"))
        Transfer from drawings/ by mmd cannot be verified without labels: against the source only it changes the class of 212 of
        2000 target items, so on these its gain lies between -10.6 and 10.6 accuracy points; label these 30 of the 212 to
        know the gain to within about 3.7 points.
        """
        found, k = self.labels, len(self.labels.deciding)
        if not found.n_disputed:
            return (
                f"{about} makes no difference on these {found.n_items} target items: it gives each the class that "
                f"{baseline} gives it."
            )
        most, reach = (f"{scale * share:.1f}" for share in (found.most, found.reach))
        share = "all of these" if k == found.n_disputed else f"these {k} of the {found.n_disputed}"
        return (
            f"{about} cannot be verified without labels: against {baseline} it changes the class of {found.n_disputed} of "
            f"{found.n_items} target items, so on these its gain lies between -{most} and {most} accuracy points; label "
            f"{share} to know the gain to within about {reach} points."
        )


def unverified(chosen: Judged, baseline: Judged, distance: float | None = None, n_labels: int = LABELS) -> Unverified:
    """The statement on two models judged on the same target items.

    `distance`: the proxy A-distance of source and target; None measures it on the chosen model's features, where there are any.
    """
    if distance is None:
        distance = _distance(chosen)
    elif not 0 <= distance <= 2:
        raise ValueError(f"a proxy A-distance lies between 0 and 2, got {distance}")
    return Unverified(
        labels=items_to_label(
            chosen.target_probabilities, baseline.target_probabilities, chosen.target_features, n_labels
        ),
        distance=distance,
        source_accuracy=source_accuracy(chosen) if chosen.has_source else None,
        scores=scored(chosen),
        baseline_scores=scored(baseline),
    )


def items_to_label(
    chosen: np.ndarray, baseline: np.ndarray, features: np.ndarray | None = None, n: int = LABELS, seed: int = 0
) -> LabelRequest:
    """The at most n items to label, of two models' target probabilities (n_t, C) each.

    Items in dispute are put in a row, those of one pair of classes together and among them those of like features (n_t, d), and
    items at equal steps along it are taken: spread over classes and features, and each with the same chance, so that the gain
    read off them is unbiased (systematic sampling; Madow & Madow 1944). To pick the hardest or the most outlying would not be.

    >>> one, other = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), np.array([[0.8, 0.2], [0.3, 0.7], [0.1, 0.9]])
    >>> items_to_label(one, other, n=2)
    LabelRequest(deciding=(1,), further=(2,), n_disputed=1, n_items=3)
    """
    if chosen.shape != baseline.shape or n < 1:
        raise ValueError(
            f"two tables of one shape and 1 label or more are needed, got {chosen.shape}, {baseline.shape}, {n}"
        )
    ours, theirs = chosen.argmax(axis=1), baseline.argmax(axis=1)
    disputed = np.flatnonzero(ours != theirs)
    if features is None:
        features = np.log(np.clip(chosen, 1e-12, None))
    row = [
        _of_like_features(features, disputed[(ours[disputed] == a) & (theirs[disputed] == b)])
        for a, b in sorted(set(zip(ours[disputed], theirs[disputed], strict=True)))
    ]
    row_of_all = np.concatenate([*row, np.zeros(0, dtype=np.int64)]).astype(np.int64)
    k = min(n, len(disputed))
    start = np.random.default_rng(seed).random()
    deciding = row_of_all[((start + np.arange(k)) * len(row_of_all) / max(k, 1)).astype(np.int64)]
    agreed = np.flatnonzero(ours == theirs)
    further = _least_sure(chosen, agreed, ours[agreed], min(n - k, len(agreed)))
    return LabelRequest(
        deciding=tuple(sorted(int(item) for item in deciding)),
        further=tuple(int(item) for item in further),
        n_disputed=len(disputed),
        n_items=len(chosen),
    )


def gain_from_labels(
    request: LabelRequest, chosen_right: np.ndarray, baseline_right: np.ndarray, level: float = LEVEL
) -> Gain:
    """The gain in accuracy from the labels of the deciding items; both (k,) bool, in the order of `request.deciding`.

    The interval speaks of further items like these and of the two models as they are, not of other training runs.

    >>> request = LabelRequest(tuple(range(20)), (), n_disputed=100, n_items=1000)
    >>> gain = gain_from_labels(request, np.arange(20) < 15, np.arange(20) >= 15)
    >>> round(gain.mean, 3), round(gain.low, 3), round(gain.high, 3)
    (0.05, 0.007, 0.084)
    """
    k = len(request.deciding)
    if chosen_right.shape != (k,) or baseline_right.shape != (k,):
        raise ValueError(
            f"{k} deciding items need {k} answers of each, got {chosen_right.shape}, {baseline_right.shape}"
        )
    share, z = request.most, _quantile(level)
    if not k:  # never in dispute: the gain is no larger than the share in dispute may be
        reach = wilson_interval(0.0, request.n_items, level)[1]
        return Gain(0.0, -reach, reach, level, 1, request.n_items, reach)
    difference = np.asarray(chosen_right, dtype=np.float64) - np.asarray(baseline_right, dtype=np.float64)
    mean = float(difference.mean())
    ours, theirs = (float((difference == sign).sum() + 1) / (k + 2) for sign in (1, -1))
    reach = z * float(np.sqrt((ours + theirs - (ours - theirs) ** 2) / (k + 2)))
    limits = (max(ours - theirs - reach, -1.0), min(ours - theirs + reach, 1.0))
    shares = wilson_interval(share, request.n_items, level)
    # of a loss the lower limit is the one with more items in dispute
    nearer, farther = shares if mean >= 0 else shares[::-1]
    low = share * mean - float(np.hypot(share * (mean - limits[0]), mean * (share - nearer)))
    high = share * mean + float(np.hypot(share * (limits[1] - mean), mean * (share - farther)))
    error = (high - low) / (2 * z)
    return Gain(
        mean=share * mean,
        low=max(low, -1.0),
        high=min(high, 1.0),
        level=level,
        n_seeds=1,
        n_items=request.n_items,
        smallest_detectable=min((z + float(special.ndtri(POWER))) * error, 1.0),
    )


def _distance(judged: Judged) -> float | None:
    if judged.source_features is None or judged.target_features is None:
        return None
    import torch

    from transferkit.ops.discrepancies.proxy_a_distance import proxy_a_distance

    draw = np.random.default_rng(0)
    sides = [side[draw.permutation(len(side))[:MOST]] for side in (judged.source_features, judged.target_features)]
    if min(len(side) for side in sides) < 2 * FOLDS:  # too few to say how far apart they are
        return None
    return proxy_a_distance(torch.from_numpy(sides[0]), torch.from_numpy(sides[1]), n_folds=FOLDS)


def _of_like_features(features: np.ndarray, items: np.ndarray) -> np.ndarray:
    """(k,) the same items, neighbours next to each other: halved at the median along the widest feature, again and again."""
    if len(items) < 3:
        return items
    here = features[items]
    order = items[np.argsort(here[:, int(here.var(axis=0).argmax())], kind="stable")]
    half = len(items) // 2
    return np.concatenate([_of_like_features(features, order[:half]), _of_like_features(features, order[half:])])


def _least_sure(table: np.ndarray, items: np.ndarray, classes: np.ndarray, n: int) -> np.ndarray:
    """(n,) of the items, the least sure of each predicted class in turn."""
    by_doubt = np.argsort(-entr(table[items]).sum(axis=1), kind="stable")
    turn = np.zeros(len(items), dtype=np.int64)
    for k in np.unique(classes):
        turn[by_doubt[classes[by_doubt] == k]] = np.arange((classes == k).sum())
    place = np.empty(len(items), dtype=np.int64)
    place[by_doubt] = np.arange(len(items))
    picked: np.ndarray = items[np.lexsort((place, turn))[:n]]
    return picked


def _quantile(level: float = LEVEL) -> float:
    return float(special.ndtri((1 + level) / 2))
