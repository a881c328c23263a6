"""Oracle: scikit-learn's shrunk linear discriminant analysis."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.discriminant import Discriminant, class_means


def problem(n=40, d=6, seed=0):
    generator = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], [n // 2, n // 4, n - n // 2 - n // 4])
    return generator.normal(size=(3, d))[labels] + generator.normal(size=(n, d)) * generator.uniform(0.2, 2, d), labels


@pytest.mark.parametrize("d", [2, 6, 60])
@pytest.mark.parametrize("share", [0.1, 0.7])
def test_probabilities_are_scikit_learns(d, share):
    features, labels = problem(d=d)
    found = Discriminant.of(PrincipalAxes.of(features).coordinates, labels, d, share)
    chances = softmax(found.log_priors(False) - found.distances() / 2, axis=1)
    other = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=share).fit(features, labels)
    np.testing.assert_allclose(chances, other.predict_proba(features), atol=1e-8)


def test_classes_that_are_single_points_still_have_a_metric():
    features = np.eye(3)[[0, 0, 1, 1, 2, 2]]
    found = Discriminant.of(features - features.mean(axis=0), np.array([0, 0, 1, 1, 2, 2]), 3)
    assert np.isfinite(found.distances()).all()


def test_class_means_are_those_of_their_items():
    features, labels = problem()
    counts, means = class_means(features, labels)
    assert counts.tolist() == [20, 10, 10]
    np.testing.assert_allclose(means[1], features[labels == 1].mean(axis=0))
