"""Oracles: scikit-learn for the values, leaving items out one by one for the pseudo-values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, recall_score

from transferkit.core.task import Predictions
from transferkit.tasks import metrics
from transferkit.tasks.metrics import Accuracy, BalancedAccuracy, MacroF1

PAIRS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcde")), min_size=1, max_size=25)


def reference(metric, truth, guess):
    """The metric by scikit-learn, over the classes of the truth."""
    if isinstance(metric, Accuracy):
        return accuracy_score(truth, guess)
    score = recall_score if isinstance(metric, BalancedAccuracy) else f1_score
    return score(truth, guess, labels=sorted(set(truth)), average="macro", zero_division=0)


@pytest.mark.parametrize("metric", [Accuracy(), BalancedAccuracy(), MacroF1()], ids=lambda m: m.name)
@given(pairs=PAIRS)
@settings(max_examples=60, deadline=None)
def test_value_and_mean_of_the_items_are_what_scikit_learn_says(metric, pairs):
    truth, guess = zip(*pairs, strict=True)
    per_item = metric.per_item(Predictions(guess), truth)
    assert per_item.shape == (len(pairs),)
    assert per_item.mean() == pytest.approx(reference(metric, truth, guess), abs=1e-12)
    assert metric.value(Predictions(guess), truth) == pytest.approx(per_item.mean())


@pytest.mark.parametrize("metric", [BalancedAccuracy(), MacroF1()], ids=lambda m: m.name)
@given(pairs=PAIRS.filter(lambda pairs: len(pairs) > 1))
@settings(max_examples=40, deadline=None)
def test_items_are_the_jackknife_of_leaving_each_out(metric, pairs):
    truth, guess = (list(side) for side in zip(*pairs, strict=True))
    n = len(pairs)
    without = np.array([reference(metric, truth[:i] + truth[i + 1 :], guess[:i] + guess[i + 1 :]) for i in range(n)])
    expected = reference(metric, truth, guess) + (n - 1) * (without.mean() - without)
    np.testing.assert_allclose(metric.per_item(Predictions(tuple(guess)), truth), expected, atol=1e-9)


def test_spread_of_the_items_gives_the_standard_error_of_macro_f1_over_repeated_samples():
    generator = np.random.default_rng(0)

    def sample():
        truth = generator.choice(3, size=400, p=[0.7, 0.2, 0.1])
        guess = np.where(generator.random(400) < 0.75, truth, generator.choice(3, size=400))
        return MacroF1().per_item(Predictions(tuple(guess.tolist())), truth.tolist())

    samples = [sample() for _ in range(150)]
    measured = np.std([s.mean() for s in samples])
    claimed = np.mean([s.std(ddof=1) / np.sqrt(len(s)) for s in samples])
    assert claimed == pytest.approx(measured, rel=0.2)


def test_predicting_a_class_the_truth_lacks_is_wrong_but_adds_no_class():
    assert BalancedAccuracy().value(Predictions(("a", "z")), ["a", "a"]) == 0.5
    assert MacroF1().value(Predictions(("a", "z")), ["a", "a"]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("metric", [Accuracy(), BalancedAccuracy(), MacroF1()], ids=lambda m: m.name)
def test_no_items_and_unequal_lengths_are_refused(metric):
    with pytest.raises(ValueError, match="no items to judge"):
        metric.per_item(Predictions(()), [])
    with pytest.raises(ValueError, match="1 predictions cannot be judged by 2 labels"):
        metric.per_item(Predictions(("a",)), ["a", "b"])


def test_pseudo_values_of_a_hundred_thousand_items_take_no_quadratic_time():
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 100, 100_000).tolist()
    per_item = MacroF1().per_item(Predictions(tuple(truth)), truth)  # quadratic: hours
    assert per_item.mean() == pytest.approx(1.0)


def test_one_item_of_a_rare_class_is_a_large_step_of_a_macro_metric():
    labels = ["a"] * 996 + ["b"] * 4
    assert metrics.MacroF1().step(labels) == metrics.BalancedAccuracy().step(labels) == 125
    assert metrics.Accuracy().step(labels) == 1
