"""Transfer components and joint distributions: the equations they solve, and the plain algorithms of the papers."""

import numpy as np
import pytest
from scipy import linalg
from scipy.spatial.distance import cdist

from transferkit.ops.alignment import components
from transferkit.ops.alignment.components import leading_components, mean_gap
from transferkit.ops.alignment.design import design, median_width
from transferkit.ops.alignment.joint_distributions import joint_distributions
from transferkit.ops.alignment.transfer_components import labelled_components, transfer_components

DRAW = np.random.default_rng(0)
SOURCE, TARGET = DRAW.normal(size=(40, 4)), DRAW.normal([2, 0, 0, 1], [1, 2, 1, 1], size=(30, 4))
BOTH = np.concatenate([SOURCE, TARGET])
CLASSES = (SOURCE[:, 1] > 0).astype(int)
HIDDEN = np.full(30, -1)
N = len(BOTH)
CENTRING = np.eye(N) - 1 / N
GAP = mean_gap(np.ones(40, bool), np.ones(30, bool))


def gram(kernel: str) -> np.ndarray:
    if kernel == "linear":
        return BOTH @ BOTH.T / (BOTH**2).sum(1).mean()
    return np.exp(-median_width(BOTH) * cdist(BOTH, BOTH, "sqeuclidean"))


