"""Trees as arrays, refined, transferred and boosted: against scikit-learn and by hand."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.tree import DecisionTreeClassifier

from transferkit.ops.trees.boosting import boosted, outputs_of, start_of
from transferkit.ops.trees.refined import refined
from transferkit.ops.trees.transferred import best_threshold, divergence, transferred
from transferkit.ops.trees.tree import LEAF, Branch, Tree, assembled

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(150, 4))
Y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)


def _tree(**settings: int) -> tuple[DecisionTreeClassifier, Tree]:
    fitted = DecisionTreeClassifier(random_state=0, **settings).fit(X, Y)
    return fitted, Tree.of(fitted)


def test_a_tree_as_arrays_answers_as_the_fitted_one() -> None:
    fitted, tree = _tree()
    other = DRAW.normal(size=(200, 4))
    np.testing.assert_array_equal(tree.leaves_of(other), fitted.apply(other))
    np.testing.assert_allclose(tree.predict(other), fitted.predict_proba(other))


def test_a_split_above_two_trees_sends_items_to_each() -> None:
    even = np.array([0.5, 0.5])
    lower = assembled(0, [Branch(0, 0.5, even, 1, 2), *(Tree.leaf(row) for row in np.eye(2))].__getitem__)
    tree = assembled(0, [Branch(1, 0.0, even, 1, 2), lower, Tree.leaf(np.array([0.2, 0.8]))].__getitem__)
    items = np.array([[0.0, -1.0], [1.0, -1.0], [0.0, 1.0]])
    assert tree.predict(items)[:, 0].tolist() == [1.0, 0.0, 0.2]


def test_refined_on_the_sources_own_items_it_answers_the_same() -> None:
    fitted, tree = _tree()
    again = refined(tree, X, Y)
    np.testing.assert_array_equal(again.predict(X).argmax(1), fitted.predict(X))


def test_refined_it_makes_no_mistake_on_the_targets_items_and_is_cut_where_it_can_be() -> None:
    _, tree = _tree()
    items = DRAW.normal(size=(40, 4))
    labels = (items[:, 0] > 0.3).astype(int) * 2
    found = refined(tree, items, labels)
    assert (found.predict(items).argmax(1) == labels).all()
    one_class = refined(tree, items, np.zeros(40, dtype=int))
    assert len(one_class) == 1
    assert one_class.value.tolist() == [[1.0, 0.0, 0.0]]


def test_refined_without_items_it_is_a_leaf_of_the_sources_shares() -> None:
    _, tree = _tree()
    found = refined(tree, X[:0], Y[:0])
    assert found.feature.tolist() == [LEAF]
    np.testing.assert_allclose(found.value[0], np.bincount(Y) / len(Y))


def test_moved_thresholds_follow_the_targets_shift() -> None:
    """The target's features are the source's, scaled and moved: so are its thresholds, and no item is told wrongly."""
    _, tree = _tree(max_depth=2)
    items = 10 * X - 7
    found = transferred(tree, items, Y)
    np.testing.assert_array_equal(found.feature, tree.feature)
    np.testing.assert_array_equal(found.predict(items).argmax(1), tree.predict(X).argmax(1))
    inner = tree.feature != LEAF
    np.testing.assert_allclose(found.threshold[inner], 10 * tree.threshold[inner] - 7, rtol=1e-4, atol=1e-3)


def test_a_feature_that_turned_round_has_its_sides_swapped() -> None:
    fitted = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X[:, :1], X[:, 0] > 0)
    found = transferred(Tree.of(fitted), -X[:, :1], (X[:, 0] > 0).astype(int))
    np.testing.assert_array_equal(found.predict(-X[:, :1]).argmax(1), X[:, 0] > 0)


def test_the_best_threshold_is_that_of_all_by_brute_force() -> None:
    column, labels = DRAW.normal(size=30).astype(np.float32), DRAW.integers(0, 2, 30)
    q_left, q_right = np.array([0.8, 0.2]), np.array([0.3, 0.7])
    values = np.unique(column).astype(float)
    middle = (values[1:] + values[:-1]) / 2

    def shares(part: np.ndarray) -> np.ndarray:
        return np.bincount(part, minlength=2) / len(part)

    def entropy(p: np.ndarray) -> float:
        return float(-sum(q * np.log2(q) for q in p if q > 0))

    gain, fit = [], []
    for threshold in middle:
        left, right = labels[column <= threshold], labels[column > threshold]
        gain.append(
            entropy(shares(labels)) - (len(left) * entropy(shares(left)) + len(right) * entropy(shares(right))) / 30
        )
        for swapped in (False, True):
            first, second = (q_right, q_left) if swapped else (q_left, q_right)
            far = len(left) * jensenshannon(shares(left), first, 2) ** 2
            far += len(right) * jensenshannon(shares(right), second, 2) ** 2
            fit.append((1 - far / 30, not swapped, threshold))
    padded = [-np.inf, *gain, -np.inf]
    at_peaks = [
        fit[2 * i + swapped]
        for i in range(len(middle))
        if padded[i] <= padded[i + 1] >= padded[i + 2]
        for swapped in (0, 1)
    ]
    best = max(at_peaks, key=lambda found: found[0])
    threshold, swapped = best_threshold(column, labels, q_left, q_right, otherwise=9.0)
    assert (threshold, not swapped) == (pytest.approx(best[2]), best[1])
    assert best_threshold(np.ones(4), labels[:4], q_left, q_right, otherwise=9.0) == (9.0, False)


def test_divergence_is_scipys() -> None:
    p, q = np.array([0.2, 0.5, 0.3]), np.array([0.6, 0.0, 0.4])
    assert float(divergence(p, q)) == pytest.approx(jensenshannon(p, q, 2) ** 2)


def test_boosting_is_scikit_learns() -> None:
    """Of classes and of numbers, stage by stage, beginning where it begins."""
    ours = {"stages": 15, "rate": 0.1, "depth": 3}
    theirs = {"n_estimators": 15, "random_state": 0}
    start = start_of(Y, 3)
    stages = boosted(X, Y, np.repeat(start[None], 150, 0), **ours)
    model = GradientBoostingClassifier(**theirs).fit(X, Y)
    outputs = outputs_of(X, stages, 0.1, start)
    np.testing.assert_allclose(_chances(outputs), model.predict_proba(X), atol=2e-3)
    numbers = X[:, 0] ** 2 + X[:, 1]
    start = start_of(numbers, 1)
    stages = boosted(X, numbers, np.repeat(start[None], 150, 0), **ours)
    model = GradientBoostingRegressor(**theirs).fit(X, numbers)
    np.testing.assert_allclose(outputs_of(X, stages, 0.1, start)[:, 0], model.predict(X), atol=1e-6)


def test_continued_boosting_is_scikit_learns_warm_start() -> None:
    other, numbers = DRAW.normal(size=(60, 4)), X[:, 0] * 3
    theirs = 2 * other[:, 0] - other[:, 1]
    model = GradientBoostingRegressor(n_estimators=10, warm_start=True, random_state=0).fit(X, numbers)
    model.set_params(n_estimators=18).fit(other, theirs)
    start = start_of(numbers, 1)
    first = boosted(X, numbers, np.repeat(start[None], 150, 0), stages=10)
    then = boosted(other, theirs, outputs_of(other, first, 0.1, start), stages=8)
    np.testing.assert_allclose(outputs_of(other, [*first, *then], 0.1, start)[:, 0], model.predict(other), atol=1e-6)


def test_a_class_without_items_starts_as_half_an_item() -> None:
    start = start_of(np.array([0, 0, 0, 1]), 3)
    assert start[1] - start[2] == pytest.approx(np.log(2))


def _chances(outputs: np.ndarray) -> np.ndarray:
    raised = np.exp(outputs - outputs.max(1, keepdims=True))
    return raised / raised.sum(1, keepdims=True)


def test_neighbouring_numbers_are_told_apart_by_changed_trees_as_by_the_trees_themselves() -> None:
    """The middle of two float32 that follow each other is none itself; rounded to one it is the larger in half of all cases."""
    low = np.nextafter(np.float32(1), np.float32(2))
    high = np.nextafter(low, np.float32(2))
    items, labels = np.array([[low], [low], [high], [high]], dtype=np.float64), np.array([0, 0, 1, 1])
    middle = (float(low) + float(high)) / 2
    assert np.float32(middle) == high
    leaves = [Tree.leaf(row) for row in np.eye(2)]
    tree = assembled(0, [Branch(0, middle, np.array([0.5, 0.5]), 1, 2), *leaves].__getitem__)
    for changed in (refined(tree, items, labels), transferred(tree, items, labels)):
        np.testing.assert_array_equal(changed.predict(items).argmax(1), labels)


def test_trees_deeper_than_functions_may_call_each_other_are_changed_too() -> None:
    """Each node takes one item off the lower end."""
    deep = 1500
    numbers = np.arange(deep + 1, dtype=np.float64)[:, None]
    labels = np.arange(deep + 1) % 2
    feature = np.r_[np.tile([0, LEAF], deep), LEAF]  # an inner node, its leaf to the left, and so on to the right
    inner = feature != LEAF
    below = np.flatnonzero(inner)
    left, right = (np.where(inner, np.arange(len(feature)) + step, LEAF) for step in (1, 2))
    threshold = np.zeros(len(feature))
    threshold[below] = np.arange(deep) + 0.5
    value = np.full((len(feature), 2), 0.5)
    value[~inner] = np.eye(2)[labels]
    tree = Tree(feature, threshold, left, right, value)
    np.testing.assert_array_equal(tree.predict(numbers).argmax(1), labels)
    assert (refined(tree, numbers, labels).predict(numbers).argmax(1) == labels).all()
    few = numbers[-3:] + 0.25
    assert (refined(tree, few, labels[-3:]).predict(few).argmax(1) == labels[-3:]).all()
    moved = transferred(tree, few, labels[-3:])
    assert (moved.predict(few).argmax(1) == labels[-3:]).all()
    unreached = transferred(tree, few[:0], labels[:0])
    np.testing.assert_array_equal(unreached.threshold, tree.threshold)
    np.testing.assert_array_equal(unreached.predict(numbers).argmax(1), labels)
