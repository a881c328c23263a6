"""Recolouring and linear transport against SKADA 0.6.0, ADAPT 0.4.5, POT, and what they promise."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from transferkit.ops.alignment.covariance import covariance
from transferkit.ops.alignment.linear_transport import linear_transport
from transferkit.ops.alignment.recolouring import recolouring

T = np.arange(48.0)
SOURCE = np.stack([np.sin(1.3 * T), np.cos(0.7 * T) + 0.5 * np.sin(1.3 * T), np.sin(2.1 * T + 1)], 1)
TARGET = np.stack([2 * np.cos(0.9 * T) + 1, np.sin(1.7 * T) - 2 * np.cos(0.9 * T), 0.5 * np.sin(0.4 * T) - 1], 1)


def test_recolouring_without_ridge_is_that_of_skada_but_for_the_mean() -> None:
    theirs = [[-1.4645627, 2.0671293, 0.4183414], [0.2397068, 0.920808, 0.0090566]]  # CORALAdapter(reg=None)
    ours = recolouring(SOURCE, TARGET, ridge=0.0).source[:2] - TARGET.mean(0)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_recolouring_with_the_papers_ridge_is_that_of_adapt_but_for_the_mean() -> None:
    theirs = np.array([[-0.5886114, 1.4377858, 0.7251879], [0.6141172, 1.1983408, 0.028824]])  # CORAL(lambda_=1.0)
    ridge = (len(T) - 1) / len(T)  # they divide covariances by n - 1
    ours = recolouring(SOURCE, TARGET, ridge=ridge).source
    np.testing.assert_allclose(ours[0] - ours[1], theirs[0] - theirs[1], atol=1e-6)


def test_linear_transport_is_that_of_skada() -> None:
    theirs = [
        [-0.3344709, 1.9398374, -0.4908504],
        [1.1732098, 1.1340789, -0.9874093],
    ]  # LinearOTMappingAdapter(reg=0.1)
    np.testing.assert_allclose(linear_transport(SOURCE, TARGET, ridge=0.1).source[:2], theirs, atol=1e-6)


def test_linear_transport_is_that_of_pot() -> None:
    gaussian = pytest.importorskip("ot.gaussian")
    matrix, offset = gaussian.empirical_bures_wasserstein_mapping(SOURCE, TARGET, reg=0.3)
    np.testing.assert_allclose(linear_transport(SOURCE, TARGET, ridge=0.3).source, SOURCE @ matrix + offset, atol=1e-8)


@pytest.mark.parametrize("align", [recolouring, linear_transport])
def test_moments_of_the_source_become_those_of_the_target(align) -> None:
    aligned = align(SOURCE, TARGET, ridge=0.0)
    np.testing.assert_allclose(aligned.source.mean(0), TARGET.mean(0), atol=1e-10)
    np.testing.assert_allclose(np.cov(aligned.source.T), np.cov(TARGET.T), atol=1e-10)
    assert aligned.target is TARGET


@pytest.mark.parametrize("align", [recolouring, linear_transport])
def test_a_domain_is_aligned_with_itself_by_moving_nothing(align) -> None:
    for ridge in (None, 0.0, 1.0):
        np.testing.assert_allclose(align(SOURCE, SOURCE, ridge=ridge).source, SOURCE, atol=1e-8)


def test_linear_transport_moves_items_less_than_recolouring_does() -> None:
    moves = [np.square(f(SOURCE, TARGET, ridge=0.0).source - SOURCE).sum() for f in (linear_transport, recolouring)]
    assert moves[0] < moves[1]


@pytest.mark.parametrize("ridge", [None, 0.5])
@pytest.mark.parametrize("shape", [(6, 20), (40, 5)])
def test_powers_of_a_covariance_are_those_of_its_matrix(shape: tuple[int, int], ridge: float | None) -> None:
    from sklearn.covariance import ledoit_wolf

    items = np.random.default_rng(0).normal(size=shape) * np.arange(1, shape[1] + 1)
    plain = np.cov(items.T, ddof=0)
    matrix = ledoit_wolf(items)[0] if ridge is None else plain + ridge * np.eye(shape[1])
    found = covariance(items, ridge)
    np.testing.assert_allclose(found.power(1.0), matrix, atol=1e-8)
    np.testing.assert_allclose(found.power(0.5), sqrtm(matrix).real, atol=1e-6)
    np.testing.assert_allclose(found.power(-0.5), np.linalg.inv(sqrtm(matrix).real), atol=1e-6)


def test_without_ridge_a_singular_covariance_has_the_powers_of_its_pseudo_inverse() -> None:
    items = np.random.default_rng(0).normal(size=(5, 9))
    inverse = covariance(items, 0.0).power(-0.5)
    np.testing.assert_allclose(inverse @ inverse, np.linalg.pinv(np.cov(items.T, ddof=0)), atol=1e-8)


@pytest.mark.parametrize("ridge", [None, 0.5])
@pytest.mark.parametrize("align", [recolouring, linear_transport])
def test_with_more_features_than_items_the_map_is_that_of_the_whole_matrices(align, ridge: float | None) -> None:
    draw = np.random.default_rng(0)
    source, target = draw.normal(size=(6, 30)), draw.normal(1, 2, size=(9, 30))
    ours, theirs = covariance(source, ridge), covariance(target, ridge)
    if align is recolouring:
        matrix = ours.power(-0.5) @ theirs.power(0.5)
    else:
        root, inverse = ours.power(0.5), ours.power(-0.5)
        matrix = inverse @ sqrtm(root @ theirs.power(1.0) @ root).real @ inverse
    found = align(source, target, ridge=ridge).source_maps[0]
    np.testing.assert_allclose(found.matrix, matrix, atol=1e-6)
