"""CMD, against SciPy's central moments."""

import numpy as np
import pytest
import torch
from scipy.stats import moment

from transferkit.ops.discrepancies.cmd import cmd


@pytest.mark.parametrize(("moments", "span"), [(1, 1.0), (3, 2.0), (5, 0.5)])
def test_it_is_the_sum_of_scipy_s_moments_distances(moments, span):
    draw = np.random.default_rng(0)
    x, y = draw.uniform(size=(9, 4)), draw.beta(2, 5, size=(12, 4))
    expected = np.linalg.norm(x.mean(0) - y.mean(0)) / span
    for k in range(2, moments + 1):
        expected += np.linalg.norm(moment(x, k) - moment(y, k)) / span**k
    assert float(cmd(torch.tensor(x), torch.tensor(y), moments=moments, span=span)) == pytest.approx(
        expected, rel=1e-10
    )


def test_settings_that_cannot_be_used_give_one_line():
    x = torch.eye(3)
    with pytest.raises(ValueError, match="0 moments over a span"):
        cmd(x, x, moments=0)
    with pytest.raises(ValueError, match="a length above 0"):
        cmd(x, x, span=0)
