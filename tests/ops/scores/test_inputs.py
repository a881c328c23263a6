"""Every score refuses the same bad arguments in the same words."""

import numpy as np
import pytest

from transferkit.ops.scores.h_score import h_score
from transferkit.ops.scores.inputs import balancing_weights
from transferkit.ops.scores.knn import knn
from transferkit.ops.scores.leave_one_out import leave_one_out_classes
from transferkit.ops.scores.logme import logme

SCORES = [h_score, knn, leave_one_out_classes, logme]
FEATURES = np.random.default_rng(0).normal(size=(6, 3))
LABELS = np.array([0, 0, 0, 1, 1, 1])


def with_value(value):
    features = FEATURES.copy()
    features[2, 1] = value
    return features


@pytest.mark.parametrize("score", SCORES, ids=lambda s: s.__name__)
@pytest.mark.parametrize(
    ("features", "labels", "reason"),
    [
        (with_value(np.nan), LABELS, "features of item 2 are not finite"),
        (with_value(np.inf), LABELS, "features of item 2 are not finite"),
        (np.ones((6, 3)), LABELS, "same for every item"),
        (FEATURES[:, 0], LABELS, "table of two items or more"),
        (FEATURES[:1], LABELS[:1], "table of two items or more"),
        (FEATURES, LABELS[:5], "6 items need 6 labels"),
        (FEATURES, LABELS.astype(float), "class numbers"),
        (FEATURES, LABELS - 1, "class numbers"),
        (FEATURES, LABELS * 0, "all items are of one class"),
    ],
)
def test_features_and_labels_that_carry_no_score_are_refused(score, features, labels, reason):
    with pytest.raises(ValueError, match=reason):
        score(features, labels)


@pytest.mark.parametrize("score", SCORES, ids=lambda s: s.__name__)
def test_arguments_stay_as_they_were(score):
    features, labels = FEATURES.copy(), LABELS.copy()
    score(features, labels)
    np.testing.assert_array_equal(features, FEATURES)
    np.testing.assert_array_equal(labels, LABELS)


def test_balancing_weights_make_classes_count_alike():
    labels = np.array([0, 0, 0, 2])
    weights = balancing_weights(labels)
    assert weights.mean() == 1
    assert weights[:3].sum() == pytest.approx(weights[3])
