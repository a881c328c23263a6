import numpy as np
import pytest

from transferkit.ops.label_free import soft_neighbourhood_density as module
from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.soft_neighbourhood_density import soft_neighbourhood_density


def direct(table, temperature):
    total = 0.0
    for i in range(len(table)):
        cosines = [
            table[i] @ table[j] / np.linalg.norm(table[i]) / np.linalg.norm(table[j])
            for j in range(len(table))
            if j != i
        ]
        shares = np.exp(np.array(cosines) / temperature)
        shares /= shares.sum()
        total -= (shares * np.log(shares)).sum()
    return total / len(table)


def test_value_is_the_papers_double_sum(wine):
    table = wine.target_probabilities[:40]
    found = soft_neighbourhood_density(Judged(target_probabilities=table))
    assert found == pytest.approx(direct(table, 0.05), rel=1e-10)


def test_value_is_that_of_the_released_code(wine):
    """KevinMusgrave/pytorch-adapt at 1366df7c, SNDValidator, run on these numbers."""
    assert soft_neighbourhood_density(wine) == pytest.approx(3.494019087639294, rel=1e-9)


def test_tiles_do_not_change_the_value(wine, monkeypatch):
    whole = soft_neighbourhood_density(wine)
    monkeypatch.setattr(module, "BLOCK", 7)
    assert soft_neighbourhood_density(wine) == pytest.approx(whole, rel=1e-12)


def test_of_very_many_items_always_the_same_ones_count(wine, monkeypatch):
    monkeypatch.setattr(module, "MOST", 100)
    first = soft_neighbourhood_density(wine)
    assert first == soft_neighbourhood_density(wine)
    assert first <= np.log(99)


def test_items_all_alike_are_as_dense_as_can_be():
    alike = Judged(target_probabilities=np.tile([0.9, 0.1], (10, 1)))
    assert soft_neighbourhood_density(alike) == pytest.approx(np.log(9))
