"""Quadratic programs over a box, against brute force."""

import numpy as np
import pytest
from scipy import optimize

from transferkit.ops.adaptive_svm import adaptive_svm
from transferkit.ops.box_program import dense_in_box, low_rank_in_box


def _program(seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    factor = draw.normal(size=(12, 7))
    return factor, draw.normal(size=12) * 3


@pytest.mark.parametrize("seed", range(3))
def test_finds_what_a_general_solver_finds(seed: int) -> None:
    factor, pull = _program(seed)
    kernel = factor @ factor.T + 0.1 * np.eye(12)
    found = dense_in_box(kernel, pull, most=1.5, total=(6.0, 9.0))
    theirs = optimize.minimize(
        lambda b: b @ kernel @ b / 2 - pull @ b,
        np.full(12, 0.6),
        jac=lambda b: kernel @ b - pull,
        method="SLSQP",
        bounds=[(0.0, 1.5)] * 12,
        constraints=[
            {"type": "ineq", "fun": lambda b: b.sum() - 6.0},
            {"type": "ineq", "fun": lambda b: 9.0 - b.sum()},
        ],
        options={"ftol": 1e-14, "maxiter": 500},
    )
    np.testing.assert_allclose(found, theirs.x, atol=1e-4)


def test_through_a_factor_it_is_the_same() -> None:
    factor, pull = _program(5)
    whole = dense_in_box(factor @ factor.T + 0.1 * np.eye(12), pull, most=1.5)
    np.testing.assert_allclose(low_rank_in_box(factor, np.full(12, 0.1), pull, most=1.5), whole, atol=1e-6)


@pytest.mark.parametrize("n", [6, 40])
def test_an_adaptive_svm_is_the_minimum_of_its_primal(n: int) -> None:
    draw = np.random.default_rng(n)
    features, prior = draw.normal(size=(n, 10)), draw.normal(size=10) * 0.3
    signs = np.where(features[:, 0] + 0.5 * draw.normal(size=n) > 0, 1.0, -1.0)
    weights = draw.uniform(0.5, 1.5, n)
    found = adaptive_svm(features, signs, prior, 0.5, weights)

    def primal(w: np.ndarray) -> float:
        return float(np.square(w - prior).sum() / 2 + 0.5 * (weights * np.maximum(0, 1 - signs * (features @ w))).sum())

    # brute force: the same with slack variables, by a general solver
    def value(z: np.ndarray) -> float:
        return float(np.square(z[:10] - prior).sum() / 2 + 0.5 * weights @ z[10:])

    theirs = optimize.minimize(
        value,
        np.concatenate([prior, np.maximum(0, 1 - signs * (features @ prior)) + 0.1]),
        jac=lambda z: np.concatenate([z[:10] - prior, 0.5 * weights]),
        method="SLSQP",
        bounds=[(None, None)] * 10 + [(0, None)] * n,
        constraints={
            "type": "ineq",
            "fun": lambda z: signs * (features @ z[:10]) - 1 + z[10:],
            "jac": lambda z: np.concatenate([signs[:, None] * features, np.eye(n)], axis=1),
        },
        options={"ftol": 1e-13, "maxiter": 500},
    )
    assert primal(found) == pytest.approx(primal(theirs.x[:10]), rel=1e-5)
    np.testing.assert_allclose(found, theirs.x[:10], atol=2e-3)


def test_without_a_prior_it_is_the_support_vector_machine_of_liblinear() -> None:
    from sklearn.svm import LinearSVC

    draw = np.random.default_rng(0)
    features = draw.normal(size=(60, 4))
    signs = np.where(features @ [1.0, -1.0, 0.5, 0.0] + draw.normal(size=60) > 0, 1.0, -1.0)
    theirs = LinearSVC(loss="hinge", C=0.3, fit_intercept=False, tol=1e-10, max_iter=200_000, random_state=0)
    np.testing.assert_allclose(
        adaptive_svm(features, signs, np.zeros(4), 0.3), theirs.fit(features, signs).coef_[0], atol=1e-4
    )


def test_items_that_the_source_has_right_with_room_change_nothing() -> None:
    prior = np.array([2.0, 0.0])
    np.testing.assert_allclose(adaptive_svm(np.array([[1.0, 0.3]]), np.array([1.0]), prior, 10.0), prior, atol=1e-6)


def test_a_strength_of_zero_and_signs_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        adaptive_svm(np.ones((2, 1)), np.array([1.0, -1.0]), np.zeros(1), 0.0)
    with pytest.raises(ValueError, match="-1 or 1"):
        adaptive_svm(np.ones((2, 1)), np.array([1.0, 0.0]), np.zeros(1), 1.0)
