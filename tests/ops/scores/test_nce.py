"""Oracles: entropies from scikit-learn and scipy, LEEP of certain guesses, and a value of the released code."""

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.datasets import load_wine
from sklearn.metrics import mutual_info_score

from transferkit.ops.scores.leep import leep
from transferkit.ops.scores.nce import nce


def problem(seed=0, n=60):
    generator = np.random.default_rng(seed)
    return generator.integers(0, 7, n), generator.integers(0, 3, n)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_score_is_mutual_information_less_entropy(seed):
    source_labels, labels = problem(seed)
    expected = mutual_info_score(source_labels, labels) - entropy(np.bincount(labels))
    assert nce(source_labels, labels) == pytest.approx(expected)


@pytest.mark.parametrize("balanced", [False, True])
def test_score_is_leep_of_guesses_taken_as_certain(balanced):
    source_labels, labels = problem()
    assert nce(source_labels, labels, balanced=balanced) == pytest.approx(
        leep(np.eye(7)[source_labels], labels, balanced=balanced)
    )


def test_score_is_that_of_the_released_code():
    """thuml/LogME at 56551ca94a, NCE.py, run on these numbers; it adds 1e-20 to every share."""
    features, labels = load_wine(return_X_y=True)
    standard = (features - features.mean(axis=0)) / features.std(axis=0)
    assert nce(standard[:, :4].argmax(axis=1), labels) == pytest.approx(-0.7480564255763054, rel=1e-12)


def test_names_of_the_source_classes_do_not_matter():
    source_labels, labels = problem()
    assert nce(source_labels * 1000 - 5, labels) == nce(source_labels, labels)


def test_as_many_source_classes_as_items_score_0_on_any_labels():
    assert nce(np.arange(60), problem()[1]) == 0


@pytest.mark.parametrize("source_labels", [np.ones(4), np.ones((4, 2), dtype=int)])
def test_what_is_no_class_number_an_item_is_refused(source_labels):
    with pytest.raises(ValueError, match="one class number an item"):
        nce(source_labels, np.array([0, 1, 0, 1]))
