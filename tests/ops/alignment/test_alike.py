"""The two-sample test: its level, and its power."""

import itertools

import numpy as np
import pytest
from scipy import stats

from transferkit.ops.alignment import alike
from transferkit.ops.alignment.alike import chance_alike, over_all_divisions


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


def test_mean_and_variance_over_all_divisions_are_those_of_drawing_every_one() -> None:
    draw = np.random.default_rng(1)
    for n_source, n_target in ((1, 1), (1, 2), (2, 2), (3, 2), (2, 6), (4, 4)):
        n = n_source + n_target
        items = draw.normal(size=(n, 3))
        gram = items @ items.T
        about = np.eye(n) - 1 / n
        gram = about @ gram @ about
        values = []
        for chosen in itertools.combinations(range(n), n_source):
            sides = np.full(n, -1 / n_target)
            sides[list(chosen)] = 1 / n_source
            values.append(sides @ gram @ sides)
        found = over_all_divisions(gram, np.repeat([1 / n_source, -1 / n_target], [n_source, n_target]))
        np.testing.assert_allclose(found, (np.mean(values), np.var(values)), atol=1e-9)


def test_so_few_items_that_every_division_is_alike_are_not_told_apart() -> None:
    assert chance_alike(np.zeros((1, 2)), np.ones((1, 2))) == 1.0
    assert chance_alike(np.zeros((2, 3)), np.full((2, 3), 0.1)) > 0.2


def test_a_clear_difference_is_told_from_a_few_items_and_without_divisions(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []
    centred_gram = alike._centred_gram
    monkeypatch.setattr(alike, "_centred_gram", lambda items: (looked_at.append(len(items)), centred_gram(items))[1])
    draw = np.random.default_rng(0)
    items = draw.normal(size=(2000, 4))
    assert chance_alike(items, items + 1) <= alike.CLEAR
    assert looked_at == [2 * alike.FIRST_ITEMS]
    looked_at.clear()
    assert chance_alike(items, draw.normal(size=(2000, 4))) > 0.05
    assert looked_at == [2 * alike.FIRST_ITEMS, 2 * alike.MOST_ITEMS]


def test_a_difference_that_takes_many_items_is_seen() -> None:
    draw = np.random.default_rng(2)
    assert chance_alike(draw.normal(size=(500, 2)), draw.normal(0.2, 1, size=(500, 2))) <= 0.02


def test_divisions_that_are_as_far_apart_as_the_domains_count_whatever_rounding_makes_of_them() -> None:
    """Of items that are 0 or 1 many divisions are alike: what counts is how many 1 are among the first."""
    source, target = (np.arange(n) < ones for n, ones in ((480, 140), (18, 4)))
    found = [chance_alike(source[:, None].astype(float), target[:, None].astype(float), seed) for seed in range(30)]
    ones = np.arange(19)
    apart = np.abs(ones / 18 - (144 - ones) / 480)
    wanted = stats.hypergeom(498, 144, 18).pmf(ones)[apart >= apart[4] - 1e-9].sum()
    assert np.mean(found) == pytest.approx(wanted, abs=0.02)
