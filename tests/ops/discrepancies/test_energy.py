"""Energy distance, against SciPy in one dimension and sums over pairs in several."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.stats import energy_distance

from transferkit.ops.discrepancies.energy import energy


def samples(d, n=8, m=11):
    draw = np.random.default_rng(0)
    return draw.normal(size=(n, d)), draw.normal(size=(m, d)) + 0.7


@pytest.mark.parametrize("weighed", [False, True])
def test_in_one_dimension_it_is_scipy_s_squared(weighed):
    x, y = samples(1)
    p, q = (np.arange(1.0, 9), np.arange(11.0, 0, -1)) if weighed else (None, None)
    weights = (torch.tensor(p), torch.tensor(q)) if weighed else (None, None)
    found = energy(torch.tensor(x), torch.tensor(y), weights=weights)
    assert float(found) == pytest.approx(energy_distance(x[:, 0], y[:, 0], p, q) ** 2, rel=1e-9)


def test_in_several_it_is_the_mean_over_pairs():
    x, y = samples(5)
    across = 2 * cdist(x, y).mean()
    biased = across - cdist(x, x).mean() - cdist(y, y).mean()
    unbiased = across - cdist(x, x).sum() / 56 - cdist(y, y).sum() / 110
    x, y = torch.tensor(x), torch.tensor(y)
    assert float(energy(x, y)) == pytest.approx(biased, rel=1e-9)
    assert float(energy(x, y, estimator="unbiased")) == pytest.approx(unbiased, rel=1e-9)


def test_its_unit_is_the_features():
    x, y = map(torch.tensor, samples(3))
    assert float(energy(7 * x, 7 * y)) == pytest.approx(7 * float(energy(x, y)), rel=1e-9)
