import numpy as np
import pytest

from transferkit.evaluate.simultaneous import secondary_level
from transferkit.ops.statistics.crossed import crossed_interval


def test_several_intervals_hold_at_once_as_often_as_one_alone():
    generator = np.random.default_rng(0)
    level, all_hold = secondary_level(8), 0
    for _ in range(400):
        intervals = [crossed_interval(generator.normal(size=(1, 30)), level) for _ in range(8)]
        all_hold += all(i.low <= 0 <= i.high for i in intervals)
    assert 0.92 <= all_hold / 400 <= 0.98


def test_a_single_secondary_arm_keeps_the_full_level():
    assert secondary_level(1) == pytest.approx(0.95)


def test_no_arms_have_no_level():
    with pytest.raises(ValueError, match="0 secondary arms"):
        secondary_level(0)
