import numpy as np
import pytest

from transferkit.ops.label_free.batch_nuclear_norm import batch_nuclear_norm
from transferkit.ops.label_free.judged import Judged


def test_value_is_that_of_the_released_code(wine):
    """KevinMusgrave/pytorch-adapt at 1366df7c, BNMLoss (the norm over n), run on these numbers."""
    assert batch_nuclear_norm(wine) * np.sqrt(4 * 178) / 178 == pytest.approx(0.12436332963067764, rel=1e-12)


def test_value_of_sure_predictions_is_that_of_their_counts():
    """The singular values of a one-hot matrix are the roots of its column sums."""
    sure = Judged(target_probabilities=np.eye(3)[[0, 0, 0, 0, 1, 2, 2]])
    assert batch_nuclear_norm(sure) == pytest.approx((2 + 1 + np.sqrt(2)) / np.sqrt(3 * 7))


def test_collapse_scores_less_than_sure_and_even_predictions():
    sure = Judged(target_probabilities=np.tile(np.eye(3), (5, 1)))
    collapsed = Judged(target_probabilities=np.tile(np.eye(3)[0], (15, 1)))
    assert batch_nuclear_norm(sure) == pytest.approx(1)
    assert batch_nuclear_norm(collapsed) == pytest.approx(1 / np.sqrt(3))
