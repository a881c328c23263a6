"""Metrics of tags. Oracles: scikit-learn for the values, leaving items out one by one for the pseudo-values."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.task import Predictions
from transferkit.tasks.metrics.known import metric_class, names

TAGS = ("a", "b", "c")


def macro(score):
    """The mean over the tags that occur of a two-class score."""
    return lambda truth, guess, scores: np.mean([score(truth, guess, scores, k) for k in np.flatnonzero(truth.any(0))])


ORACLES = {
    "average_precision": macro(lambda t, g, s, k: sklearn_metrics.average_precision_score(t[:, k], s[:, k])),
    "macro_f1": macro(lambda t, g, s, k: sklearn_metrics.f1_score(t[:, k], g[:, k], zero_division=0)),
    "micro_f1": lambda t, g, s: sklearn_metrics.f1_score(t, g, average="micro", zero_division=0),
}


def words(table):
    return tuple(tuple(TAGS[k] for k in np.flatnonzero(row)) for row in table)


def judged(name, truth, scores):
    predictions = Predictions(words(scores > 0.5), scores)
    return metric_class(name, "tags")(TAGS).per_item(predictions, words(truth))


@st.composite
def tables(draw, least=2):
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    n = draw(st.integers(least, 15))
    truth = generator.random((n, 3)) < draw(st.sampled_from([(0.5, 0.3, 0.2), (0.8, 0.1, 0.0)]))
    truth[0, 0] = True
    levels = draw(st.sampled_from([4, 1000]))  # few distinct levels: with ties
    return truth, (generator.integers(0, levels, size=(n, 3)) + 0.25) / levels


def test_every_one_has_an_oracle():
    assert set(names("tags")) == set(ORACLES)


@pytest.mark.parametrize("name", ORACLES)
@given(data=tables())
@settings(max_examples=50, deadline=None)
def test_the_mean_of_the_items_is_what_scikit_learn_says(name, data):
    truth, scores = data
    expected = ORACLES[name](truth, scores > 0.5, scores)
    assert judged(name, truth, scores).mean() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", ORACLES)
@given(data=tables(least=3))
@settings(max_examples=50, deadline=None)
def test_items_are_worth_what_leaving_them_out_changes(name, data):
    truth, scores = data
    n = len(truth)
    every = [np.delete(np.arange(n), i) for i in range(n)]
    if not all(truth[rest].any() for rest in every):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        without = np.array([ORACLES[name](truth[rest], scores[rest] > 0.5, scores[rest]) for rest in every])
    expected = ORACLES[name](truth, scores > 0.5, scores) + (n - 1) * (without.mean() - without)
    np.testing.assert_allclose(judged(name, truth, scores), expected, atol=1e-9)


@pytest.mark.parametrize("name", ORACLES)
def test_all_right_is_one(name):
    truth = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 1, 1]], dtype=bool)
    assert judged(name, truth, np.where(truth, 0.9, 0.1)).mean() == 1.0


def test_tags_that_nobody_bears_are_no_matter_for_macro_averages():
    truth = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]], dtype=bool)
    scores = np.array([[0.9, 0.1, 0.9], [0.1, 0.9, 0.9], [0.9, 0.9, 0.9]])
    assert judged("average_precision", truth, scores).mean() == 1.0
    with pytest.raises(WrongUse, match="none of the 2 items judged bears any"):
        judged("macro_f1", np.zeros((2, 3), dtype=bool), np.zeros((2, 3)))


def test_probabilities_are_asked_for_in_one_line():
    metric = metric_class("average_precision", "tags")(TAGS)
    with pytest.raises(WrongUse, match="needs a probability for each tag"):
        metric.per_item(Predictions((("a",),)), [("a",)])
    with pytest.raises(Failed, match="not finite"):
        metric.per_item(Predictions((("a",),), np.array([[np.nan, 0, 0]])), [("a",)])
    with pytest.raises(WrongUse, match="tag 'z' is not among the tags a, b, c"):
        metric.per_item(Predictions((("a",),), np.zeros((1, 3))), [("z",)])
