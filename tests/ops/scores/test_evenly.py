import numpy as np
import pytest

from transferkit.ops.scores.evenly import evenly


@pytest.mark.parametrize("most", [7, 20, 39])
def test_every_class_keeps_its_share(most):
    labels = np.array([0] * 25 + [1] * 10 + [2] * 5)[np.random.default_rng(0).permutation(40)]
    kept = evenly(labels, most)
    assert len(kept) == most
    assert (np.diff(kept) > 0).all()
    np.testing.assert_allclose(np.bincount(labels[kept], minlength=3), np.bincount(labels) * most / 40, atol=1)


def test_few_items_are_all_kept():
    np.testing.assert_array_equal(evenly(np.array([1, 0, 1]), 3), [0, 1, 2])
