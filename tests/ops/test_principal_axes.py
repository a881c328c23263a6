"""Oracle: the singular value decomposition of the items less their mean."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from transferkit.ops import principal_axes as module
from transferkit.ops.principal_axes import PrincipalAxes

SHAPES = [(30, 5), (5, 30), (8, 8)]


def items(shape, weighted=False):
    generator = np.random.default_rng(0)
    table = generator.normal(size=shape) + 3
    weights = generator.uniform(0.2, 3, shape[0]) if weighted else np.ones(shape[0])
    return table, weights / weights.mean()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_axes_are_those_of_the_singular_value_decomposition(shape, weighted):
    table, weights = items(shape, weighted)
    axes = PrincipalAxes.of(table, weights)
    centred = table - np.average(table, axis=0, weights=weights)
    singular = np.linalg.svd(centred * np.sqrt(weights)[:, None], compute_uv=False)
    np.testing.assert_allclose(axes.squares[::-1], singular[: len(axes.squares)] ** 2, rtol=1e-9)
    assert len(axes.squares) == np.linalg.matrix_rank(centred)
    np.testing.assert_allclose(axes.coordinates @ axes.coordinates.T, centred @ centred.T, atol=1e-9)
    weighted_products = axes.coordinates.T @ (weights[:, None] * axes.coordinates)
    np.testing.assert_allclose(weighted_products, np.diag(axes.squares), atol=1e-9)
    np.testing.assert_allclose(axes.distances, np.square(centred).sum(axis=1))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_points_along_the_axes_agree_with_the_items_coordinates(shape, weighted):
    table, weights = items(shape, weighted)
    axes = PrincipalAxes.of(table, weights)
    np.testing.assert_allclose(axes.along(table) - axes.along(axes.mean[None]), axes.coordinates, atol=1e-9)
    mean_and_one_off_the_axes = np.stack([axes.mean, np.random.default_rng(1).normal(size=shape[1])])
    directions = np.linalg.lstsq(axes.coordinates, table - axes.mean, rcond=1e-9)[0].T  # (d, r)
    np.testing.assert_allclose(axes.along(mean_and_one_off_the_axes), mean_and_one_off_the_axes @ directions, atol=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_sums_are_the_products_of_coordinates_and_targets_dense_or_sparse(shape, weighted):
    axes = PrincipalAxes.of(*items(shape, weighted))
    targets = np.random.default_rng(2).normal(size=(shape[0], 3))
    np.testing.assert_allclose(axes.sums(targets), axes.coordinates.T @ targets, atol=1e-9)
    np.testing.assert_allclose(axes.sums(csr_array(targets)), axes.coordinates.T @ targets, atol=1e-9)


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)])
def test_directions_without_variation_are_left_out(shape):
    generator = np.random.default_rng(0)
    table = generator.normal(size=(shape[0], 3)) @ generator.normal(size=(3, shape[1]))
    axes = PrincipalAxes.of(table)
    assert axes.coordinates.shape == (shape[0], 3)
    centred = table - table.mean(axis=0)
    np.testing.assert_allclose(axes.coordinates @ axes.coordinates.T, centred @ centred.T, atol=1e-9)


@pytest.mark.parametrize("relative_spread", [1e-4, 1e-6])
def test_a_direction_is_kept_down_to_a_spread_of_a_millionth_of_the_largest(relative_spread):
    table = np.random.default_rng(0).normal(size=(200, 10)) * np.append(np.ones(9), relative_spread)
    axes = PrincipalAxes.of(table)
    assert len(axes.squares) == 10
    exact = np.linalg.svd(table - table.mean(axis=0), compute_uv=False)[-1] ** 2
    assert axes.squares[0] == pytest.approx(exact, rel=1e-14 / relative_spread**2)


def test_a_far_origin_costs_no_digits():
    table, _ = items((40, 6))
    near, far = PrincipalAxes.of(table), PrincipalAxes.of(table + 1e6)
    np.testing.assert_allclose(far.squares, near.squares, rtol=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
def test_blocks_do_not_change_the_axes(shape, monkeypatch):
    table, weights = items(shape, weighted=True)
    whole = PrincipalAxes.of(table, weights)
    monkeypatch.setattr(module, "BLOCK", 7)
    blocks = PrincipalAxes.of(table, weights)
    np.testing.assert_allclose(blocks.squares, whole.squares, rtol=1e-10)
    np.testing.assert_allclose(np.abs(blocks.coordinates), np.abs(whole.coordinates), atol=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
def test_float32_items_are_computed_in_float64(shape):
    table = items(shape)[0].astype(np.float32)
    np.testing.assert_array_equal(PrincipalAxes.of(table).squares, PrincipalAxes.of(table.astype(np.float64)).squares)


@pytest.mark.parametrize("unit", [1e200, 1e-200])
def test_items_whose_squares_are_no_numbers_are_refused(unit):
    with pytest.raises(ValueError, match="too large or too small"), np.errstate(over="ignore"):
        PrincipalAxes.of(items((8, 3))[0] * unit)
