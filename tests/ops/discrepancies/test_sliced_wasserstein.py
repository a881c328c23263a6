"""Sliced Wasserstein, against SciPy and POT on each line, and a closed form."""

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from transferkit.ops.discrepancies.sliced_wasserstein import random_directions, sliced_wasserstein


def samples(n=8, m=11, d=3):
    draw = torch.Generator().manual_seed(0)
    return torch.randn(n, d, generator=draw).double(), torch.randn(m, d, generator=draw).double() * 2 + 1


@pytest.mark.parametrize("m", [8, 11, 16])
def test_to_the_first_power_it_is_scipy_s_mean_over_the_lines(m):
    x, y = samples(m=m)
    lines = random_directions(3, 5)
    along_x, along_y = (x @ lines).numpy(), (y @ lines).numpy()
    expected = np.mean([wasserstein_distance(along_x[:, k], along_y[:, k]) for k in range(5)])
    assert float(sliced_wasserstein(x, y, directions=lines, power=1)) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("power", [2, 3])
def test_it_is_the_cost_of_items_repeated_to_the_same_number(power):
    x, y = samples(n=4, m=6)
    found = sliced_wasserstein(x, y, power=power)
    same = sliced_wasserstein(x.repeat_interleave(3, dim=0), y.repeat_interleave(2, dim=0), power=power)
    assert float(found) == pytest.approx(float(same), rel=1e-10)


def test_it_is_pot_s():
    ot = pytest.importorskip("ot", reason="the extra [ot] is not installed")
    x, y = samples()
    lines = random_directions(3, 20)
    for power in (1, 2, 3):
        expected = ot.sliced_wasserstein_distance(x.numpy(), y.numpy(), projections=lines.numpy(), p=power) ** power
        assert float(sliced_wasserstein(x, y, directions=lines, power=power)) == pytest.approx(expected, rel=1e-8)


def test_a_shift_costs_its_square_over_the_dimensions():
    x, _ = samples(d=3)
    by = torch.tensor([1.0, 2.0, 2.0])
    assert float(sliced_wasserstein(x, x + by, directions=4000)) == pytest.approx(9 / 3, rel=0.05)


def test_a_generator_draws_new_lines_and_none_draws_the_same():
    x, y = samples()
    assert sliced_wasserstein(x, y) == sliced_wasserstein(x, y)
    draw = torch.Generator().manual_seed(5)
    assert sliced_wasserstein(x, y, generator=draw) != sliced_wasserstein(x, y, generator=draw)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"directions": 0}, "0 directions; expected at least 1"),
        ({"directions": torch.ones(2, 4)}, r"directions are \(2, 4\); expected \(3, k\)"),
        ({"power": 0.5}, "power 0.5 must be at least 1"),
    ],
)
def test_settings_that_cannot_be_used_give_one_line(settings, line):
    with pytest.raises(ValueError, match=line):
        sliced_wasserstein(*samples(), **settings)
