"""The two-sample test: its level, and its power."""

import numpy as np

from transferkit.ops.alignment.alike import chance_alike


def test_samples_of_one_distribution_are_told_apart_as_often_as_the_level_says() -> None:
    draw = np.random.default_rng(0)
    chances = [chance_alike(draw.normal(size=(25, 3)), draw.normal(size=(20, 3)), seed) for seed in range(300)]
    assert 0.02 < np.mean(np.array(chances) <= 0.05) < 0.09
    assert 0.4 < np.mean(chances) < 0.6


def test_a_difference_in_spread_alone_is_seen() -> None:
    draw = np.random.default_rng(0)
    assert chance_alike(draw.normal(size=(200, 2)), 2 * draw.normal(size=(200, 2))) < 0.01


def test_items_most_of_which_are_equal_have_a_chance_too() -> None:
    same = np.zeros((30, 2))
    assert chance_alike(same, same) == 1.0
    other = same.copy()
    other[:12] = 1.0
    assert chance_alike(same, other) < 0.01
