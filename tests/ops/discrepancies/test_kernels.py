"""Kernels and their slopes, against exponentials one by one and differences."""

import pytest
import torch

from transferkit.ops.discrepancies.kernels import Gaussian, Laplacian, NegativeDistance, of_squares, squared_distances

WIDTHS = [(1.0,), (0.5, 1.0, 2.0), (0.25, 2**0.5, 2.0, 3.0, 100.0), (1.0, 1.0), (0.01, 7.0)]


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("name", ["gaussian", "laplacian"])
def test_squaring_gives_what_one_exponential_a_width_gives(widths, name):
    squares = torch.linspace(0, 9, 50, dtype=torch.float64).reshape(5, 10)
    if name == "gaussian":
        kernel, expected = Gaussian(widths), sum(torch.exp(-squares / (2 * s**2)) for s in widths)
    else:
        kernel, expected = Laplacian(widths), sum(torch.exp(-squares.sqrt() / s) for s in widths)
    for slopes in (False, True):
        values, _ = kernel(squares.clone(), slopes)
        torch.testing.assert_close(values, expected, rtol=1e-12, atol=1e-14)
    assert float(values[0, 0]) == kernel.at_zero == len(widths)


@pytest.mark.parametrize("kernel", [Gaussian((0.7, 1.0, 2.0)), Laplacian((0.7, 1.0, 2.0)), NegativeDistance()])
def test_slopes_are_the_negative_derivative(kernel):
    squares = torch.linspace(0.1, 9, 12, dtype=torch.float64).reshape(3, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda one: of_squares(kernel, one), squares)


@pytest.mark.parametrize("kernel", [Laplacian((1.0,)), NegativeDistance()])
def test_items_that_coincide_do_not_pull(kernel):
    _, slopes = kernel(torch.zeros(2, 2), slopes=True)
    assert torch.equal(slopes, torch.zeros(2, 2))


def test_distances_are_those_of_cdist():
    x, y = torch.randn(2, 6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(squared_distances(x, y), torch.cdist(x, y).square())
    assert torch.equal(squared_distances(x, x).diagonal(), torch.zeros(6, dtype=torch.float64))


def test_the_floor_takes_only_what_rounding_left():
    x = torch.tensor([[1e4, 0.0], [0.01, 0.0], [0.02, 0.0]])
    y = x.clone()
    squares = squared_distances(x, y, floor=True)
    assert torch.equal(squares.diagonal(), torch.zeros(3))
    assert float(squares[1, 2]) == pytest.approx(1e-4, rel=1e-3)
