"""Oracle: the formula with d x d determinants, classes weighed by their share, about own means or the common one."""

import numpy as np
import pytest

from transferkit.ops.scores.transrate import transrate


def rate(items, distortion):
    n, d = items.shape
    return 0.5 * np.log(np.linalg.eigvalsh(np.eye(d) + items.T @ items / (n * distortion))).sum()


def direct(features, labels, distortion, own_means):
    z = features - features.mean(axis=0)
    z = z / np.sqrt(np.square(z).sum(axis=1).mean())
    inside = []
    for c in np.unique(labels):
        items = z[labels == c]
        inside.append(np.mean(labels == c) * rate(items - own_means * items.mean(axis=0), distortion))
    return rate(z, distortion) - sum(inside)


def problem(shape, seed=0):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 3, shape[0])
    return generator.normal(size=(3, shape[1]))[labels] + generator.normal(size=shape), labels


@pytest.mark.parametrize("shape", [(60, 5), (20, 45), (200, 20)])
@pytest.mark.parametrize("distortion", [1e-4, 0.5])
@pytest.mark.parametrize("own_means", [False, True])
def test_score_is_the_formula(shape, distortion, own_means):
    features, labels = problem(shape)
    expected = direct(features, labels, distortion, own_means)
    assert transrate(features, labels, distortion=distortion, own_means=own_means) == pytest.approx(expected)


def test_classes_in_different_directions_are_heard():
    generator = np.random.default_rng(0)
    labels = np.arange(300) % 3
    features = generator.normal(size=(300, 3)) * (0.1 + 5 * np.eye(3)[labels])
    assert transrate(features, labels) > 10 * transrate(features, generator.permutation(labels)) > 0


def test_classes_on_opposite_sides_of_the_middle_are_heard_unlike_in_the_published_form():
    points, labels = np.array([[-1.2], [-1.1], [-1.0], [1.0], [1.1], [1.2]]), np.array([0, 0, 0, 1, 1, 1])
    assert transrate(points, labels) > 2
    assert transrate(points, labels, own_means=False) == pytest.approx(0, abs=1e-9)


def test_with_fewer_items_than_features_any_labels_score_high():
    features, labels = problem((30, 500))
    shuffled = np.random.default_rng(1).permutation(labels)
    assert transrate(features, shuffled) > 0.9 * transrate(features, labels) > 10
