"""CORAL and log-CORAL, against numpy's covariance and SciPy's matrix logarithm."""

import numpy as np
import pytest
import torch
from scipy.linalg import logm

from transferkit.ops.discrepancies.coral import coral
from transferkit.ops.discrepancies.log_coral import log_coral


def samples(n=9, m=14, d=4):
    draw = np.random.default_rng(0)
    return draw.normal(size=(n, d)), draw.normal(size=(m, d)) * draw.uniform(0.5, 2, d) + 3


@pytest.mark.parametrize("d", [4, 60])
def test_coral_is_the_distance_of_numpy_s_covariances(d):
    x, y = samples(d=d)
    expected = np.square(np.cov(x.T) - np.cov(y.T)).sum() / (4 * d * d)
    assert float(coral(torch.tensor(x), torch.tensor(y))) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("d", [4, 30])
def test_log_coral_is_the_distance_of_scipy_s_logarithms(d):
    x, y = samples(d=d)
    of_x, of_y = np.cov(x.T), np.cov(y.T)
    lift = 0.01 * (np.trace(of_x) + np.trace(of_y)) / (2 * d) * np.eye(d)
    expected = np.square(logm(of_x + lift) - logm(of_y + lift)).sum() / (4 * d * d)
    assert float(log_coral(torch.tensor(x), torch.tensor(y), ridge=0.01)) == pytest.approx(expected, rel=1e-8)


def test_log_coral_has_no_unit():
    x, y = map(torch.tensor, samples())
    assert float(log_coral(1000 * x, 1000 * y)) == pytest.approx(float(log_coral(x, y)), rel=1e-9)
    assert float(coral(10 * x, 10 * y)) == pytest.approx(1e4 * float(coral(x, y)), rel=1e-9)


def test_equal_eigenvalues_give_a_finite_gradient():
    x = torch.cat([torch.eye(3), -torch.eye(3)]).double().requires_grad_()
    log_coral(x, torch.tensor(samples(d=3)[1])).backward()
    assert torch.isfinite(x.grad).all()
    assert torch.autograd.gradcheck(lambda one: log_coral(one, torch.tensor(samples(d=3)[1])), x)


def test_a_ridge_of_0_gives_one_line():
    with pytest.raises(ValueError, match="ridge 0 must be above 0"):
        log_coral(*map(torch.tensor, samples()), ridge=0)
