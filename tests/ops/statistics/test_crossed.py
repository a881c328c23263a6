"""Oracles: the two-way table by ordinary least squares, paired t, simulated coverage and power."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from transferkit.ops.statistics.crossed import crossed_interval


def table(seeds, items, seed_spread, item_spread, rest=1.0, generator=None, mean=0.0):
    generator = generator or np.random.default_rng(0)
    by_seed = generator.normal(0, seed_spread, (seeds, 1)) if seed_spread else 0.0
    by_item = generator.normal(0, item_spread, (1, items)) if item_spread else 0.0
    return mean + by_seed + by_item + generator.normal(0, rest, (seeds, items))


def test_variance_is_that_of_an_analysis_of_variance_by_least_squares():
    d = table(4, 30, 2.0, 0.8)
    seeds, items = d.shape

    def residual_sum(*factors):
        design = np.concatenate([np.ones((d.size, 1)), *(np.eye(f.max() + 1)[f] for f in factors)], axis=1)
        return float(np.square(d.ravel() - design @ np.linalg.lstsq(design, d.ravel())[0]).sum())

    by_seed, by_item = (index.ravel() for index in np.indices(d.shape))
    both = residual_sum(by_seed, by_item)
    ms_seeds = (residual_sum(by_item) - both) / (seeds - 1)
    ms_items = (residual_sum(by_seed) - both) / (items - 1)
    ms_rest = both / ((seeds - 1) * (items - 1))
    by_seeds, by_items = ms_seeds / d.size, (ms_items - ms_rest) / d.size
    interval = crossed_interval(d)
    assert interval.standard_error == pytest.approx((by_seeds + by_items) ** 0.5)
    expected = (by_seeds + by_items) ** 2 / (by_seeds**2 / (seeds - 1) + by_items**2 / (items - 1))
    assert interval.degrees_of_freedom == pytest.approx(expected)
    reach = np.hypot(stats.t.ppf(0.975, seeds - 1) * by_seeds**0.5, stats.t.ppf(0.975, items - 1) * by_items**0.5)
    assert (interval.low, interval.high) == pytest.approx((d.mean() - reach, d.mean() + reach))


def test_one_seed_is_the_paired_t_interval_and_says_so():
    d = table(1, 40, 0, 1)
    expected = stats.ttest_1samp(d[0], 0).confidence_interval(0.95)
    interval = crossed_interval(d)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))
    assert not interval.counts_seeds
    assert interval.counts_items


def test_seeds_that_repeat_each_other_add_nothing():
    d = table(1, 40, 0, 1)
    once, five_times = crossed_interval(d), crossed_interval(np.repeat(d, 5, axis=0))
    assert (five_times.low, five_times.high) == pytest.approx((once.low, once.high))


def test_items_and_seeds_below_the_rest_never_shrink_the_interval_under_the_one_way_one():
    d = table(3, 50, 0, 0)
    d = d - d.mean(axis=0, keepdims=True) - d.mean(axis=1, keepdims=True)  # neither seeds nor items differ at all
    d[0, 0] += 0.1
    by_item = d.mean(axis=0).std(ddof=1) / np.sqrt(50)
    interval = crossed_interval(d)
    assert interval.standard_error >= by_item - 1e-12
    assert np.isfinite(interval.high)


def test_seeds_that_cancel_each_other_on_every_item_prove_nothing():
    interval = crossed_interval(np.array([[1.0, -1.0, 1.0, -1.0], [-1.0, 1.0, -1.0, 1.0]]))
    assert interval.low < -0.5 < 0.5 < interval.high


def test_a_table_without_spread_still_has_a_width_that_shrinks_with_the_items():
    few, many = crossed_interval(np.zeros((5, 10))), crossed_interval(np.zeros((5, 1000)))
    assert few.low < -0.2 < 0.2 < few.high
    assert -0.005 < many.low < 0 < many.high < 0.005
    assert crossed_interval(np.ones((5, 3))).low < 0 < crossed_interval(np.ones((5, 20))).low


def test_without_spread_the_width_holds_the_rule_of_three():
    """Nothing in n items: the share may still be 3 / n (Hanley & Lippman-Hand 1983)."""
    for n in (20, 100, 1000):
        assert crossed_interval(np.zeros((3, n))).high == pytest.approx(3 / n, rel=0.15)


@pytest.mark.parametrize(
    ("seeds", "items", "seed_spread", "item_spread"),
    [(3, 50, 0.0, 1.0), (3, 300, 0.1, 1.0), (5, 50, 1.0, 1.0), (5, 300, 0.0, 0.0), (10, 50, 0.3, 0.3)],
)
def test_interval_covers_the_truth_as_often_as_it_says(seeds, items, seed_spread, item_spread):
    generator = np.random.default_rng(seeds * items)
    hits = 0
    for _ in range(500):
        interval = crossed_interval(table(seeds, items, seed_spread, item_spread, generator=generator))
        hits += interval.low <= 0 <= interval.high
    assert 0.93 <= hits / 500 <= 0.985


@pytest.mark.parametrize("ratio", [0.0, 0.3, 1.0, 3.0, 30.0])
def test_three_seeds_are_covered_whatever_part_of_the_spread_they_make(ratio):
    """Satterthwaite's single t covers 92.4 % from ratio 3 on."""
    generator, items, hits = np.random.default_rng(0), 40, 0
    for _ in range(6000):
        d = table(3, items, (ratio * 3 / items) ** 0.5, 0.7, 0.7, generator)
        interval = crossed_interval(d)
        hits += interval.low <= 0 <= interval.high
    assert 0.938 <= hits / 6000 <= 0.985


