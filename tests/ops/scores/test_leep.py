"""Oracles: the double sum of the paper's equation, and a value of the released code."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.datasets import load_wine

from transferkit.ops.scores.leep import leep


def problem(n=40, z=6, n_classes=3, seed=0):
    generator = np.random.default_rng(seed)
    return softmax(generator.normal(size=(n, z)) * 3, axis=1), np.arange(n) % n_classes


def direct(outputs, labels, weights):
    total = 0.0
    for i in range(len(labels)):
        chance = 0.0
        for z in range(outputs.shape[1]):
            same = labels == labels[i]
            chance += outputs[i, z] * (weights * outputs[:, z] * same).sum() / (weights * outputs[:, z]).sum()
        total += weights[i] * np.log(chance)
    return total / weights.sum()


@pytest.mark.parametrize("seed", [0, 1])
def test_score_is_the_papers_sum(seed):
    outputs, labels = problem(seed=seed)
    assert leep(outputs, labels) == pytest.approx(direct(outputs, labels, np.ones(40)))


def test_balanced_weighs_every_class_alike():
    outputs, _ = problem()
    labels = np.array([0] * 30 + [1] * 10)
    weights = np.where(labels == 0, 1 / 30, 1 / 10)
    assert leep(outputs, labels, balanced=True) == pytest.approx(direct(outputs, labels, weights))


def test_score_is_that_of_the_released_code():
    """thuml/LogME at 56551ca94a, LEEP.py, run on these numbers."""
    features, labels = load_wine(return_X_y=True)
    outputs = softmax(3 * ((features - features.mean(axis=0)) / features.std(axis=0))[:, :4], axis=1)
    assert leep(outputs, labels) == pytest.approx(-0.7708185656312412, rel=1e-12)


def test_source_classes_that_tell_all_score_0_and_that_tell_nothing_the_labels_entropy():
    labels = np.array([0, 0, 0, 1])
    assert leep(np.eye(3)[labels], labels) == 0
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert leep(np.full((4, 5), 0.2), labels) == pytest.approx(-entropy)


def test_a_source_class_that_never_occurs_says_nothing():
    outputs, labels = problem()
    padded = np.insert(outputs, 2, 0.0, axis=1)
    assert leep(padded, labels) == pytest.approx(leep(outputs, labels))


def test_order_and_number_of_source_classes_do_not_matter():
    outputs, labels = problem()
    assert leep(outputs[:, ::-1], labels) == pytest.approx(leep(outputs, labels))
    halved = np.repeat(outputs / 2, 2, axis=1)
    assert leep(halved, labels) == pytest.approx(leep(outputs, labels))


def test_32_bit_probabilities_are_as_good():
    outputs, labels = problem()
    assert leep(outputs.astype(np.float32), labels) == pytest.approx(leep(outputs, labels), rel=1e-5)


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        (np.array([[0.5, 0.5], [2.0, -1.0], [0.5, 0.5]]), "probabilities; those of item 1 sum to 1"),
        (np.array([[0.5, 0.5], [0.5, 0.5], [3.0, 1.0]]), "those of item 2 sum to 4"),
        (np.array([[0.5, 0.5], [np.nan, 0.5], [0.5, 0.5]]), "outputs of item 1 are not finite"),
        (np.ones((3, 1)), "two source classes or more"),
        (np.ones(3), "two source classes or more"),
    ],
)
def test_what_is_no_table_of_probabilities_is_refused(outputs, reason):
    with pytest.raises(ValueError, match=reason):
        leep(outputs, np.array([0, 1, 1]))
