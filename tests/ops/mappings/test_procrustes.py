"""Procrustes against scipy, by search where scipy has none, and what it must leave as it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.stats import ortho_group

from transferkit.ops.mappings.pairs import class_pairs
from transferkit.ops.mappings.procrustes import procrustes


def test_it_is_scipys_rotation():
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(30, 5)), draw.normal(size=(30, 5))
    rotation, scale = orthogonal_procrustes(x - x.mean(0), y - y.mean(0))
    np.testing.assert_allclose(procrustes(x, y, scaling=False).matrix, rotation, atol=1e-10)
    scaled = procrustes(x, y)
    np.testing.assert_allclose(scaled.matrix, rotation * scale / np.square(x - x.mean(0)).sum(), atol=1e-10)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), d=st.integers(2, 6), more=st.integers(0, 3), scale=st.floats(0.1, 10))
def test_a_rotation_with_scale_and_shift_is_recovered_exactly(seed, d, more, scale):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(40, d))
    turn = ortho_group.rvs(d + more, random_state=seed)[:d]  # rows orthonormal: into the larger space
    y = scale * x @ turn + draw.normal(size=d + more)
    np.testing.assert_allclose(procrustes(x, y)(x), y, atol=1e-8 * scale)


@pytest.mark.parametrize(("d", "k"), [(2, 4), (4, 2)])
def test_no_other_orthogonal_map_agrees_more(d, k):
    draw = np.random.default_rng(1)
    x, y = draw.normal(size=(25, d)), draw.normal(size=(25, k))
    x, y = x - x.mean(0), y - y.mean(0)
    found = procrustes(x, y, scaling=False).matrix
    agreement = np.sum((x @ found) * y)
    for seed in range(300):
        turn = ortho_group.rvs(max(d, k), random_state=seed)[:d, :k]
        assert np.sum((x @ turn) * y) <= agreement + 1e-9
    small = found @ found.T if d < k else found.T @ found
    np.testing.assert_allclose(small, np.eye(min(d, k)), atol=1e-10)


def test_distances_are_kept():
    draw = np.random.default_rng(2)
    x, y = draw.normal(size=(25, 3)), draw.normal(size=(25, 6))
    mapped = procrustes(x, y, scaling=False)(x)
    np.testing.assert_allclose(
        np.linalg.norm(mapped[:, None] - mapped, axis=2), np.linalg.norm(x[:, None] - x, axis=2), atol=1e-9
    )


def test_weights_count_as_repeated_pairs():
    draw = np.random.default_rng(3)
    x, y = draw.normal(size=(12, 3)), draw.normal(size=(12, 3))
    times = draw.integers(1, 4, 12)
    repeated = procrustes(np.repeat(x, times, axis=0), np.repeat(y, times, axis=0))
    np.testing.assert_allclose(procrustes(x, y, weights=times).matrix, repeated.matrix, atol=1e-10)


def test_items_with_their_class_mean_are_the_class_means_themselves():
    draw = np.random.default_rng(4)
    x, names = draw.normal(size=(30, 4)), ["a"] * 5 + ["b"] * 15 + ["c"] * 10
    y, y_names = draw.normal(size=(12, 4)), ["a", "b", "c"] * 4
    found = procrustes(*class_pairs(x, names, y, y_names)[:2], weights=class_pairs(x, names, y, y_names)[2])
    means = [
        np.array([part[np.array(labels) == name].mean(0) for name in "abc"])
        for part, labels in ((x, names), (y, y_names))
    ]
    expected = procrustes(*means, scaling=False).matrix
    np.testing.assert_allclose(found.matrix / found.chosen["scale"], expected, atol=1e-9)
    assert found.chosen["rank"] == 2  # three class means lie in a plane


def test_what_the_pairs_say_nothing_of_goes_to_the_centre():
    x = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
    found = procrustes(x, np.array([[1.0, 1.0], [1.0, 3.0]]))
    np.testing.assert_allclose(found(np.array([[1.0, 9.0, -5.0]])), [[1.0, 2.0]], atol=1e-12)
    np.testing.assert_allclose(procrustes(np.ones((3, 2)), np.ones((3, 2)))(np.zeros((1, 2))), [[1.0, 1.0]])


def test_classes_that_are_not_shared_give_one_line():
    with pytest.raises(ValueError, match="matched by their names, and 1 of at least 2"):
        class_pairs(np.eye(2), ["a", "b"], np.eye(2), ["b", "c"])
