import numpy as np
import pytest

from transferkit.evaluate.gain import paired_gain
from transferkit.ops.statistics.crossed import crossed_interval


def tables(seed=0, seeds=3, items=40):
    generator = np.random.default_rng(seed)
    return generator.random((2, seeds, items))


def test_gain_is_the_crossed_interval_of_the_differences():
    arm, baseline = tables()
    gain, interval = paired_gain(arm, baseline), crossed_interval(arm - baseline)
    assert (gain.mean, gain.low, gain.high) == (interval.mean, interval.low, interval.high)
    assert (gain.n_seeds, gain.n_items, gain.level) == (3, 40, 0.95)
    assert gain.smallest_detectable == interval.smallest_detectable


def test_gain_is_positive_where_better_whichever_way_the_metric_points():
    arm, baseline = tables()
    higher, lower = paired_gain(arm, baseline), paired_gain(arm, baseline, higher_is_better=False)
    assert (lower.mean, lower.low, lower.high) == pytest.approx((-higher.mean, -higher.high, -higher.low))


def test_an_arm_equal_to_its_baseline_gains_nothing_but_is_not_proven_equal_by_few_items():
    arm, _ = tables(items=10)
    gain = paired_gain(arm, arm)
    assert gain.mean == 0
    assert gain.high > 0.1


def test_higher_levels_are_wider():
    arm, baseline = tables()
    narrow, wide = paired_gain(arm, baseline, level=0.95), paired_gain(arm, baseline, level=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_tables_of_different_seeds_or_items_are_refused():
    arm, baseline = tables()
    with pytest.raises(ValueError, match="same seeds and items"):
        paired_gain(arm, baseline[:2])


def test_no_gain_is_larger_than_the_metric_itself():
    arm = np.array([[1.0] * 20, [1.0] * 19 + [0.0]])
    baseline = np.array([[0.0] * 20, [1.0] * 15 + [0.0] * 5])
    gain = paired_gain(arm, baseline)
    assert crossed_interval(arm - baseline).high > 1
    assert gain.high == 1.0
    assert gain.low == -1.0
    assert gain.smallest_detectable == 1.0
    assert paired_gain(arm, baseline, reach=100.0).high > 1