def same_space(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Every component is the other's, but for sign, scale and mean."""
    ours, theirs = ours - ours.mean(0), theirs - theirs.mean(0)
    cosines = (ours * theirs).sum(0) / np.linalg.norm(ours, axis=0) / np.linalg.norm(theirs, axis=0)
    np.testing.assert_allclose(np.abs(cosines), 1, atol=1e-5)


@pytest.mark.parametrize("kernel", ["gaussian", "linear"])
@pytest.mark.parametrize("penalty", [0.01, 1.0])
def test_transfer_components_lead_the_papers_eigenproblem(kernel: str, penalty: float) -> None:
    """Of (KLK + mu I)^-1 KHK, which is not symmetric, by the general solver."""
    table = gram(kernel)
    values, vectors = linalg.eig(
        np.linalg.solve(table @ np.outer(GAP, GAP) @ table + penalty * np.eye(N), table @ CENTRING @ table)
    )
    first = np.argsort(values.real)[::-1][:3]
    aligned = transfer_components(SOURCE, TARGET, n_components=3, penalty=penalty, kernel=kernel)
    same_space(np.concatenate([aligned.source, aligned.target]), table @ vectors[:, first].real)


def test_a_symmetric_solver_on_the_unsymmetric_matrix_gives_worse_components() -> None:
    """What is often released in its place: eigh((KLK + mu I)^-1 KHK) looks at half of the matrix."""
    table, mu = gram("gaussian"), 0.01
    bound = table @ np.outer(GAP, GAP) @ table + mu * np.eye(N)
    wanted = table @ CENTRING @ table
    _, wrong = np.linalg.eigh(np.linalg.solve(bound, wanted))
    right, reached = leading_components(design(BOTH).scatter, (table @ GAP)[:, None], mu, 3)

    def worth(w: np.ndarray) -> float:
        return float(np.trace(np.linalg.solve(w.T @ bound @ w, w.T @ wanted @ w)))

    assert worth(right) == pytest.approx(reached.sum(), rel=1e-6)
    assert worth(wrong[:, -3:]) < 0.9 * worth(right)


def test_components_solve_their_eigenproblem_and_are_normalised_in_its_metric() -> None:
    draw = np.random.default_rng(1)
    root, gaps = draw.normal(size=(12, 12)), draw.normal(size=(12, 3))
    scatter, bound = root @ root.T, gaps @ gaps.T + 0.3 * np.eye(12)
    directions, values = leading_components(scatter, gaps, 0.3, 5)
    np.testing.assert_allclose(scatter @ directions, bound @ directions * values, atol=1e-8)
    np.testing.assert_allclose(directions.T @ bound @ directions, np.eye(5), atol=1e-10)
    np.testing.assert_allclose(values, linalg.eigh(scatter, bound, eigvals_only=True)[::-1][:5])


def test_the_leading_components_of_many_are_iterated_for_to_the_same_numbers() -> None:
    draw = np.random.default_rng(1)
    root, gaps = draw.normal(size=(400, 400)) * np.linspace(0.1, 3, 400), draw.normal(size=(400, 2))
    iterated, values = leading_components(root @ root.T, gaps, 1.0, 6)
    again, _ = leading_components(root @ root.T, gaps, 1.0, 6)
    everything, all_values = leading_components(root @ root.T, gaps, 1.0, 400)
    np.testing.assert_array_equal(iterated, again)
    np.testing.assert_allclose(values, all_values[:6])
    np.testing.assert_allclose(iterated, everything[:, :6], atol=1e-6)
    assert components.FEW * 400 >= 6


def test_components_have_variance_one_and_new_items_go_the_same_way() -> None:
    aligned = transfer_components(SOURCE, TARGET, n_components=4)
    both = np.concatenate([aligned.source, aligned.target])
    np.testing.assert_allclose(np.cov(both.T, ddof=0), np.eye(4), atol=1e-6)
    np.testing.assert_allclose(aligned.target_maps[0](TARGET[3:5]), aligned.target[3:5], atol=1e-9)


@pytest.mark.parametrize("kernel", ["gaussian", "linear"])
def test_labelled_components_lead_the_papers_eigenproblem(kernel: str) -> None:
    table, gamma, strength = gram(kernel), 0.4, 50.0
    squares = cdist(BOTH, BOTH, "sqeuclidean")
    order = np.argsort(squares + np.diag(np.full(N, np.inf)), axis=1)[:, :5]
    near = np.zeros((N, N), bool)
    for i in range(N):
        near[i, order[i]] = True
    scale = squares[near].mean()
    near |= near.T
    heat = np.where(near, np.exp(-squares / scale), 0)
    laplacian = np.diag(heat.sum(1)) - heat
    known = np.concatenate([CLASSES, HIDDEN])
    agree = (known[:, None] == known) & (known >= 0)
    dependence = gamma * agree + (1 - gamma) * np.eye(N)
    bound = table @ (np.outer(GAP, GAP) + strength / N**2 * laplacian) @ table + 0.1 * np.eye(N)
    values, vectors = linalg.eig(np.linalg.solve(bound, table @ CENTRING @ dependence @ CENTRING @ table))
    first = np.argsort(values.real)[::-1][:2]
    aligned = labelled_components(
        *(SOURCE, TARGET, CLASSES, HIDDEN),
        n_components=2,
        penalty=0.1,
        label_share=gamma,
        neighbours=5,
        manifold=strength,
        kernel=kernel,
    )
    same_space(np.concatenate([aligned.source, aligned.target]), table @ vectors[:, first].real)


def test_joint_distributions_follow_the_papers_algorithm() -> None:
    """Algorithm 1 in its plain form: dense matrices, the general eigensolver, the nearest neighbour."""
    items = BOTH / np.sqrt((BOTH**2).sum(1).mean())
    guessed = None
    for _ in range(10):
        m = np.outer(GAP, GAP)
        for c in (0, 1) if guessed is not None else ():
            ours, theirs = c == CLASSES, guessed == c
            e = np.concatenate([ours / ours.sum(), -1 * theirs / max(theirs.sum(), 1)])
            m = m + np.outer(e, e)
        m /= np.linalg.norm(m)
        values, vectors = linalg.eig(np.linalg.solve(items.T @ m @ items + 0.5 * np.eye(4), items.T @ CENTRING @ items))
        z = items @ vectors[:, np.argsort(values.real)[::-1][:3]].real
        z = z - z.mean(0)
        z = z / z.std(0)
        guessed = CLASSES[cdist(z[40:], z[:40]).argmin(1)]
    aligned = joint_distributions(SOURCE, TARGET, CLASSES, HIDDEN, n_components=3, penalty=0.5)
    same_space(np.concatenate([aligned.source, aligned.target]), z)


def test_known_classes_of_the_target_are_what_is_aligned() -> None:
    """Two classes swapped in the target: no guess would find that, labels do."""
    draw = np.random.default_rng(3)
    classes = np.arange(60) % 2
    source = draw.normal(size=(60, 3)) * 0.3 + np.stack([4.0 * classes, classes * 2.0, 0 * classes], 1)
    target = draw.normal(size=(60, 3)) * 0.3 + np.stack([4.0 * (1 - classes), classes * 2.0, 0 * classes], 1)
    told = joint_distributions(source, target, classes, classes, n_components=1, penalty=1e-3)
    guessed = joint_distributions(source, target, classes, np.full(60, -1), n_components=1, penalty=1e-3)

    def right(aligned) -> float:
        return float(np.mean(classes[cdist(aligned.target, aligned.source).argmin(1)] == classes))

    assert right(told) > 0.9
    assert right(guessed) < 0.2


@pytest.mark.parametrize("balance", [0.0, 1.0])
def test_balance_at_its_ends_aligns_all_items_or_classes_alone(balance: float) -> None:
    theirs = (TARGET[:, 1] > 0).astype(int)
    theirs[:8] = 1  # other shares of the classes: their means and the mean of all cannot all agree
    aligned = joint_distributions(SOURCE, TARGET, CLASSES, theirs, n_components=1, penalty=1e-6, balance=balance)
    both = np.concatenate([aligned.source, aligned.target])
    over_all, of_class = abs(GAP @ both), [abs(mean_gap(c == CLASSES, c == theirs) @ both) for c in (0, 1)]
    if balance == 0:
        assert over_all < 1e-3 < max(of_class)
    else:
        assert max(of_class) < 1e-3 < over_all


def test_with_more_features_than_items_the_problem_is_the_same() -> None:
    wide = np.concatenate([BOTH, np.zeros((N, 200))], axis=1)
    for kernel in ("gaussian", "linear"):
        narrow = transfer_components(SOURCE, TARGET, n_components=3, kernel=kernel)
        again = transfer_components(wide[:40], wide[40:], n_components=3, kernel=kernel)
        np.testing.assert_allclose(np.abs(narrow.source), np.abs(again.source), atol=1e-6)
    one = joint_distributions(SOURCE, TARGET, CLASSES, HIDDEN, n_components=3)
    other = joint_distributions(wide[:40], wide[40:], CLASSES, HIDDEN, n_components=3)
    np.testing.assert_allclose(np.abs(one.target), np.abs(other.target), atol=1e-6)


def test_a_kernel_without_a_bandwidth_is_refused() -> None:
    with pytest.raises(ValueError, match="median distance of two items is 0"):
        transfer_components(np.array([[0.0], [0.0], [0.0]]), np.array([[0.0], [0.0], [1.0]]))


def test_joint_distributions_with_a_gaussian_kernel_are_the_same_for_items_in_any_unit() -> None:
    one, other = (
        joint_distributions(unit * SOURCE, unit * TARGET, CLASSES, HIDDEN, n_components=3, kernel="gaussian")
        for unit in (1.0, 1000.0)
    )
    np.testing.assert_allclose(one.source, other.source, atol=1e-6)
    np.testing.assert_allclose(one.target_maps[0](TARGET[:2]), one.target[:2], atol=1e-9)
