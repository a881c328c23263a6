from itertools import permutations

import numpy as np
import pytest
from scipy.special import softmax

from transferkit.ops.label_free import confidence_transport as module
from transferkit.ops.label_free.confidence_transport import confidence_transport
from transferkit.ops.label_free.judged import Judged


def judged(table, source_classes):
    labels = np.array(source_classes)
    return Judged(target_probabilities=table, source_probabilities=np.eye(table.shape[1])[labels], source_labels=labels)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_value_is_the_best_of_all_assignments(seed):
    table = softmax(2 * np.random.default_rng(seed).normal(size=(6, 3)), axis=1)
    given_out = [0, 0, 0, 1, 1, 2]
    best = max(table[np.arange(6), list(order)].mean() for order in set(permutations(given_out)))
    assert confidence_transport(judged(table, given_out)) == pytest.approx(best)


def test_value_is_that_of_the_linear_programme():
    """The transport plan by linear programming, with half the total difference as cost."""
    from scipy.optimize import linprog

    table = softmax(np.random.default_rng(5).normal(size=(20, 4)), axis=1)
    classes = np.arange(20) % 4
    cost = np.abs(table[:, None, :] - np.eye(4)).sum(axis=2) / 2
    rows, columns = np.kron(np.eye(20), np.ones(4)), np.kron(np.ones(20), np.eye(4))
    plan = linprog(cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=[1 / 20] * 20 + [1 / 4] * 4)
    assert confidence_transport(judged(table, classes)) == pytest.approx(1 - plan.fun)


def test_a_collapsed_model_scores_the_share_of_its_class():
    collapsed = np.tile([1.0, 0.0], (8, 1))
    assert confidence_transport(judged(collapsed, [0, 0, 0, 1])) == pytest.approx(0.75)
    assert confidence_transport(Judged(target_probabilities=collapsed)) == pytest.approx(0.5)


def test_of_many_items_always_the_same_ones_count(monkeypatch):
    monkeypatch.setattr(module, "MOST", 50)
    table = softmax(np.random.default_rng(0).normal(size=(200, 3)), axis=1)
    whole = Judged(target_probabilities=table)
    assert confidence_transport(whole) == confidence_transport(whole)


def test_shares_that_do_not_divide_leave_room_for_one_item_more():
    """Three items of two classes alike in number: two may go to either."""
    table = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
    assert confidence_transport(Judged(target_probabilities=table)) == pytest.approx((0.9 + 0.8 + 0.3) / 3)
