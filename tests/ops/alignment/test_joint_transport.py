"""Joint distribution optimal transport, against brute force over every plan of a few items."""

from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.linear_model import Ridge

from transferkit.ops.alignment.joint_transport import JointTransport, feature_costs, joint_transport

pytest.importorskip("ot")
DRAW = np.random.default_rng(0)


def problem(n_source: int, n_target: int, d: int = 2, k: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Costs, labels of the source, items of a target that is turned and moved."""
    source, target = DRAW.normal(size=(n_source, d)), DRAW.normal(size=(n_target, d))
    labels = source @ DRAW.normal(size=(d, k)) + 0.1 * DRAW.normal(size=(n_source, k))
    turned = target[:, ::-1] + 2
    return feature_costs(source, turned, 0.3), labels, turned


def objective(
    costs: np.ndarray, labels: np.ndarray, target: np.ndarray, found: JointTransport, penalty: float
) -> float:
    """As the module's docstring has it."""
    losses = cdist(labels, target @ found.slope + found.intercept, "sqeuclidean")
    return float((found.plan * (costs + losses)).sum() + penalty * (found.slope**2).sum() / len(target))


def test_of_five_items_it_ends_with_the_best_plan_of_its_learner_and_low_among_all_plans() -> None:
    """For as many items of each side a best plan is a permutation: 120, and for each the regression in closed form."""
    lower = []
    for _ in range(6):
        costs, labels, target = problem(5, 5)
        found = joint_transport(costs, labels, target, penalty=0.5)
        orders = [list(order) for order in permutations(range(5))]
        fits = [Ridge(alpha=0.5).fit(target, labels[order, 0]) for order in orders]
        values = np.array(
            [
                np.mean(costs[order, np.arange(5)] + (labels[order, 0] - fit.predict(target)) ** 2)
                + 0.5 * (fit.coef_**2).sum() / 5
                for order, fit in zip(orders, fits, strict=True)
            ]
        )
        reached = objective(costs, labels, target, found, 0.5)
        place = int(np.abs(values - reached).argmin())
        assert values[place] == pytest.approx(reached, abs=1e-9)
        np.testing.assert_allclose(found.slope[:, 0], fits[place].coef_, atol=1e-6)
        said = costs + (labels - fits[place].predict(target)) ** 2
        of_plans = [said[order, np.arange(5)].mean() for order in orders]
        assert (found.plan * said).sum() == pytest.approx(min(of_plans), abs=1e-9)
        lower.append(np.mean(values < reached - 1e-9))
    assert np.mean(lower) < 0.1  # a local minimum: few of all plans are better


@pytest.mark.parametrize(("n_source", "n_target", "k"), [(40, 25, 1), (25, 40, 3)])
def test_the_objective_never_rises_and_is_what_it_says(n_source: int, n_target: int, k: int) -> None:
    costs, labels, target = problem(n_source, n_target, d=4, k=k)
    found = joint_transport(costs, labels, target, penalty=0.2)
    assert len(found.objectives) > 2
    assert (np.diff(found.objectives) <= 1e-12).all()
    assert found.objectives[-1] == pytest.approx(objective(costs, labels, target, found, 0.2))
    np.testing.assert_allclose(found.plan.sum(0), 1 / n_target)
    np.testing.assert_allclose(found.plan.sum(1), 1 / n_source)


def test_the_first_turn_learns_from_the_plan_of_the_features_alone() -> None:
    import ot

    costs, labels, target = problem(30, 20)
    found = joint_transport(costs, labels, target, penalty=0.2, rounds=1)
    plan = ot.emd(np.full(30, 1 / 30), np.full(20, 1 / 20), costs)
    by_hand = Ridge(alpha=0.2).fit(target, (plan.T @ labels / plan.sum(0)[:, None])[:, 0])
    np.testing.assert_allclose(found.slope[:, 0], by_hand.coef_)


def test_where_it_ends_neither_turn_changes_anything() -> None:
    import ot

    costs, labels, target = problem(30, 20)
    found = joint_transport(costs, labels, target, penalty=0.2, rounds=200)
    losses = cdist(labels, target @ found.slope + found.intercept, "sqeuclidean")
    again = ot.emd(np.full(30, 1 / 30), np.full(20, 1 / 20), costs + losses)
    assert ((again - found.plan) * (costs + losses)).sum() == pytest.approx(0, abs=1e-6)


def test_known_labels_of_the_target_stay_what_they_are() -> None:
    """Features say nothing, so that labels could go anywhere; what is known says where."""
    draw = np.random.default_rng(4)
    source, target = draw.normal(size=(60, 2)), draw.normal(size=(60, 2)) + 3
    labels, truth = source[:, :1], -(target[:, :1] - 3)
    found = joint_transport(np.zeros((60, 60)), labels, target, penalty=0.01, known=truth[:20])
    assert np.sqrt(np.mean((target @ found.slope + found.intercept - truth) ** 2)) < 0.3
    assert (np.diff(found.objectives) <= 1e-12).all()


def test_an_item_that_counts_twice_is_two_items() -> None:
    costs, labels, target = problem(12, 9)
    twice = joint_transport(
        np.concatenate([costs, costs[:3]]), np.concatenate([labels, labels[:3]]), target, penalty=0.3
    )
    weighed = joint_transport(costs, labels, target, penalty=0.3, weights=np.where(np.arange(12) < 3, 2.0, 1.0))
    assert weighed.objectives[-1] == pytest.approx(twice.objectives[-1], abs=1e-9)
    np.testing.assert_allclose(weighed.slope, twice.slope, atol=1e-6)
