"""Oracle: scikit-learn's principal components, and its mixture from the same start, read by LEEP."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from transferkit.ops.gaussian_mixture import responsibilities
from transferkit.ops.scores import nleep as module
from transferkit.ops.scores.leep import leep
from transferkit.ops.scores.nleep import nleep


def problem(n=90, d=20, n_classes=3, apart=1.0, seed=0):
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    features = generator.normal(size=(n_classes, d))[labels] * apart + generator.normal(size=(n, d))
    return features * generator.uniform(0.1, 3, d) + 4, labels


@pytest.mark.parametrize(("n", "d", "clumps"), [(90, 20, 15), (30, 60, 6), (9, 4, 2)])
@pytest.mark.parametrize("balanced", [False, True])
def test_score_is_leep_of_clumps_along_the_components_of_scikit_learn(n, d, clumps, balanced):
    features, labels = problem(n, d)
    items = PCA(0.8, svd_solver="full").fit_transform(features)
    found = responsibilities(items, clumps, 1e-2 * np.square(items).mean())
    assert nleep(features, labels, balanced=balanced) == pytest.approx(leep(found, labels, balanced=balanced), abs=1e-6)


def test_classes_far_apart_score_near_0_and_labels_without_relation_near_their_entropy():
    features, labels = problem(n=300, apart=10)
    assert nleep(features, labels) > -0.01
    shuffled = np.random.default_rng(1).permutation(labels)
    assert -np.log(3) <= nleep(features, shuffled) < -np.log(3) + 0.15


def test_taking_some_of_the_items_changes_little(monkeypatch):
    features, labels = problem(n=600, apart=1.5)
    whole = nleep(features, labels)
    monkeypatch.setattr(module, "MOST_ITEMS", 300)
    assert nleep(features, labels) == pytest.approx(whole, abs=0.1)


def test_another_draw_moves_it_by_some_hundredths(monkeypatch):
    features, labels = problem()
    scores = []
    for draw in range(5):
        monkeypatch.setattr("transferkit.ops.gaussian_mixture.DRAW", draw)
        scores.append(nleep(features, labels))
    assert 0 < np.std(scores) < 0.1
