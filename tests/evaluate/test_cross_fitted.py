import numpy as np
import pytest

from transferkit.core.examples import Examples
from transferkit.core.task import Predictions
from transferkit.evaluate.cross_fitted import CrossFitted, CrossFitting, cross_fitted_gain
from transferkit.evaluate.summary import MetricInfo
from transferkit.evaluate.verdict import sentence, verdict
from transferkit.ops.statistics.cross_fitted import cross_fitted_interval
from transferkit.tasks.classify import Classify

LABELS = tuple("abcabcab")
TASK = Classify(("a", "b", "c"))


def predictions(right: str) -> Predictions:
    """ "1": the item's label, "0": another."""
    return Predictions(tuple(label if yes == "1" else "z" for label, yes in zip(LABELS, right, strict=True)))


def judged() -> Examples:
    return Examples(items=LABELS, ids=tuple(map(str, range(8))), labels=LABELS)


def claim(repeats: int = 3) -> CrossFitted:
    rows = ("11111110", "11111011", "11110111")[:repeats]
    bases = ("10101010", "00101010", "10001010")[:repeats]
    return CrossFitted(("probe", "full") * repeats, tuple(map(predictions, rows)), tuple(map(predictions, bases)))


def test_the_gain_is_that_of_the_pooled_predictions() -> None:
    table = np.array([[float(c) for c in row] for row in ("11111110", "11111011", "11110111")])
    base = np.array([[float(c) for c in row] for row in ("10101010", "00101010", "10001010")])
    expected = cross_fitted_interval(table - base)
    gain = claim().gain(judged(), TASK)
    assert gain.mean == pytest.approx(np.mean(table) - np.mean(base))
    assert (gain.n_seeds, gain.n_items) == (3, 8)
    assert (gain.low, gain.high) == pytest.approx((expected.low, expected.high))


def test_no_interval_goes_beyond_what_the_metric_can_reach() -> None:
    gain = cross_fitted_gain(np.ones((2, 5)), np.array([[0.0, 0, 0, 0, 1], [0, 0, 0, 1, 0]]))
    assert gain.high == 1.0
    assert gain.smallest_detectable <= 1.0


def test_a_metric_that_is_better_low_is_turned_round() -> None:
    arm, baseline = np.full((3, 6), 2.0), np.full((3, 6), 5.0) + np.arange(6)
    assert cross_fitted_gain(arm, baseline, higher_is_better=False, reach=np.inf).mean == pytest.approx(5.5)


def test_arms_that_never_differ_prove_no_equality() -> None:
    gain = cross_fitted_gain(np.ones((3, 10)), np.ones((3, 10)))
    assert gain.mean == 0
    assert verdict(gain, 0.01) == "undecided"


def test_what_was_chosen_is_counted() -> None:
    found = CrossFitting({"transfer": claim()}, judged(), n_folds=2, n_repeats=3, seconds=1.5)
    assert found.as_extra() == {
        "folds": 2,
        "repeats": 3,
        "n_items": 8,
        "chosen": {"transfer": {"probe": 3, "full": 3}},
        "seconds": 1.5,
        "fits": 0,
    }


@pytest.mark.parametrize(("repeats", "said"), [(3, "3 repeats, 8 items"), (1, "1 repeat, 8 items, so that another")])
def test_the_sentence_says_how_it_was_judged_and_asks_for_labels(repeats: int, said: str) -> None:
    found = CrossFitting({"transfer": claim(repeats)}, judged(), n_folds=2, n_repeats=repeats)
    gain = found.claims["transfer"].gain(judged(), TASK)
    info = MetricInfo("accuracy", True, "points", 100.0)
    text = sentence("Transfer", gain, info, margin=0.01, cross_fitted=found.judged_by(gain))
    assert f"judged by 2-fold cross-fitting, {said}" in text
    assert "test item" not in text
    undecided = cross_fitted_gain(np.ones((3, 10)), np.ones((3, 10)))
    assert sentence("It", undecided, info, 0.01, cross_fitted="judged so").endswith(
        "more labels would show a smaller one."
    )
