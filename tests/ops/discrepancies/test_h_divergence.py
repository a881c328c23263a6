"""H-divergence, against SciPy's Kolmogorov-Smirnov statistic and every threshold by hand."""

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

from transferkit.ops.discrepancies.h_divergence import h_divergence


@pytest.mark.parametrize("seed", range(4))
def test_it_is_twice_the_largest_kolmogorov_smirnov_statistic(seed):
    draw = np.random.default_rng(seed)
    x, y = draw.integers(0, 6, (9, 4)).astype(float), draw.integers(1, 7, (13, 4)).astype(float)  # with many ties
    expected = 2 * max(ks_2samp(x[:, k], y[:, k]).statistic for k in range(4))
    assert h_divergence(torch.tensor(x), torch.tensor(y)) == pytest.approx(expected)


def test_it_is_the_least_error_over_all_thresholds():
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(7, 3)), draw.normal(size=(9, 3)) + 0.8
    errors = []
    for k in range(3):
        for threshold in (-np.inf, *x[:, k], *y[:, k]):
            wrong = (x[:, k] > threshold).mean() + (y[:, k] <= threshold).mean()
            errors += [wrong, 2 - wrong]
    assert h_divergence(torch.tensor(x), torch.tensor(y)) == pytest.approx(2 * (1 - min(errors)))