def test_seeds_are_covered_where_items_do_not_differ_but_cells_do():
    """With what is left over taken from the seeds it would be 91 %, with Satterthwaite's single t 93 %."""
    generator, items, hits = np.random.default_rng(3), 30, 0
    for _ in range(6000):
        interval = crossed_interval(table(3, items, 0.3, 0.0, 0.95, generator))
        hits += interval.low <= 0 <= interval.high
    assert 0.945 <= hits / 6000 <= 0.98


def test_right_and_wrong_answers_are_covered_as_well():
    generator = np.random.default_rng(1)
    hits = 0
    for _ in range(500):
        hardness, skill = generator.normal(0, 1, (1, 60)), generator.normal(1, 0.3, (2, 4, 1))
        own = generator.normal(0, 0.5, (2, 4, 60))
        right = (skill + hardness + own > 0).astype(float)
        interval = crossed_interval(right[0] - right[1])
        hits += interval.low <= 0 <= interval.high
    assert 0.91 <= hits / 500 <= 0.985


def test_smallest_detectable_difference_is_found_in_four_of_five_repetitions():
    generator = np.random.default_rng(2)
    difference = 0.7
    found = detectable = 0.0
    for _ in range(800):
        interval = crossed_interval(table(1, 20, 0, 1, rest=0.01, generator=generator, mean=difference))
        found += interval.low > 0
        detectable += interval.smallest_detectable
    # at a true difference of the mean smallest detectable one, power is near 80 %
    assert detectable / 800 == pytest.approx(0.66, abs=0.03)
    assert 0.8 <= found / 800 <= 0.88


@given(
    scale=st.floats(0.01, 100),
    shift=st.floats(-10, 10),
    seed=st.integers(0, 1000),
    shape=st.tuples(st.integers(1, 4), st.integers(2, 8)),
)
@settings(max_examples=30, deadline=None)
def test_interval_moves_and_stretches_with_the_table(scale, shift, seed, shape):
    d = np.random.default_rng(seed).normal(size=shape)
    plain, moved = crossed_interval(d), crossed_interval(d * scale + shift)
    assert moved.low == pytest.approx(plain.low * scale + shift, abs=1e-6 * (1 + scale + abs(shift)))
    assert moved.smallest_detectable == pytest.approx(plain.smallest_detectable * scale, rel=1e-5)
    negative = crossed_interval(-d)
    assert (negative.low, negative.high) == pytest.approx((-plain.high, -plain.low))


def test_a_table_that_cannot_carry_an_interval_is_refused():
    with pytest.raises(ValueError, match="two cells at least"):
        crossed_interval(np.ones((1, 1)))
    with pytest.raises(ValueError, match="two cells at least"):
        crossed_interval(np.ones(4))
    with pytest.raises(ValueError, match="not finite"):
        crossed_interval(np.array([[1.0, np.nan]]))
    with pytest.raises(ValueError, match="between 0 and 1"):
        crossed_interval(np.ones((2, 2)), level=95)
