import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression, Ridge

from transferkit.core.errors import Failed
from transferkit.tasks.linear_heads import logistic_head, ridge_head


def blobs(n: int, n_classes: int, seed: int = 0, d: int = 6) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    return draw.normal(size=(n, d)) + 1.5 * draw.normal(size=(n_classes, d))[labels], labels


@pytest.mark.parametrize("n", [9, 60])
def test_ridge_head_is_scikit_learns_ridge_times_its_sharpness(n: int) -> None:
    features, labels = blobs(n, 3)
    weights = np.random.default_rng(1).uniform(0.5, 2, n)
    head = ridge_head(features, labels, 3, weights)
    oracle = Ridge(alpha=head.settings["penalty"]).fit(features, np.eye(3)[labels], weights / weights.mean())
    expected = head.settings["sharpness"] * oracle.predict(features)
    np.testing.assert_allclose(features @ head.weight.T + head.bias, expected, atol=1e-8)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_logistic_head_is_scikit_learns_logistic_regression(n_classes: int) -> None:
    features, labels = blobs(80, n_classes)
    head = logistic_head(features, labels, n_classes)
    scaled = (features - features.mean(0)) / features.std(0)
    oracle = LogisticRegression(C=head.settings["strength"], max_iter=500).fit(scaled, labels)
    chances = softmax(features @ head.weight.T + head.bias, axis=1)
    np.testing.assert_allclose(chances, oracle.predict_proba(scaled), atol=1e-4)


def test_a_class_without_items_is_never_predicted() -> None:
    features, labels = blobs(30, 3)
    labels = np.where(labels == 2, 3, labels)  # classes 0, 1, 3 of four
    for head in (ridge_head(features, labels, 4), logistic_head(features, labels, 4)):
        guesses = (features @ head.weight.T + head.bias).argmax(axis=1)
        assert 2 not in guesses
        assert head.weight.shape == (4, 6)


def test_one_item_a_class_is_enough() -> None:
    features, labels = blobs(3, 3)
    for head in (ridge_head(features, labels, 3), logistic_head(features, labels, 3)):
        assert ((features @ head.weight.T + head.bias).argmax(axis=1) == labels).all()


def test_hardly_more_items_than_classes_are_fitted_without_a_warning() -> None:
    features, _ = blobs(24, 3)
    labels = np.arange(24) % 20  # pytest makes an error of every warning
    assert logistic_head(features, labels, 20).weight.shape == (20, features.shape[1])


@settings(max_examples=15, deadline=None)
@given(scale=st.sampled_from([1e-3, 0.1, 10.0, 1e3]), seed=st.integers(0, 50))
def test_the_features_unit_does_not_matter(scale: float, seed: int) -> None:
    features, labels = blobs(40, 3, seed)
    for fit in (ridge_head, logistic_head):
        one, other = fit(features, labels, 3), fit(scale * features, labels, 3)
        np.testing.assert_allclose(
            features @ one.weight.T + one.bias, scale * features @ other.weight.T + other.bias, rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("broken", [np.full((6, 2), 3.0), np.array([[np.nan, 1.0]] * 6)])
def test_features_that_say_nothing_give_one_line(broken: np.ndarray) -> None:
    for fit in (ridge_head, logistic_head):
        with pytest.raises(Failed, match="no linear head"):
            fit(broken, np.array([0, 1, 0, 1, 0, 1]), 2)
