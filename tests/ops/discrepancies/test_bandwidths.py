"""Widths by the mean and the median rule, against all distances."""

import pytest
import torch

from transferkit.ops.discrepancies.bandwidths import mean_bandwidths, mean_square_distance, median_bandwidths


def samples():
    draw = torch.Generator().manual_seed(0)
    return torch.randn(6, 3, generator=draw), torch.randn(9, 3, generator=draw) * 2 + 100


def test_the_mean_is_that_over_all_pairs_without_making_them():
    x, y = samples()
    expected = torch.nn.functional.pdist(torch.cat([x, y]).double()).square().mean()
    assert mean_square_distance(x, y) == pytest.approx(float(expected), rel=1e-5)
    widths = mean_bandwidths(x, y)
    assert [2 * s**2 / float(expected) for s in widths] == pytest.approx([0.25, 0.5, 1, 2, 4], rel=1e-5)


def test_the_median_is_that_over_all_pairs():
    x, y = samples()
    distances = torch.nn.functional.pdist(torch.cat([x, y]))
    assert median_bandwidths(x, y, (1.0, 4.0)) == pytest.approx(
        [float(distances.median()), 2 * float(distances.median())]
    )


def test_items_that_are_all_alike_give_a_width_or_a_line():
    x = torch.ones(4, 2)
    assert mean_bandwidths(x, x) == (1.0,)
    with pytest.raises(ValueError, match="median distance is 0"):
        median_bandwidths(x, x)
