"""Sinkhorn divergence, against plain scaling in numpy, the best assignment, POT's own value, and its two limits."""

import sys

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from transferkit.ops.discrepancies import sinkhorn as sinkhorn_file
from transferkit.ops.discrepancies.sinkhorn import entropic_transport, sinkhorn

ot = pytest.importorskip("ot", reason="Sinkhorn divergence needs the extra [ot]")


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


def test_value_and_gradient_are_those_of_pot_s_solver():
    x, y = (torch.tensor(sample) for sample in samples())
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    value = entropic_transport(ours, y, epsilon=0.2, tolerance=1e-10)
    value.backward()
    costs = (theirs[:, None] - y).square().sum(dim=2)
    solved = ot.solve(costs, reg=0.2, reg_type="kl", max_iter=20_000, tol=1e-12, grad="envelope").value
    solved.backward()
    assert float(value.detach()) == pytest.approx(float(solved.detach()), rel=1e-8)
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-6, atol=1e-9)


def test_items_without_weight_count_for_nothing():
    x, y = (torch.tensor(sample) for sample in samples())
    weights = torch.tensor([0.0, 0.2, 0.3, 0.5, 0.0, 0.0])
    x.requires_grad_()
    found = sinkhorn(x, y, epsilon=0.4, weights=(weights, None), tolerance=1e-9)
    found.backward()
    alone = sinkhorn(x[1:4].detach(), y, epsilon=0.4, weights=(weights[1:4], None), tolerance=1e-9)
    assert float(found.detach()) == pytest.approx(float(alone), rel=1e-8)
    assert not x.grad[[0, 4, 5]].any()


def test_a_large_sample_against_itself_takes_few_steps(monkeypatch):
    monkeypatch.setattr(sinkhorn_file, "MOST_STEPS", 100)  # plain steps take thousands of them
    draw = torch.Generator().manual_seed(0)
    x, y = (torch.randn(900, 16, generator=draw) * torch.linspace(0.1, 1, 16) for _ in range(2))
    assert float(sinkhorn(x, y)) > 0


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


def test_without_pot_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ot", None)
    with pytest.raises(ImportError, match=r'pip install "transferkit\[ot\]"'):
        sinkhorn(*map(torch.tensor, samples()))
