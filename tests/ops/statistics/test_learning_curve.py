import numpy as np
import pytest

from transferkit.ops.statistics import learning_curve
from transferkit.ops.statistics.crossed import crossed_interval
from transferkit.ops.statistics.learning_curve import curve_draws


def constant(error: float, n_items: int = 50, seeds: int = 2) -> np.ndarray:
    return np.full((seeds, n_items), error)


def noisy(error: float, seed: int, seeds: int = 3, n_items: int = 300, spread: float = 0.05) -> np.ndarray:
    draw = np.random.default_rng(seed)
    level = error + spread * draw.normal(size=(seeds, 1))
    return (draw.uniform(size=(seeds, n_items)) < level).astype(float)


@pytest.mark.parametrize("blind", [None, 0.9])
def test_without_noise_the_curve_goes_on_as_the_law_says(blind: float | None) -> None:
    def law(size: float) -> float:
        odds = 3.0 * size**-0.8
        return odds if blind is None else blind * odds / (1 + odds)

    draws = curve_draws({m: constant(law(m)) for m in (10, 20, 40)}, constant(law(150.0)), blind=blind, step=1e-9)
    assert np.median(draws.size()) == pytest.approx(150.0, rel=1e-4)
    assert np.median(draws.error(150.0)) == pytest.approx(law(150.0), rel=1e-4)
    assert np.median(draws.slope) == pytest.approx(0.8, rel=1e-4)


def test_between_two_counts_the_error_is_straight_in_log_count() -> None:
    draws = curve_draws({10: constant(0.4), 40: constant(0.2)}, constant(0.3), step=1e-9)
    assert np.median(draws.size()) == pytest.approx(20.0, rel=1e-4)
    assert np.median(draws.error(20.0)) == pytest.approx(0.3, rel=1e-4)
    assert np.median(draws.error(10.0)) == pytest.approx(0.4, rel=1e-4)


def test_at_all_labels_the_draws_have_the_crossed_interval() -> None:
    """The oracle: the interval that verdicts are made with."""
    with_all = noisy(0.3, seed=1, seeds=5)
    draws = curve_draws({20: noisy(0.5, seed=2), 80: with_all}, noisy(0.2, seed=3))
    expected = crossed_interval(with_all)
    low, high = np.quantile(draws.error(80.0), [0.025, 0.975])
    width = expected.high - expected.low
    assert low == pytest.approx(expected.low, abs=0.15 * width)
    assert high == pytest.approx(expected.high, abs=0.15 * width)


def test_arms_that_are_wrong_on_the_same_items_are_told_apart_better() -> None:
    hard = np.random.default_rng(0).uniform(size=400)
    curve = {m: np.stack([(hard < e).astype(float)] * 2) for m, e in ((20, 0.5), (40, 0.4), (80, 0.3))}
    same_items, other_items = (hard < 0.3).astype(float)[None], (hard[::-1] < 0.3).astype(float)[None]

    def spread(reached: np.ndarray) -> float:
        draws = curve_draws(curve, reached)
        return float(np.std(draws.error(80.0) - draws.reached))

    assert spread(same_items) < 0.1 * spread(other_items)


def test_a_curve_never_rises_and_is_left_alone_at_all_labels() -> None:
    """Scikit-learn's isotonic regression is the oracle."""
    from sklearn.isotonic import IsotonicRegression

    random = np.random.default_rng(0)
    errors, precision = random.uniform(size=(20, 4)), random.uniform(0.5, 2.0, size=4)
    fallen = learning_curve._falling(errors, precision)
    weight = np.append(precision[:-1], 1e6 * precision.sum())
    for row, found in zip(errors, fallen, strict=True):
        expected = IsotonicRegression(increasing=False).fit(range(4), row, sample_weight=weight).predict(range(4))
        np.testing.assert_allclose(found, expected, atol=1e-9)
    np.testing.assert_allclose(fallen[:, -1], errors[:, -1], atol=1e-4)


def test_a_learner_worse_than_a_blind_guess_follows_the_plain_power_law() -> None:
    draws = curve_draws({10: constant(0.4), 20: constant(0.2)}, constant(0.1), blind=0.3, step=1e-9)
    assert np.isinf(draws.blind)
    assert np.median(draws.size()) == pytest.approx(40.0, rel=1e-3)


def test_no_error_on_the_test_is_not_taken_for_no_error_at_all() -> None:
    draws = curve_draws({10: noisy(0.4, 0), 40: noisy(0.2, 1)}, constant(0.0, n_items=300))
    assert np.quantile(draws.reached, 0.975) == pytest.approx(3 / 300, rel=0.6)  # the rule of three


def test_a_curve_that_rises_never_gets_there() -> None:
    draws = curve_draws({10: constant(0.2), 20: constant(0.3)}, constant(0.1), step=1e-9)
    assert np.isinf(draws.size()).all()


def test_the_same_tables_give_the_same_draws() -> None:
    curve = {10: noisy(0.4, 0), 40: noisy(0.2, 1)}
    first, second = (curve_draws(curve, noisy(0.1, 2)).size() for _ in "ab")
    np.testing.assert_array_equal(first, second)


def test_tables_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="two label counts"):
        curve_draws({10: constant(0.2)}, constant(0.1))
    with pytest.raises(ValueError, match="same items"):
        curve_draws({10: constant(0.4), 20: constant(0.2, n_items=49)}, constant(0.1))
    with pytest.raises(ValueError, match="finite"):
        curve_draws({10: constant(0.4), 20: constant(np.nan)}, constant(0.1))
