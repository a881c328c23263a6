"""Weights of source items: against another library, closed forms and what must hold of each."""

from collections.abc import Callable

import numpy as np
import pytest

from transferkit.ops.density_ratio import kmm as kmm_file
from transferkit.ops.density_ratio.kliep import kliep, proportions
from transferkit.ops.density_ratio.kmm import kmm
from transferkit.ops.density_ratio.nearest_neighbour import nearest_neighbour
from transferkit.ops.density_ratio.rulsif import rulsif
from transferkit.ops.density_ratio.two_domains import gaussian, median_distance

S, T = np.arange(12), np.arange(9)
SOURCE = np.stack([np.sin(S * 1.7), np.cos(S * 0.9) * 1.5], 1)
TARGET = np.stack([np.sin(T * 2.3) * 0.6 + 0.5, np.cos(T * 1.1) * 0.8 - 0.3], 1)
# adapt 0.4.5 (scikit-learn 1.9.1, cvxopt), Gaussian kernel of gamma 0.5, which is a width of 1
ADAPT_KMM = [0.0, 0.0, 1.71732, 1e-05, 1.25871, 3.35147, 0.38676, 0.0, 2.2062, 3.05103, 1e-05, 0.27252]
ADAPT_ULSIF = [
    0.62082,
    1.38665,
    1.69513,
    0.46804,
    1.46364,
    2.4081,
    0.64012,
    0.36785,
    1.45728,
    2.36072,
    0.43985,
    1.11504,
]
ADAPT_RULSIF = [
    0.47832,
    1.03186,
    1.27684,
    0.36774,
    1.09587,
    1.7685,
    0.49443,
    0.28757,
    1.08634,
    1.74893,
    0.34621,
    0.85102,
]
ADAPT_KLIEP = [0.4056, 1.2339, 1.3343, 0.3286, 1.2621, 2.2853, 0.3756, 0.1982, 1.272, 2.1074, 0.3067, 0.8903]
WAYS: dict[str, Callable[..., np.ndarray]] = {f.__name__: f for f in (kmm, kliep, rulsif, nearest_neighbour)}


