import pytest
from scipy import stats

from transferkit.ops.statistics.proportion import wilson_interval


@pytest.mark.parametrize(("right", "n"), [(0, 5), (3, 7), (50, 60), (12, 12), (900, 1000)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_interval_is_scipys(right, n, level):
    expected = stats.binomtest(right, n).proportion_ci(level, method="wilson")
    assert wilson_interval(right / n, n, level) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_what_is_no_share_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        wilson_interval(1.2, 10)
