import numpy as np
import pytest
from scipy import stats

from transferkit.ops.label_free.entropy import entropy
from transferkit.ops.label_free.judged import Judged


def test_value_is_that_of_the_released_code(wine):
    """KevinMusgrave/pytorch-adapt at 1366df7c, EntropyValidator, run on these numbers."""
    assert entropy(wine) == pytest.approx(-0.5404025123289924, rel=1e-12)


def test_value_is_scipys(wine):
    assert entropy(wine) == pytest.approx(-stats.entropy(wine.target_probabilities, axis=1).mean())


def test_knowing_nothing_is_worst_and_being_sure_best():
    assert entropy(Judged(target_probabilities=np.full((4, 5), 0.2))) == pytest.approx(-np.log(5))
    assert entropy(Judged(target_probabilities=np.eye(3))) == 0
