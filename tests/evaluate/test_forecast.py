import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from transferkit.evaluate.forecast import (
    LARGEST,
    RULE,
    SHARES,
    SMALLEST,
    UNKNOWN_SIZE,
    Rule,
    chances,
    forecast,
    line,
    terms,
)

PLAIN = Rule(0.5, {"knn": 0.8, "size": 0.3}, spread=0.4, quantile=2.0, between=0.2)


def seen(knn, parameters=None):
    return terms({"knn": knn}, 50, parameters or [None] * len(knn))


def test_the_middle_is_the_line_through_logits():
    knn = np.array([0.3, 0.6, 0.9])
    sizes = [100_000, 308_896, 1_000_000]
    expected = expit(0.5 + 0.8 * logit((50 * knn + 0.5) / 51) + 0.3 * np.log10(np.array(sizes) / UNKNOWN_SIZE))
    assert forecast(PLAIN, seen(knn, sizes), 50).middle == pytest.approx(expected)


def test_the_interval_joins_spread_and_the_standard_error_of_a_share():
    found = forecast(PLAIN, seen([0.6]), 50)
    share = (50 * 0.6 + 0.5) / 51
    error = 0.8 * np.sqrt(1 / (50 * share * (1 - share)))  # delta method: d logit / d share = 1 / (p (1 - p))
    reach = 2.0 * np.sqrt(0.4**2 + error**2)
    assert logit(found.high) - logit(found.middle) == pytest.approx(reach)
    assert logit(found.middle) - logit(found.low) == pytest.approx(reach)


def test_more_items_make_the_interval_narrower_but_not_nothing():
    widths = [
        np.ptp([forecast(PLAIN, seen([0.6]), n).low, forecast(PLAIN, seen([0.6]), n).high]) for n in (20, 200, 10**6)
    ]
    assert widths[0] > widths[1] > widths[2] > 0.3


def test_every_share_from_none_to_all_right_stays_between_0_and_1():
    found = forecast(PLAIN, seen([0.0, 0.5, 1.0]), 50)
    assert (found.low > 0).all()
    assert (np.diff(found.middle) > 0).all()
    assert (found.high < 1).all()


def test_sizes_nobody_has_looked_at_count_as_the_nearest_that_was():
    sizes = terms({}, 10, [1, SMALLEST, None, UNKNOWN_SIZE, LARGEST, 10**11])["size"]
    assert sizes[0] == sizes[1] < sizes[2] == sizes[3] == 0 < sizes[4] == sizes[5]


def test_chances_are_those_of_drawing_many_times():
    middle, deviation = np.array([0.0, 0.4, -1.0, 0.3]), np.array([0.5, 0.3, 2.0, 0.1])
    drawn = np.random.default_rng(0).normal(middle, deviation, (200_000, 4))
    assert chances(middle, deviation) == pytest.approx(np.bincount(drawn.argmax(axis=1)) / len(drawn), abs=0.005)


def test_the_chance_of_two_is_the_normal_distribution_of_their_difference():
    found = chances(np.array([1.0, 0.0]), np.array([0.6, 0.8]))
    assert found[0] == pytest.approx(stats.norm.cdf(1.0))
    assert found.sum() == pytest.approx(1.0)


def test_one_source_alone_is_surely_the_best():
    assert chances(np.array([3.0]), np.array([0.1])) == pytest.approx([1.0])


def test_what_lifts_all_sources_alike_widens_intervals_and_not_the_doubt_who_is_best():
    shaky = Rule(0.5, PLAIN.coefficients, spread=4.0, quantile=2.0, between=0.2)
    calm, wild = (forecast(rule, seen([0.5, 0.8]), 50) for rule in (PLAIN, shaky))
    assert (wild.high - wild.low > calm.high - calm.low).all()
    assert wild.chance == pytest.approx(calm.chance)


def test_the_rule_rises_with_every_reader_and_has_an_honest_spread():
    assert all(slope > 0 for slope in RULE.coefficients.values())
    assert set(RULE.coefficients) <= {*SHARES, "size"}
    assert RULE.between <= RULE.spread
    low, high = (line(RULE, terms({key: [share] for key in SHARES}, 100, [None]), 100)[0] for share in (0.3, 0.9))
    assert low < high
