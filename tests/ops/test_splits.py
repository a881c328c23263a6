"""Splits keep their promises on any data."""

import zlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedShuffleSplit

from transferkit.ops.splits import holdout, linked

shares = st.floats(0.05, 0.6)
seeds = st.integers(0, 2**32)
labels = st.lists(st.integers(0, 4), min_size=1, max_size=60).map(np.array)


@given(labels, shares, seeds)
@settings(max_examples=60, deadline=None)
def test_each_class_gives_its_rounded_share_and_keeps_one(strata, share, seed):
    held = holdout(strata, share, seed)
    for stratum in np.unique(strata):
        size = int((strata == stratum).sum())
        expected = 0 if size == 1 else min(max(int(np.floor(share * size + 0.5)), 1), size - 1)
        assert held[strata == stratum].sum() == expected


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), min_size=1, max_size=60), shares, seeds)
@settings(max_examples=100, deadline=None)
def test_groups_never_straddle_and_no_class_is_emptied(pairs, share, seed):
    strata, groups = (np.array(column) for column in zip(*pairs, strict=True))
    held = holdout(strata, share, seed, groups=groups)
    assert not set(groups[held]) & set(groups[~held])
    assert set(strata[~held]) == set(strata)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=60), shares, seeds)
@settings(max_examples=100, deadline=None)
def test_a_class_with_two_groups_of_its_own_is_on_both_sides(pairs, share, seed):
    strata = np.array([stratum for stratum, _ in pairs])
    groups = np.array([stratum * 100 + group for stratum, group in pairs])  # every group is of one class
    held = holdout(strata, share, seed, groups=groups)
    for stratum in np.unique(strata):
        inside = strata == stratum
        assert held[inside].any() == (len(np.unique(groups[inside])) > 1)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 25)), min_size=1, max_size=60), shares, seeds)
@settings(max_examples=200, deadline=None)
def test_groups_are_placed_one_at_a_time_the_largest_first(pairs, share, seed):
    strata, groups = (np.unique(column, return_inverse=True)[1] for column in zip(*pairs, strict=True))
    held = set(groups[holdout(strata, share, seed, groups=groups, purpose="test")])
    assert held == placed_one_at_a_time(strata, groups, share, np.random.default_rng([zlib.crc32(b"test"), seed]))


def placed_one_at_a_time(strata, groups, share, random):
    """The rule of `holdout`, item by item."""
    n_strata, n_groups = strata.max() + 1, groups.max() + 1
    counts = np.array([np.bincount(strata[groups == group], minlength=n_strata) for group in range(n_groups)])
    size, left = counts.sum(0), (counts > 0).sum(0)
    wanted = np.where(left > 1, np.maximum(np.floor(share * size + 0.5), 1), 0)
    short, held = wanted.copy(), []

    def worth(group):
        return sum((abs(short[s]) - abs(short[s] - counts[group][s])) / size[s] for s in np.flatnonzero(counts[group]))

    def hold(group):
        nonlocal short, left
        held.append(group)
        short, left = short - counts[group], left - (counts[group] > 0)

    def may_go(group):
        return group not in held and (left[counts[group] > 0] > 1).all()

    order = sorted(random.permutation(n_groups).tolist(), key=lambda group: -counts[group].sum())
    for group in order:
        if may_go(group) and worth(group) > 0:
            hold(group)
    for stratum in np.flatnonzero((short == wanted) & (wanted > 0)):
        fitting = [group for group in order if counts[group][stratum] and may_go(group)]
        if short[stratum] == wanted[stratum] and fitting:
            hold(max(fitting, key=worth))
    return set(held)


def test_share_agrees_with_scikit_learn_on_balanced_classes():
    strata = np.repeat(np.arange(5), 40)
    ours = holdout(strata, 0.25, seed=3)
    _, theirs = next(StratifiedShuffleSplit(1, test_size=0.25, random_state=0).split(strata, strata))
    assert np.bincount(strata[ours]).tolist() == np.bincount(strata[theirs]).tolist() == [10] * 5


def test_same_seed_same_split_and_another_purpose_another_split():
    strata = np.repeat([0, 1], 50)
    first = holdout(strata, 0.25, 7, purpose="test")
    assert (first == holdout(strata, 0.25, 7, purpose="test")).all()
    assert (first != holdout(strata, 0.25, 8, purpose="test")).any()
    assert (first != holdout(strata, 0.25, 7, purpose="validation")).any()


def test_every_item_is_held_out_equally_often():
    strata = np.repeat([0, 1], [8, 16])
    times = sum(holdout(strata, 0.25, seed).astype(int) for seed in range(2000))
    assert np.abs(times / 2000 - 0.25).max() < 0.05  # five standard deviations of a binomial share


def test_a_group_that_is_most_of_a_class_stays():
    strata, groups = np.zeros(13, dtype=int), np.array([0] * 10 + [1, 2, 3])
    assert not holdout(strata, 0.25, 0, groups=groups)[:10].any()


def test_no_items_give_no_split():
    assert holdout(np.zeros(0, dtype=int), 0.25, 0).shape == (0,)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=25))
@settings(max_examples=60, deadline=None)
def test_linked_equals_connected_components(pairs):
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, second = (np.array(column) for column in zip(*pairs, strict=True))
    shares_a_key = (first[:, None] == first) | (second[:, None] == second)
    _, theirs = connected_components(coo_array(shares_a_key), directed=False)
    ours = linked(first.tolist(), second.tolist())
    assert ((ours[:, None] == ours) == (theirs[:, None] == theirs)).all()
