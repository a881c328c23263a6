import numpy as np
import pytest
from scipy import stats

from transferkit.evaluate.forecast import Rule, forecast, terms
from transferkit.evaluate.ranking import (
    FEW_LABELS,
    WIDENING,
    Candidate,
    above_floor,
    likely_best,
    predicted_interval,
    ranked,
)
from transferkit.evaluate.summary import RankedSource
from transferkit.ops.ridge import ridge_coefficients
from transferkit.ops.scores.inputs import one_hot
from transferkit.ops.scores.leave_one_out import leave_one_out_classes


def right(k, n=40):
    return (np.arange(n) < k).astype(float)


def candidate(name, k, logme=0.0, h_score=0.0, knn=0.0):
    per_item = right(k)
    scores = {"leave_one_out": per_item.mean(), "logme": logme, "h_score": h_score, "knn": knn}
    return Candidate(name, per_item, scores)


def test_sources_are_ordered_by_predicted_accuracy():
    rows = ranked([candidate("b", 10), candidate("a", 30), candidate("c", 20)], right(5), 4)
    assert [row.name for row in rows] == ["a", "c", "b"]
    assert [row.predicted for row in rows] == [0.75, 0.5, 0.25]
    assert all(row.low < row.predicted < row.high for row in rows)


def test_equal_predictions_are_ordered_by_the_other_scores_together():
    first = candidate("z", 20, logme=1, h_score=1, knn=0.2)
    second = candidate("a", 20, logme=0, h_score=0, knn=0.3)
    assert [row.name for row in ranked([second, first], None, 4)] == ["z", "a"]


def test_order_does_not_depend_on_the_order_given():
    several = [candidate(name, 20) for name in "cab"]
    assert [row.name for row in ranked(several, None, 4)] == list("abc")


def test_lower_is_better_turns_the_order_and_the_floor():
    few, many = (Candidate(name, errors, {}) for name, errors in (("few", right(5)), ("many", right(35))))
    rows = ranked([many, few], right(20), None, higher_is_better=False)
    assert [(row.name, row.above_floor) for row in rows] == [("few", True), ("many", False)]


def test_no_better_than_random_features_is_below_the_floor():
    rows = ranked([candidate("good", 35), candidate("same", 20), candidate("poor", 10)], right(20), 4)
    assert [row.above_floor for row in rows] == [True, False, False]
    assert ranked([candidate("good", 35)], None, 4)[0].above_floor is None


def test_pairing_lets_a_small_but_steady_advantage_show():
    assert above_floor(right(24), right(20))  # four items gained, none lost
    shifted = np.roll(right(24), 20)  # four gained on balance, from many lost and more won
    assert not above_floor(shifted, right(20))


def test_a_source_that_other_scores_place_elsewhere_is_noted():
    several = [candidate("a", 30, logme=-9), candidate("b", 20, logme=2), candidate("c", 10, logme=1)]
    notes = {row.name: row.note for row in ranked(several, None, 4)}
    assert notes["a"] == "the scores disagree: of 3 sources it is in place 3 by logme"
    assert notes["b"] == notes["c"] == ""


def test_interval_of_right_and_wrong_is_wilsons_with_fewer_items_and_room_above():
    low, high = predicted_interval(right(30), labels_per_class=10)
    effective = 40 / WIDENING**2
    z = stats.norm.ppf(0.975)
    roots = np.roots(
        [1 + z**2 / effective, -(2 * 0.75 + z**2 / effective), 0.75**2]
    )  # (p - share)^2 = z^2 p (1 - p) / n
    assert low == pytest.approx(min(roots))
    assert high == pytest.approx(max(roots) + FEW_LABELS / 10 * 0.25)


@pytest.mark.parametrize("k", [0, 40])
def test_interval_has_a_width_where_all_items_are_alike(k):
    low, high = predicted_interval(right(k), labels_per_class=10)
    assert 0 <= low < high <= 1
    assert high - low > 0.05


def test_interval_of_a_number_without_bounds_is_a_widened_t_interval():
    values = np.random.default_rng(0).normal(5, 2, 30)
    low, high = predicted_interval(values, labels_per_class=None)
    expected = stats.t.interval(0.95, 29, values.mean(), WIDENING * stats.sem(values))
    assert (low, high) == pytest.approx(expected)


