import numpy as np
import pytest

from transferkit.ops.principal_axes import principal_axes


@pytest.mark.parametrize("shape", [(30, 5), (5, 30), (8, 8)])
def test_coordinates_are_those_of_the_singular_value_decomposition(shape):
    table = np.random.default_rng(0).normal(size=shape)
    coordinates, squares = principal_axes(table)
    singular = np.linalg.svd(table, compute_uv=False)
    np.testing.assert_allclose(np.sort(squares)[::-1], singular**2, rtol=1e-9)
    np.testing.assert_allclose(coordinates @ coordinates.T, table @ table.T, atol=1e-9)
    np.testing.assert_allclose(coordinates.T @ coordinates, np.diag(squares), atol=1e-9)


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)])
def test_axes_without_variation_are_exactly_zero(shape):
    generator = np.random.default_rng(0)
    table = generator.normal(size=(shape[0], 3)) @ generator.normal(size=(3, shape[1]))
    coordinates, squares = principal_axes(table)
    assert (squares > 0).sum() == 3
    assert not coordinates[:, squares == 0].any()
