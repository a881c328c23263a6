"""What every metric promises, and its oracles: scikit-learn for the values, leaving items out one by one for the rest."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.task import Predictions
from transferkit.tasks.metrics.known import check_name, metric_class, names

CLASSES = ("a", "b", "c")


def made(name):
    judged = "classes" if name in names("classes") else "numbers"
    cls = metric_class(name, judged)
    return cls(CLASSES) if judged == "classes" else cls()


def one_against_rest(score):
    def value(truth, guess, scores):
        present = sorted(set(truth))
        return np.mean([score(np.array(truth) == c, scores[:, CLASSES.index(c)]) for c in present])

    return value


def by_labels(score):
    return lambda truth, guess, scores: score(truth, guess, labels=sorted(set(truth)), average="macro", zero_division=0)


def of_numbers(score):
    return lambda truth, guess, scores: score(truth, guess)


ORACLES = {
    "accuracy": of_numbers(sklearn_metrics.accuracy_score),
    "balanced_accuracy": by_labels(sklearn_metrics.recall_score),
    "macro_f1": by_labels(sklearn_metrics.f1_score),
    "log_loss": lambda truth, guess, scores: sklearn_metrics.log_loss(truth, scores, labels=CLASSES),
    "auroc": one_against_rest(sklearn_metrics.roc_auc_score),
    "average_precision": one_against_rest(sklearn_metrics.average_precision_score),
    "rmse": of_numbers(sklearn_metrics.root_mean_squared_error),
    "mae": of_numbers(sklearn_metrics.mean_absolute_error),
    "r2": of_numbers(sklearn_metrics.r2_score),
}
"""Name -> (truth, guess, scores) -> value. The calibration error has a test file of its own."""
MEANS = ("accuracy", "log_loss", "mae")
EVERY = [
    name for judged in ("classes", "numbers") for name in names(judged)
]  # those of tags: tags/test_every_metric.py


@st.composite
def judgements(draw, name, least=2):
    n = draw(st.integers(least, 20))
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    if name in names("numbers"):
        truth = generator.normal(size=n).round(1)
        return truth.tolist(), (truth + generator.normal(size=n)).round(1).tolist(), None
    truth = generator.choice(CLASSES, size=n, p=draw(st.sampled_from([(0.4, 0.3, 0.3), (0.8, 0.2, 0.0)]))).tolist()
    truth[:2] = "ab"
    # few distinct levels: with ties
    scores = generator.integers(1, draw(st.sampled_from([4, 1000])), size=(n, 3)).astype(float)
    scores[np.arange(n), [CLASSES.index(c) for c in truth]] *= 2
    scores /= scores.sum(axis=1, keepdims=True)
    return truth, [CLASSES[i] for i in scores.argmax(axis=1)], scores


def judged(metric, truth, guess, scores):
    return metric.per_item(Predictions(tuple(guess), scores), truth)


@pytest.mark.parametrize("name", sorted(ORACLES))
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_value_and_mean_of_the_items_are_what_scikit_learn_says(name, data):
    truth, guess, scores = data.draw(judgements(name))
    if name == "r2" and np.ptp(truth) == 0:
        return
    per_item = judged(made(name), truth, guess, scores)
    assert per_item.shape == (len(truth),)
    assert per_item.mean() == pytest.approx(ORACLES[name](truth, guess, scores), abs=1e-9)
    assert made(name).value(Predictions(tuple(guess), scores), truth) == pytest.approx(per_item.mean())


@pytest.mark.parametrize("name", sorted(set(ORACLES) - set(MEANS)))
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_items_are_the_jackknife_of_leaving_each_out(name, data):
    truth, guess, scores = data.draw(judgements(name, least=4))
    n = len(truth)
    whole = ORACLES[name](truth, guess, scores)

    def without(i):
        kept = [j for j in range(n) if j != i]
        left = [truth[j] for j in kept]
        if name == "r2" and np.ptp(left) == 0:
            return whole
        if name == "auroc" and len(set(left)) == 1:
            return 0.5  # no pair is left: chance
        return ORACLES[name](left, [guess[j] for j in kept], None if scores is None else scores[kept])

    left_out = np.array([without(i) for i in range(n)])
    expected = whole + (n - 1) * (left_out.mean() - left_out)
    np.testing.assert_allclose(judged(made(name), truth, guess, scores), expected, atol=1e-7)


@pytest.mark.parametrize("name", sorted(set(EVERY) - set(MEANS)))
def test_spread_of_the_items_gives_the_standard_error_over_repeated_samples(name):
    generator = np.random.default_rng(0)

    def sample():
        n = 300
        if name in names("numbers"):
            truth = generator.normal(size=n)
            return judged(made(name), truth.tolist(), (truth + generator.normal(0, 0.5, n)).tolist(), None)
        truth = generator.choice(3, size=n, p=[0.6, 0.25, 0.15])
        logits = generator.normal(size=(n, 3)) + 1.5 * np.eye(3)[truth]
        scores = np.exp(2 * logits)  # too sure: miscalibrated
        scores /= scores.sum(axis=1, keepdims=True)
        return judged(made(name), [CLASSES[i] for i in truth], [CLASSES[i] for i in scores.argmax(axis=1)], scores)

    samples = [sample() for _ in range(150)]
    measured = np.std([s.mean() for s in samples])
    claimed = np.mean([s.std(ddof=1) / np.sqrt(len(s)) for s in samples])
    # the jackknife of a squared quantity is never too small (Efron & Stein 1981), and too large where that is near 0
    largest = 1.5 if name == "calibration_error" else 1.2
    assert 0.8 <= claimed / measured <= largest


@pytest.mark.parametrize("name", EVERY)
def test_a_metric_has_its_files_name_and_states_its_measures(name):
    metric = made(name)
    labels = ["a", "b", "b"] if name in names("classes") else [1.0, 2.0, 4.0]
    assert metric.name == name
    assert metric.unit
    assert metric.step(labels) > 0
    assert metric.margin(labels) > 0
    assert metric.reach >= 1


@pytest.mark.parametrize("name", EVERY)
def test_no_items_and_unequal_lengths_are_refused(name):
    with pytest.raises(ValueError, match="no items to judge"):
        made(name).per_item(Predictions(()), [])
    with pytest.raises(ValueError, match="1 predictions cannot be judged by 2 labels"):
        made(name).per_item(Predictions((1.0,), np.ones((1, 3)) / 3), [1.0, 2.0])


@pytest.mark.parametrize("name", ["auroc", "average_precision", "calibration_error", "log_loss"])
def test_a_metric_of_probabilities_says_what_it_lacks(name):
    labels = ["a", "b", "c"] * 20
    with pytest.raises(WrongUse, match=f"metric {name} needs a probability for each class"):
        made(name).per_item(Predictions(tuple(labels)), labels)
    with pytest.raises(Failed, match="not finite"):
        made(name).per_item(Predictions(tuple(labels), np.full((60, 3), np.nan)), labels)


@pytest.mark.parametrize("name", names("numbers"))
def test_a_predicted_number_that_is_not_finite_is_named(name):
    with pytest.raises(Failed, match=f"metric {name} cannot be computed: a predicted number is not finite"):
        made(name).per_item(Predictions((1.0, float("inf"))), [1.0, 2.0])


@pytest.mark.parametrize("name", ["auroc", "average_precision"])
def test_a_metric_that_compares_classes_refuses_a_single_one(name):
    with pytest.raises(WrongUse, match=f"metric {name} compares classes, and all of the 2 items judged are of one"):
        made(name).per_item(Predictions(("a", "a"), np.eye(3)[:2]), ["a", "a"])


def test_r2_refuses_labels_that_do_not_vary():
    with pytest.raises(WrongUse, match="metric r2 is not defined: all of the 3 labels judged are 5"):
        made("r2").per_item(Predictions((1.0, 2.0, 3.0)), [5.0, 5.0, 5.0])


def test_a_hundred_thousand_items_take_no_quadratic_time():
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 3, 100_000)
    scores = generator.dirichlet(np.ones(3), size=len(truth))
    words = tuple(CLASSES[i] for i in truth)
    for name in names("classes"):
        assert np.isfinite(judged(made(name), words, words, scores)).all()  # quadratic: hours


def test_classes_that_do_not_occur_in_the_truth_leave_the_average():
    for name in ("balanced_accuracy", "macro_f1"):
        one = made(name).value(Predictions(("a", "z")), ["a", "a"])
        assert one == pytest.approx({"balanced_accuracy": 0.5, "macro_f1": 2 / 3}[name])


def test_two_classes_have_one_area_whichever_is_the_positive_one():
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 2, 40)
    chance = generator.random(40).round(1)
    scores = np.stack([1 - chance, chance], axis=1)
    metric = metric_class("auroc", "classes")(("no", "yes"))
    words = [("no", "yes")[i] for i in truth]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value = metric.value(Predictions(tuple(words), scores), words)
    assert value == pytest.approx(sklearn_metrics.roc_auc_score(truth, chance))


@pytest.mark.parametrize("name", ["macro_f1", "balanced_accuracy", "auroc", "average_precision"])
def test_one_item_of_a_rare_class_is_a_large_step_of_a_macro_metric(name):
    assert made(name).step(["a"] * 996 + ["b"] * 4) == 125
    assert made("accuracy").step(["a"] * 996 + ["b"] * 4) == 1


@pytest.mark.parametrize("name", ["rmse", "mae"])
def test_margin_and_step_of_an_error_are_in_the_labels_unit(name):
    metres = np.random.default_rng(0).normal(size=50)
    assert made(name).margin(1000 * metres) == pytest.approx(1000 * made(name).margin(metres))
    assert made(name).margin(metres) == pytest.approx(0.01 * metres.std())
    assert made(name).step(metres) == pytest.approx(metres.std())
    assert made(name).step([3.0, 3.0]) == 1.0


def test_unknown_and_unfitting_names_give_one_line():
    with pytest.raises(WrongUse, match="unknown metric of task classify 'acuracy'; did you mean 'accuracy'"):
        check_name("acuracy", "classes", "classify")
    with pytest.raises(
        WrongUse, match="metric rmse judges numbers, but task classify predicts classes; take one of acc"
    ):
        check_name("rmse", "classes", "classify")