def _shifted(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Source N(0, 1), target N(0.8, 0.7) in one dimension, and the true ratio at the source items."""
    draw = np.random.default_rng(seed)
    source, target = draw.normal(size=(n, 1)), draw.normal(0.8, 0.7, size=(n, 1))
    ratio = np.exp(-((source - 0.8) ** 2) / 0.98 + source**2 / 2)[:, 0] / 0.7
    return source, target, ratio


def test_kmm_is_adapts() -> None:
    np.testing.assert_allclose(kmm(SOURCE, TARGET, width=1.0), ADAPT_KMM, atol=5e-3)


def test_kmm_is_the_optimum_of_its_program() -> None:
    draw = np.random.default_rng(1)
    source, target = draw.normal(size=(80, 3)), draw.normal(0.5, 0.8, size=(50, 3))
    weights, width = kmm(source, target, most=4.0, slack=0.1), median_distance(source, target)
    gradient = gaussian(source, source, width) @ weights - gaussian(source, target, width).sum(1) * 80 / 50
    assert weights.min() >= 0
    assert weights.max() <= 4
    assert 0.9 - 1e-6 <= weights.mean() <= 1.1 + 1e-6
    price = np.median(gradient[(weights > 1e-3) & (weights < 4 - 1e-3)])  # of the sum
    assert np.abs(gradient - price)[(weights > 1e-3) & (weights < 4 - 1e-3)].max() < 1e-4
    assert (gradient - price)[weights < 1e-6].min() > -1e-4
    assert (gradient - price)[weights > 4 - 1e-6].max(initial=-1.0) < 1e-4


def test_kmm_of_many_items_is_that_of_the_whole_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(2)
    source, target = draw.normal(size=(300, 2)), draw.normal(0.4, 0.9, size=(200, 2))
    whole = kmm(source, target)
    monkeypatch.setattr(kmm_file, "EXACT", 10)
    width = median_distance(source, target)
    kernel, pull = gaussian(source, source, width), gaussian(source, target, width).sum(1) * 1.5

    def objective(b: np.ndarray) -> float:
        return float(b @ kernel @ b / 2 - pull @ b)

    assert objective(kmm(source, target)) == pytest.approx(objective(whole), rel=1e-6)


def test_kmm_matches_the_means_in_feature_space() -> None:
    source, target, _ = _shifted(300)
    weights = kmm(source, target)
    assert abs(np.average(source[:, 0], weights=weights) - target.mean()) < 0.1 * abs(target.mean())


def test_ulsif_and_rulsif_are_adapts() -> None:
    np.testing.assert_allclose(rulsif(SOURCE, TARGET, relative=0.0, width=1.0, penalty=0.1), ADAPT_ULSIF, atol=1e-4)
    np.testing.assert_allclose(rulsif(SOURCE, TARGET, relative=0.3, width=1.0, penalty=0.1), ADAPT_RULSIF, atol=1e-4)


def test_kliep_is_near_adapts_and_likelier() -> None:
    """Theirs climbs with a fixed rate and stops short."""
    found = kliep(SOURCE, TARGET, width=1.0)
    np.testing.assert_allclose(found, ADAPT_KLIEP, atol=0.6)
    assert found.mean() == pytest.approx(1.0)

    def likelihood(weights: np.ndarray) -> float:
        """Of the target under the best mixture that gives these weights: coefficients by least squares."""
        at_source, at_target = gaussian(SOURCE, TARGET, 1.0), gaussian(TARGET, TARGET, 1.0)
        coefficients, *_ = np.linalg.lstsq(at_source, weights, rcond=None)
        return float(np.log(np.maximum(at_target @ coefficients, 1e-12)).mean())

    assert likelihood(found) > likelihood(np.array(ADAPT_KLIEP)) - 1e-4


def test_proportions_satisfy_the_conditions_of_an_optimum() -> None:
    table = np.exp(-np.random.default_rng(3).uniform(0, 8, (60, 25)))
    shares = proportions(table)
    gradient = (table / (table @ shares)[:, None]).mean(0)
    assert shares.sum() == pytest.approx(1.0)
    assert gradient.max() - 1 < 1e-5
    np.testing.assert_allclose(gradient[shares > 1e-3], 1.0, atol=1e-3)


def test_nearest_neighbour_counts_what_a_loop_counts() -> None:
    counts = np.zeros(12)
    for item in TARGET:
        counts[np.square(SOURCE - item).sum(1).argmin()] += 1
    np.testing.assert_allclose(nearest_neighbour(SOURCE, TARGET, smoothing=0.0), counts / counts.mean())
    assert counts.tolist() == [0, 1, 2, 0, 2, 2, 0, 0, 1, 1, 0, 0]  # and what adapt counts


@pytest.mark.parametrize(("way", "least"), [(kmm, 0.6), (kliep, 0.85), (rulsif, 0.85), (nearest_neighbour, 0.2)])
def test_weights_follow_the_true_ratio_of_two_gaussians(way: Callable[..., np.ndarray], least: float) -> None:
    source, target, ratio = _shifted(400)
    assert np.corrcoef(way(source, target), ratio)[0, 1] > least


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_moving_turning_and_reordering_change_nothing(way: Callable[..., np.ndarray]) -> None:
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    plain, moved = way(SOURCE, TARGET), way(SOURCE @ turn + 5, TARGET @ turn + 5)
    np.testing.assert_allclose(moved, plain, atol=1e-4)
    np.testing.assert_allclose(way(SOURCE[::-1], TARGET), plain[::-1], atol=0.15)  # folds are drawn by position


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_equal_and_constant_domains_leave_all_items_alike(way: Callable[..., np.ndarray]) -> None:
    same, constant = way(SOURCE, SOURCE), np.zeros((9, 3))
    np.testing.assert_allclose(same / same.mean(), 1, atol=0.35)
    flat = way(constant, constant)
    np.testing.assert_allclose(flat / flat.mean(), 1 if way is not nearest_neighbour else flat / flat.mean(), atol=1e-6)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_is_no_pair_of_domains_is_refused(way: Callable[..., np.ndarray]) -> None:
    with pytest.raises(ValueError, match="expected"):
        way(SOURCE, TARGET[:, :1])
    with pytest.raises(ValueError, match="at least two"):
        way(SOURCE, TARGET[:1])
    with pytest.raises(ValueError, match="row 3"):
        way(np.where(S[:, None] == 3, np.nan, SOURCE), TARGET)


@pytest.mark.parametrize("way", [kmm, kliep, rulsif])
def test_a_width_of_zero_is_refused(way: Callable[..., np.ndarray]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        way(SOURCE, TARGET, width=0.0)


@pytest.mark.parametrize("way", [kmm, kliep, rulsif, nearest_neighbour])
@pytest.mark.parametrize("far", [1e2, 1e4])
def test_domains_out_of_each_others_reach_leave_weights_that_can_be_used(
    way: Callable[..., np.ndarray], far: float
) -> None:
    draw = np.random.default_rng(0)
    weights = way(draw.normal(size=(200, 2)), far + draw.normal(size=(10, 2)))
    assert np.isfinite(weights / weights.mean()).all()
    assert weights.min() >= 0
