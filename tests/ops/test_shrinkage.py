"""Oracle: scikit-learn's Ledoit-Wolf."""

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf_shrinkage

from transferkit.ops.shrinkage import shrinkage


@pytest.mark.parametrize("shape", [(60, 5), (12, 40), (30, 30)])
def test_share_is_scikit_learns(shape):
    generator = np.random.default_rng(0)
    items = generator.normal(size=shape) * generator.uniform(0.1, 3, shape[1])
    centred = items - items.mean(axis=0)
    square = np.square(centred.T @ centred / len(items)).sum()
    assert shrinkage(np.square(centred).sum(axis=1), square, shape[1]) == pytest.approx(ledoit_wolf_shrinkage(items))


def test_items_that_are_round_already_need_none():
    items = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert shrinkage(np.ones(4), np.square(items.T @ items / 4).sum(), 2) == 0
