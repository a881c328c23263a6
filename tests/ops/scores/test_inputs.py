"""Every score refuses the same bad arguments in the same words."""

import numpy as np
import pytest

from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.h_score import h_score
from transferkit.ops.scores.inputs import balancing_weights, one_hot, sparse_one_hot
from transferkit.ops.scores.knn import knn
from transferkit.ops.scores.leave_one_out import leave_one_out_classes, leave_one_out_numbers
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
        (FEATURES, LABELS - 1, "class numbers"),
        (FEATURES, LABELS * 0, "all items are of one class"),
    ],
)
def test_features_and_labels_that_carry_no_score_are_refused(score, features, labels, reason):
    with pytest.raises(ValueError, match=reason):
        score(features, labels)


@pytest.mark.parametrize("score", [h_score, knn, leave_one_out_classes], ids=lambda s: s.__name__)
def test_class_numbers_in_float_are_refused_where_only_classes_are_scored(score):
    with pytest.raises(ValueError, match="class numbers"):
        score(FEATURES, LABELS.astype(float))


@pytest.mark.parametrize("score", SCORES, ids=lambda s: s.__name__)
def test_arguments_stay_as_they_were(score):
    features, labels = FEATURES.copy(), LABELS.copy()
    score(features, labels)
    np.testing.assert_array_equal(features, FEATURES)
    np.testing.assert_array_equal(labels, LABELS)


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)])
def test_axes_that_are_shared_give_the_number_that_the_features_give(shape):
    features, labels = np.random.default_rng(0).normal(size=shape), np.arange(shape[0]) % 2
    axes = PrincipalAxes.of(features)
    for score in (h_score, logme):
        assert score(axes, labels) == pytest.approx(score(features, labels), rel=1e-9)
    for balanced in (False, True):
        shared, alone = (leave_one_out_classes(f, labels, balanced=balanced) for f in (axes, features))
        np.testing.assert_array_equal(shared.predictions, alone.predictions)
    numbers = features[:, 0]
    assert leave_one_out_numbers(axes, numbers).mean == leave_one_out_numbers(features, numbers).mean
    assert logme(axes, numbers) == logme(features, numbers)


def test_sparse_one_hot_is_the_dense_one():
    labels = np.array([2, 0, 1, 0])
    np.testing.assert_array_equal(sparse_one_hot(labels).toarray(), one_hot(labels, 3))


def test_balancing_weights_make_classes_count_alike():
    labels = np.array([0, 0, 0, 2])
    weights = balancing_weights(labels)
    assert weights.mean() == 1
    assert weights[:3].sum() == pytest.approx(weights[3])
