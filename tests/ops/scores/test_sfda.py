"""Oracles: values of the released code under its own shrinkage, and the two fits written out in all features."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from transferkit.ops.scores.sfda import sfda


def data(name):
    if name == "digits":
        features, labels = load_digits(return_X_y=True)
        return features[:600] / 16, labels[:600]
    features, labels = {"wine": load_wine, "iris": load_iris}[name](return_X_y=True)
    return (features - features.mean(axis=0)) / features.std(axis=0), labels


@pytest.mark.parametrize(
    ("name", "share", "value"),
    [
        ("digits", 0.2699840665844201, 0.8574758051652227),
        ("wine", 0.000513082483937544, 0.8928039986972264),
        ("iris", 0.017829796043794026, 0.8805894641182749),
    ],
)
def test_score_is_that_of_the_released_code(name, share, value):
    """TencentARC/SFDA at 3b7edf76bd, metrics.py: the shrinkage it chose on these numbers, and its score."""
    assert sfda(*data(name), share=share) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("shape", [(60, 8), (30, 50)])
def test_score_is_that_of_two_fits_of_scikit_learns(shape):
    generator = np.random.default_rng(0)
    labels = np.arange(shape[0]) % 3
    features = generator.normal(size=(3, shape[1]))[labels] + generator.normal(size=shape)
    first = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3).fit(features, labels).predict_proba(features)
    means = np.stack([features[labels == c].mean(axis=0) for c in range(3)])
    mixed = np.empty_like(features)
    for i, (item, label) in enumerate(zip(features, labels, strict=True)):
        sure = np.exp(first[i, label]) / np.exp(first[i]).sum()
        mixed[i] = sure * item + (1 - sure) * np.delete(means, label, axis=0).mean(axis=0)
    second = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3).fit(mixed, labels).predict_proba(mixed)
    expected = second[np.arange(len(labels)), labels].mean()
    assert sfda(features, labels, share=0.3) == pytest.approx(expected, rel=1e-6)


def test_with_fewer_items_than_features_any_labels_score_near_1():
    generator = np.random.default_rng(0)
    assert sfda(generator.normal(size=(30, 500)), np.arange(30) % 3) > 0.99