@pytest.mark.parametrize(("per_class", "n_classes"), [(3, 5), (10, 3)])
def test_interval_holds_what_a_probe_gets_right_on_unseen_items(per_class, n_classes):
    generator = np.random.default_rng(0)
    hits = 0
    for _ in range(60):
        middles = generator.normal(size=(n_classes, 16))
        labels = np.concatenate([np.repeat(np.arange(n_classes), per_class), np.arange(500) % n_classes])
        features = middles[labels] + 1.5 * generator.normal(size=(len(labels), 16))
        n = per_class * n_classes
        found = leave_one_out_classes(features[:n], labels[:n])
        slope, intercept = ridge_coefficients(features[:n], one_hot(labels[:n], n_classes), found.penalty)
        accuracy = ((features[n:] @ slope + intercept).argmax(axis=1) == labels[n:]).mean()
        low, high = predicted_interval(found.per_item, per_class)
        hits += low <= accuracy <= high
    assert hits >= 54


def test_candidates_judged_on_different_items_are_refused():
    with pytest.raises(ValueError, match="same items"):
        ranked([candidate("a", 3), Candidate("b", right(3, 20), {})], None, 4)
    with pytest.raises(ValueError, match="same items"):
        ranked([candidate("a", 3)], right(3, 20), 4)


RULE = Rule(0.3, {"knn": 0.9, "size": 0.2}, spread=0.4, quantile=2.0, between=0.3)


def read(name, knn, parameters=None):
    return Candidate(name, right(20), {"leave_one_out": 0.5, "knn": knn}, parameters)


def test_a_rule_orders_by_what_it_forecasts_and_says_who_may_be_the_best():
    several = [read("b", 0.5), read("a", 0.8), read("c", 0.7)]
    rows = ranked(several, right(5), 4, rule=RULE)
    expected = forecast(RULE, terms({"knn": [0.5, 0.8, 0.7]}, 40, [None] * 3), 40)
    assert [row.name for row in rows] == ["a", "c", "b"]
    assert [row.predicted for row in rows] == pytest.approx(expected.middle[[1, 2, 0]])
    assert [row.low for row in rows] == pytest.approx(expected.low[[1, 2, 0]])
    assert sum(row.chance for row in rows) == pytest.approx(1)
    assert rows[0].chance > rows[1].chance > rows[2].chance


def test_of_two_equal_readings_the_larger_network_is_put_first():
    rows = ranked([read("small", 0.7, 100_000), read("large", 0.7, 3_000_000)], None, 4, rule=RULE)
    assert [row.name for row in rows] == ["large", "small"]


def test_without_a_rule_nobody_says_who_may_be_the_best():
    assert ranked([candidate("a", 30)], None, 4)[0].chance is None


def test_a_rule_takes_leave_one_out_in_the_targets_own_metric():
    by_metric = Rule(0.0, {"leave_one_out": 1.0}, spread=0.4, quantile=2.0, between=0.3)
    row = ranked([Candidate("a", np.full(40, 0.3), {"leave_one_out": 0.9})], None, 4, rule=by_metric)[0]
    assert row.predicted == pytest.approx((0.3 * 40 + 0.5) / 41)


def test_a_score_that_only_some_sources_have_is_compared_among_those():
    several = [candidate("a", 30), candidate("b", 20), candidate("c", 10)]
    headed = [
        Candidate(c.name, c.per_item, {**c.scores, "leep": leep}) for c, leep in zip(several[:2], (-1, -2), strict=True)
    ]
    assert [row.name for row in ranked([*headed, several[2]], None, 4)] == ["a", "b", "c"]


def test_of_many_scores_that_disagree_the_two_loudest_are_named():
    names = ("logme", "knn", "lda", "parc")
    several = [Candidate(name, right(k), dict.fromkeys(names, 40 - k)) for name, k in (("a", 30), ("b", 20), ("c", 10))]
    note = ranked(several, None, 4)[0].note
    assert note == "the scores disagree: of 3 sources it is in place 3 by logme, 3 by knn and 2 more"


def test_nothing_to_rank_is_an_empty_ranking():
    assert ranked([], None, 4, rule=RULE) == ranked([], None, 4) == ()


def test_the_likely_best_are_the_fewest_that_hold_the_share():
    rows = ranked(
        [read(name, knn) for name, knn in (("a", 0.8), ("b", 0.7), ("c", 0.3), ("d", 0.2))], None, 4, rule=RULE
    )
    chance = {row.name: row.chance for row in rows}
    assert likely_best(rows, share=chance["a"]) == ("a",)
    assert likely_best(rows, share=chance["a"] + 1e-9) == ("a", "b")
    assert likely_best(rows, share=1.0) == ("a", "b", "c", "d")


def test_without_chances_every_source_that_was_ranked_is_likely():
    left_out = RankedSource("z", None, None, None, {}, None, note="left out: it has no pictures")
    assert likely_best((*ranked([candidate("a", 30), candidate("b", 10)], None, 4), left_out)) == ("a", "b")
