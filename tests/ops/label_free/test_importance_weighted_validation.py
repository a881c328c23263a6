import numpy as np
import pytest

from transferkit.ops.label_free.density_ratio import density_ratio
from transferkit.ops.label_free.importance_weighted_validation import (
    importance_weighted_validation,
    weighted_accuracy,
)
from transferkit.ops.label_free.judged import Judged


def test_under_the_true_density_ratio_it_estimates_the_targets_accuracy():
    """Source N(0, 1), target N(1, 1), right where x < 0.3: the accuracy is the distribution function of N(0, 1) at -0.7."""
    x = np.random.default_rng(0).normal(size=200_000)
    assert weighted_accuracy(np.exp(x - 0.5), x < 0.3) == pytest.approx(0.2419636522230731, abs=0.01)


def test_value_is_the_weighted_share_of_the_right(wine):
    moved = Judged(
        target_probabilities=wine.target_probabilities[:70], target_features=wine.target_features[:70],
        source_probabilities=wine.source_probabilities, source_labels=wine.source_labels,
        source_features=wine.source_features,
    )  # fmt: skip
    weights = density_ratio(wine.source_features, wine.target_features[:70])
    right = [p.argmax() == y for p, y in zip(wine.source_probabilities, wine.source_labels, strict=True)]
    expected = sum(w for w, r in zip(weights, right, strict=True) if r) / sum(weights)
    assert importance_weighted_validation(moved) == pytest.approx(expected)
