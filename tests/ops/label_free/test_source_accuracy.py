import pytest
from sklearn.metrics import accuracy_score

from transferkit.ops.label_free.source_accuracy import source_accuracy


def test_value_is_scikit_learns(wine):
    predicted = wine.source_probabilities.argmax(axis=1)
    assert source_accuracy(wine) == pytest.approx(accuracy_score(wine.source_labels, predicted))
