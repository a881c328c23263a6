import numpy as np
import pytest

from transferkit.ops.random_features import random_features


def draw(inputs, seed=0, width=50):
    return random_features(inputs, width, np.random.default_rng(seed))


def test_same_seed_gives_same_features_and_another_seed_others():
    inputs = np.random.default_rng(1).random((8, 6))
    np.testing.assert_array_equal(draw(inputs), draw(inputs))
    assert not np.array_equal(draw(inputs), draw(inputs, seed=1))


def test_unit_and_offset_of_the_inputs_do_not_matter():
    inputs = np.random.default_rng(1).random((8, 6))
    np.testing.assert_allclose(draw(inputs), draw(inputs * 255 + 7), atol=1e-4)


def test_inner_products_estimate_the_arc_cosine_kernel():
    """Cho & Saul 2009: E relu(w'x) relu(w'y) = |x| |y| (sin t + (pi - t) cos t) / (2 pi), t the angle between x and y."""
    inputs = np.random.default_rng(1).normal(size=(5, 3))
    scaled = inputs - inputs.mean(axis=0)
    scaled /= scaled.std()
    seen = np.concatenate([scaled / np.sqrt(3), np.ones((5, 1))], axis=1)  # the offset is one more input
    lengths = np.linalg.norm(seen, axis=1)
    angle = np.arccos(np.clip(seen @ seen.T / np.outer(lengths, lengths), -1, 1))
    expected = np.outer(lengths, lengths) * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
    features = draw(inputs, width=100_000).astype(np.float64)
    np.testing.assert_allclose(features @ features.T / 100_000, expected, atol=0.02)


def test_inputs_that_do_not_vary_give_finite_features():
    assert np.isfinite(draw(np.ones((4, 3)))).all()


def test_inputs_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        draw(np.array([[1.0], [np.inf]]))
