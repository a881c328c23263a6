"""Judged models that several tests here share."""

import pytest
from scipy.special import softmax
from sklearn.datasets import load_wine

from transferkit.ops.label_free.judged import Judged


@pytest.fixture
def wine() -> Judged:
    """The wine data as one model's word: 178 items of 13 standardised features; 4 classes read off the first four."""
    features, labels = load_wine(return_X_y=True)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    table = softmax(3 * features[:, :4], axis=1)
    return Judged(
        target_probabilities=table,
        target_features=features,
        source_probabilities=table,
        source_labels=labels,
        source_features=features,
    )
