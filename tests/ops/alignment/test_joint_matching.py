"""Transfer joint matching, against the optimality conditions of the problem as the paper writes it."""

import numpy as np
import pytest
from scipy import optimize
from scipy.spatial.distance import cdist

from transferkit.ops.alignment.components import mean_gap
from transferkit.ops.alignment.design import design
from transferkit.ops.alignment.joint_matching import (
    ALMOST_NONE,
    Matched,
    joint_matching,
    matched_components,
    square_root,
)
from transferkit.ops.alignment.transfer_components import transfer_components

DRAW = np.random.default_rng(0)
SOURCE, TARGET = DRAW.normal(size=(30, 4)) * [1, 2, 1, 3], DRAW.normal(size=(25, 4)) + np.array([2, 0, 0, 0])
N = 55
OF_SOURCE = np.arange(N) < 30
GAP = mean_gap(np.ones(30, bool), np.ones(25, bool))
CENTRING = np.eye(N) - 1 / N


def gram(kernel: str) -> np.ndarray:
    """As `design` scales it, made the plain way."""
    both = np.concatenate([SOURCE, TARGET])
    if kernel == "linear":
        return both @ both.T / np.mean((both**2).sum(1))
    squares = cdist(both, both, "sqeuclidean")
    return np.exp(-squares / np.median(squares[np.triu_indices(N, 1)]))


def matched(kernel: str, rounds: int, sparsity: float = 1.0, k: int = 3, penalty: float = 0.3) -> Matched:
    made = design(np.concatenate([SOURCE, TARGET]), kernel)  # type: ignore[arg-type]
    return matched_components(square_root(made), GAP, penalty=penalty, sparsity=sparsity, rounds=rounds, k=k)


def objective(rows: np.ndarray, table: np.ndarray, usual: float, sparsity: float, penalty: float = 0.3) -> float:
    """As the module's docstring has it."""
    lengths = np.linalg.norm(rows, axis=1)
    smooth = np.sqrt(lengths**2 + (ALMOST_NONE * usual) ** 2)
    of_source = (1 - sparsity) * lengths**2 + 2 * sparsity * usual * smooth
    apart = np.trace(rows.T @ table @ np.outer(GAP, GAP) @ table @ rows)
    return float(apart + penalty * np.where(OF_SOURCE, of_source, lengths**2).sum())


@pytest.mark.parametrize("kernel", ["linear", "gaussian"])
@pytest.mark.parametrize("sparsity", [0.5, 1.0])
def test_the_objective_never_rises(kernel: str, sparsity: float) -> None:
    found = matched(kernel, rounds=60, sparsity=sparsity)
    assert len(found.objectives) > 3
    assert (np.diff(found.objectives) <= 1e-12).all()
    assert found.objectives[-1] == pytest.approx(objective(found.rows, gram(kernel), found.usual, sparsity), rel=1e-9)


@pytest.mark.parametrize("kernel", ["linear", "gaussian"])
def test_where_the_turns_end_the_conditions_of_a_minimum_hold(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """(KMK + penalty G) A = KHKA Phi with G made of A itself, and A'KHKA = I."""
    monkeypatch.setattr("transferkit.ops.alignment.joint_matching.SETTLED", -np.inf)
    found, table = matched(kernel, rounds=400, sparsity=0.5), gram(kernel)
    rows = found.rows
    lengths = np.linalg.norm(rows, axis=1)
    smooth = np.sqrt(lengths**2 + (ALMOST_NONE * found.usual) ** 2)
    weights = np.where(OF_SOURCE, 0.5 + 0.5 * found.usual / smooth, 1.0)
    left = table @ np.outer(GAP, GAP) @ table @ rows + 0.3 * weights[:, None] * rows
    spread = table @ CENTRING @ table @ rows
    np.testing.assert_allclose(rows.T @ spread, np.eye(3), atol=1e-7)
    multipliers = rows.T @ left
    assert np.abs(left - spread @ multipliers).max() < 1e-6 * np.abs(left).max()


def test_no_small_step_within_the_bound_goes_lower(monkeypatch: pytest.MonkeyPatch) -> None:
    """A general minimiser, begun where the turns end and anywhere, on one component: it finds nothing below."""
    monkeypatch.setattr("transferkit.ops.alignment.joint_matching.SETTLED", -np.inf)
    found, table = matched("linear", rounds=500, k=1), gram("linear")
    spread = table @ CENTRING @ table

    def of_any(free: np.ndarray) -> float:
        return objective((free / np.sqrt(free @ spread @ free))[:, None], table, found.usual, 1.0)

    starts = [found.rows[:, 0], *np.random.default_rng(1).normal(size=(1, N))]
    ends = [optimize.minimize(of_any, start, method="L-BFGS-B", options={"maxiter": 500}).fun for start in starts]
    assert min(ends) > found.objectives[-1] - 1e-6 * found.objectives[-1]


@pytest.mark.parametrize("kernel", ["linear", "gaussian"])
def test_without_sparsity_it_is_transfer_component_analysis(kernel: str) -> None:
    for settings in ({"n_components": 3}, {"n_components": None}):
        plain = transfer_components(SOURCE, TARGET, kernel=kernel, penalty=0.7, **settings)  # type: ignore[arg-type]
        same = joint_matching(SOURCE, TARGET, kernel=kernel, penalty=0.7, sparsity=0.0, **settings)  # type: ignore[arg-type]
        np.testing.assert_allclose(np.abs(same.source), np.abs(plain.source), atol=1e-7)
        new = TARGET[:3] + 0.1
        np.testing.assert_allclose(np.abs(same.target_maps[0](new)), np.abs(plain.target_maps[0](new)), atol=1e-7)


def test_source_items_unlike_the_target_are_left_out_first() -> None:
    """A third of the source lies where no target item is, and sets its own direction; the target varies in two others."""
    draw = np.random.default_rng(3)
    like, target = draw.normal(size=(60, 3)) * [1, 1, 0.1], draw.normal(size=(60, 3)) * [1, 1, 0.1]
    unlike = draw.normal(size=(30, 3)) * [0.1, 0.1, 1] + [6, 6, 0]
    made = design(np.concatenate([like, unlike, target]), "gaussian", 0.3)
    gap = mean_gap(np.ones(90, bool), np.ones(60, bool))
    found = matched_components(square_root(made), gap, penalty=0.3, sparsity=1.0, rounds=30, k=4)
    lengths = np.linalg.norm(found.rows, axis=1)
    assert np.median(lengths[60:90]) < 0.1 * np.median(lengths[:60])


def test_new_items_go_the_way_of_the_fitted_ones() -> None:
    for kernel in ("linear", "gaussian"):
        aligned = joint_matching(SOURCE, TARGET, kernel=kernel, n_components=3)  # type: ignore[arg-type]
        np.testing.assert_allclose(aligned.target_maps[0](TARGET[3:5]), aligned.target[3:5], atol=1e-9)
        both = np.concatenate([aligned.source, aligned.target])
        np.testing.assert_allclose(np.diag(np.cov(both.T, ddof=0)), 1, atol=1e-6)
