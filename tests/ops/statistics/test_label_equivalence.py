import numpy as np
import pytest

from transferkit.ops.statistics.label_equivalence import EquivalentSize, equivalent_size
from transferkit.ops.statistics.learning_curve import curve_draws

BLIND, RATE = 0.9, 0.8
SIZES = (10, 20, 40)


def simulated(true_size: float, seed: int, n_items: int = 400, spread: float = 0.15) -> EquivalentSize:
    """One study whose answer is known: what was reached is what the curve has at `true_size`.

    Items differ in difficulty, choices of labels and training runs in luck; that of all 40 labels is one choice, which both
    learners share.
    """
    draw = np.random.default_rng(seed)
    difficulty, luck = draw.normal(size=n_items), spread * draw.normal()

    def table(size: float, seeds: int, shared: float, own: float) -> np.ndarray:
        log_odds = 2.0 - RATE * np.log(size) + shared + own * draw.normal(size=(seeds, 1)) + difficulty
        return (draw.uniform(size=(seeds, n_items)) < BLIND / (1 + np.exp(-log_odds))).astype(float)

    curve = {size: table(size, 3, 0.0, spread) for size in SIZES[:-1]}
    curve[SIZES[-1]] = table(SIZES[-1], 5, luck, 0.05)
    return equivalent_size(curve_draws(curve, table(true_size, 5, luck, 0.05), blind=BLIND))


@pytest.mark.parametrize("true_size", [25.0, 70.0, 150.0])
def test_the_interval_covers_the_true_number_as_often_as_it_says(true_size: float) -> None:
    found = [simulated(true_size, seed) for seed in range(150)]
    missed = np.array([[one.low > true_size, one.high < true_size] for one in found])
    assert missed.any(axis=1).mean() < 0.1
    middle = np.median([one.size for one in found])
    assert middle == pytest.approx(true_size, rel=0.15)
    assert np.median([one.low for one in found]) > 0.4 * true_size  # and it says something


def test_what_lies_beyond_the_reach_is_infinite_and_below_is_zero() -> None:
    curve = {m: np.full((2, 100), e) for m, e in ((10, 0.4), (20, 0.3), (40, 0.22))}
    far = equivalent_size(curve_draws(curve, np.full((2, 100), 0.01), step=1e-9))
    assert (far.size, far.farthest, far.smallest) == (np.inf, 320.0, 10.0)
    near = equivalent_size(curve_draws(curve, np.full((2, 100), 0.5), step=1e-9))
    assert (near.low, near.size, near.high) == (0.0, 0.0, 0.0)


def test_nothing_beyond_the_measured_counts_is_told_where_it_is_not_wanted() -> None:
    curve = {m: np.full((2, 100), e) for m, e in ((10, 0.4), (40, 0.2))}
    draws = curve_draws(curve, np.full((2, 100), 0.15), step=1e-9)
    assert equivalent_size(draws, farthest=1.0).size == np.inf
    assert 40 < equivalent_size(draws, farthest=4.0).size < 160
