"""Sinkhorn divergence, against plain scaling in numpy, the best assignment, POT, and its two limits."""

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from transferkit.ops.discrepancies import sinkhorn as sinkhorn_file
from transferkit.ops.discrepancies.sinkhorn import entropic_transport, sinkhorn


def samples(n=6, m=8, d=2):
    draw = np.random.default_rng(0)
    return draw.normal(size=(n, d)), draw.normal(size=(m, d)) + 1


def primal(plan, costs, a, b, epsilon):
    return float((plan * costs).sum() + epsilon * (plan * np.log(plan / np.outer(a, b))).sum())


def scaled(x, y, a, b, epsilon):
    """T(x, y) by scaling rows and columns of exp(-C / epsilon), as Sinkhorn did."""
    costs = cdist(x, y, "sqeuclidean")
    kernel = np.outer(a, b) * np.exp(-costs / epsilon)
    u, v = np.ones(len(a)), np.ones(len(b))
    for _ in range(3000):
        u = a / (kernel @ v)
        v = b / (kernel.T @ u)
    return primal(u[:, None] * kernel * v, costs, a, b, epsilon)


@pytest.mark.parametrize("epsilon", [0.3, 5.0])
@pytest.mark.parametrize("weighed", [False, True])
def test_it_is_what_plain_scaling_gives(epsilon, weighed):
    x, y = samples()
    a, b = (np.arange(1, 7) / 21, np.arange(8, 0, -1) / 36) if weighed else (np.full(6, 1 / 6), np.full(8, 1 / 8))
    across, of_x, of_y = scaled(x, y, a, b, epsilon), scaled(x, x, a, a, epsilon), scaled(y, y, b, b, epsilon)
    settings = {"epsilon": epsilon, "tolerance": 1e-10}
    if weighed:
        settings["weights"] = (torch.tensor(a), torch.tensor(b))
    x, y = torch.tensor(x), torch.tensor(y)
    assert float(entropic_transport(x, y, **settings)) == pytest.approx(across, rel=1e-8)
    assert float(sinkhorn(x, y, **settings)) == pytest.approx(across - (of_x + of_y) / 2, rel=1e-8)


def test_it_is_what_pot_s_plan_costs():
    ot = pytest.importorskip("ot", reason="the extra [ot] is not installed")
    x, y = samples()
    a, b, costs = np.full(6, 1 / 6), np.full(8, 1 / 8), cdist(x, y, "sqeuclidean")
    plan = ot.sinkhorn(a, b, costs, reg=0.2, method="sinkhorn_log", stopThr=1e-12, numItermax=20_000)
    found = entropic_transport(torch.tensor(x), torch.tensor(y), epsilon=0.2, tolerance=1e-10)
    assert float(found) == pytest.approx(primal(plan, costs, a, b, 0.2), rel=1e-8)


def test_with_little_smoothing_it_is_the_best_assignment():
    x, y = samples(m=6)
    costs = cdist(x, y, "sqeuclidean")
    expected = costs[linear_sum_assignment(costs)].mean()
    found = sinkhorn(torch.tensor(x), torch.tensor(y), epsilon=0.003, tolerance=1e-3)
    assert float(found) == pytest.approx(expected, rel=0.01)


def test_with_much_smoothing_it_is_the_distance_of_the_means():
    x, y = map(torch.tensor, samples())
    assert float(sinkhorn(x, y, epsilon=1e5)) == pytest.approx(float((x.mean(0) - y.mean(0)).square().sum()), rel=1e-3)


def test_an_epsilon_of_no_use_gives_one_line(monkeypatch):
    monkeypatch.setattr(sinkhorn_file, "MOST_STEPS", 9)
    x, y = map(torch.tensor, samples())
    with pytest.raises(ValueError, match="epsilon 0 cannot be used"):
        sinkhorn(x, y, epsilon=0)
    with pytest.raises(ValueError, match=r"off by .* after 9 steps; take an epsilon above 0"):
        sinkhorn(x, y, epsilon=1e-3)
