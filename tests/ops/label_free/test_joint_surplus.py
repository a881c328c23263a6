"""The joint surplus, against every assignment of a few items and against POT."""

from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from transferkit.ops.label_free import joint_surplus as module
from transferkit.ops.label_free.joint_surplus import joint_surpluses

DRAW = np.random.default_rng(0)


def by_scaled_hand(
    source: np.ndarray, labels: np.ndarray, target: np.ndarray, said: np.ndarray, variance: float
) -> float:
    """Through POT, with the labels' variance given."""
    ot = pytest.importorskip("ot")
    squares = cdist(source, target, "sqeuclidean")
    features, losses = 40 * squares / np.median(squares), np.subtract.outer(labels, said) ** 2 / variance
    even = np.full(len(source), 1 / len(source))
    return float(ot.emd2(even, even, features + losses) - ot.emd2(even, even, features))


def by_hand(source: np.ndarray, labels: np.ndarray, target: np.ndarray, said: np.ndarray, weight: float) -> float:
    squares = cdist(source, target, "sqeuclidean")
    features = weight * squares / np.median(squares)
    losses = np.subtract.outer(labels, said) ** 2 / labels.var()
    every = [list(order) for order in permutations(range(len(source)))]
    place = np.arange(len(source))
    joint = min((features + losses)[order, place].mean() for order in every)
    return joint - min(features[order, place].mean() for order in every)


@pytest.mark.parametrize("weight", [0.0, 3.0, 40.0])
def test_it_is_the_least_over_every_assignment(weight: float) -> None:
    source, target = DRAW.normal(size=(6, 2)), DRAW.normal(size=(6, 2)) + 1
    labels, said = DRAW.normal(size=6), DRAW.normal(size=(3, 6)) * 2 + 1
    wanted = [by_hand(source, labels, target, one, weight) for one in said]
    np.testing.assert_allclose(joint_surpluses(source, labels, target, said, weight), wanted, atol=1e-9)


def test_it_is_what_pot_finds_for_many_items() -> None:
    source, target = DRAW.normal(size=(80, 3)), DRAW.normal(size=(80, 3)) * 1.5
    labels, said = source.sum(1), target.sum(1) + 1
    wanted = by_scaled_hand(source, labels, target, said, labels.var())
    assert joint_surpluses(source, labels, target, said[None])[0] == pytest.approx(wanted, abs=1e-8)


def test_the_truth_costs_nothing_where_the_domains_are_one_and_an_offset_costs_its_square() -> None:
    items = DRAW.normal(size=(50, 2))
    labels = items[:, 0]
    found = joint_surpluses(items, labels, items, np.stack([labels, labels + 3 * labels.std()]), weight=1e4)
    np.testing.assert_allclose(found, [0, 9], atol=1e-6)


def test_units_of_labels_and_features_do_not_matter() -> None:
    source, target = DRAW.normal(size=(30, 2)), DRAW.normal(size=(25, 2))
    labels, said = source[:, 0], target.sum(1)[None]
    plain = joint_surpluses(source, labels, target, said)
    np.testing.assert_allclose(joint_surpluses(1e3 * source, 50 * labels, 1e3 * target, 50 * said), plain)


def test_of_many_items_always_the_same_ones_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 10)
    source, target = DRAW.normal(size=(91, 2)), DRAW.normal(size=(46, 2))
    labels, said = source[:, 0], target[:, :1].T
    first, again = (joint_surpluses(source, labels, target, said)[0] for _ in range(2))
    assert first == again
    cut = source[::10], labels[::10], target[::5], said[0, ::5]
    assert first == pytest.approx(by_scaled_hand(*cut, variance=labels.var()))


def test_features_and_labels_that_do_not_vary_cost_nothing() -> None:
    still = np.ones((12, 2))
    assert joint_surpluses(still, np.arange(12.0), still, np.arange(12.0)[None])[0] == pytest.approx(0)
    assert joint_surpluses(still, np.ones(12), still, np.ones((1, 12)))[0] == pytest.approx(0)
