import numpy as np
import pytest
from scipy import stats

from transferkit.ops.statistics.cross_fitted import COVARIANCE, cross_fitted_interval

TABLE = np.random.default_rng(0).normal(0.3, 1.0, (3, 20))


def test_one_repeat_is_the_t_interval_of_the_items_with_the_variance_of_dependent_ones() -> None:
    interval = cross_fitted_interval(TABLE[:1])
    error = COVARIANCE**0.5 * stats.sem(TABLE[0])
    assert (interval.low, interval.high) == pytest.approx(stats.t.interval(0.95, 19, TABLE[0].mean(), error))
    assert not interval.counts_seeds


def test_the_variance_is_that_of_the_two_way_table() -> None:
    """The oracle: mean squares from their definition, cell by cell."""
    repeats, items = TABLE.shape
    rows, columns, mean = TABLE.mean(1), TABLE.mean(0), TABLE.mean()
    ms_repeats = sum(items * (row - mean) ** 2 for row in rows) / (repeats - 1)
    ms_items = sum(repeats * (column - mean) ** 2 for column in columns) / (items - 1)
    cells = [(TABLE[r, i] - rows[r] - columns[i] + mean) ** 2 for r in range(repeats) for i in range(items)]
    ms_rest = sum(cells) / ((repeats - 1) * (items - 1))
    expected = COVARIANCE * max(ms_repeats + ms_items - ms_rest, ms_items) / (repeats * items)
    assert cross_fitted_interval(TABLE).standard_error ** 2 == pytest.approx(expected)


def test_equal_repeats_say_as_much_as_one() -> None:
    one, three = cross_fitted_interval(TABLE[:1]), cross_fitted_interval(np.repeat(TABLE[:1], 3, axis=0))
    assert (three.low, three.high) == pytest.approx((one.low, one.high))


def test_the_smallest_detectable_difference_is_found_four_times_in_five() -> None:
    interval = cross_fitted_interval(TABLE)
    noncentrality = interval.smallest_detectable / interval.standard_error
    found = stats.nct.sf(stats.t.ppf(0.975, 19), 19, noncentrality)
    assert found == pytest.approx(0.8, abs=1e-6)


def test_a_table_without_spread_still_has_a_width() -> None:
    interval = cross_fitted_interval(np.zeros((3, 10)))
    assert interval.low < 0 < interval.high


@pytest.mark.parametrize(
    ("table", "level", "said"),
    [
        (np.zeros((3, 1)), 0.95, "two items"),
        (np.zeros(4), 0.95, "shape"),
        (np.full((2, 4), np.nan), 0.95, "finite"),
        (np.zeros((2, 4)), 1.5, "level"),
    ],
)
def test_what_is_no_table_is_refused(table: np.ndarray, level: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        cross_fitted_interval(table, level)
