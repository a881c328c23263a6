"""Oracles: refits without each item by scikit-learn, likelihood maximised by scipy, chance on noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import Ridge

from transferkit.ops.scores.inputs import balancing_weights, one_hot
from transferkit.ops.scores.leave_one_out import (
    PENALTIES,
    fit_sharpness,
    leave_one_out_classes,
    leave_one_out_numbers,
)


def problem(per_class, n_classes, d, seed=0, apart=2.0):
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_classes), per_class)
    return generator.normal(size=(n_classes, d))[labels] * apart + generator.normal(size=(len(labels), d)), labels


@pytest.mark.parametrize(("per_class", "d"), [(8, 3), (3, 30)])
@pytest.mark.parametrize("balanced", [False, True])
def test_outputs_are_those_of_refitting_the_slopes_without_each_item(per_class, d, balanced):
    features, labels = problem(per_class, 3, d)
    features, labels = features[:-1], labels[:-1]  # classes of unequal size
    found = leave_one_out_classes(features, labels, balanced=balanced)
    weights = balancing_weights(labels) if balanced else np.ones(len(labels))
    targets = one_hot(labels, 3)
    for i in range(len(labels)):
        others = np.arange(len(labels)) != i
        model = Ridge(alpha=found.penalty, solver="cholesky").fit(features[others], targets[others], weights[others])
        middle = np.average(features[others], axis=0, weights=weights[others])
        expected = np.average(targets, axis=0, weights=weights) + model.coef_ @ (features[i] - middle)
        np.testing.assert_allclose(found.predictions[i], expected, atol=1e-7)
    np.testing.assert_array_equal(found.per_item, found.predictions.argmax(axis=1) == labels)


@pytest.mark.parametrize("d", [3, 40])
def test_numbers_are_those_of_refitting_without_each_item(d):
    generator = np.random.default_rng(0)
    features = generator.normal(size=(15, d))
    targets = features[:, 0] + 0.3 * generator.normal(size=15) + 10
    found = leave_one_out_numbers(features, targets)
    scale = 15 * features.var(axis=0).sum() / min(14, d)
    errors = {}
    for penalty in PENALTIES * scale:
        model = Ridge(alpha=penalty, solver="cholesky")
        others = [np.arange(15) != i for i in range(15)]
        errors[penalty] = [
            (targets[i] - model.fit(features[o], targets[o]).predict(features[[i]])[0]) ** 2
            for i, o in enumerate(others)
        ]
    best = min(errors, key=lambda penalty: np.mean(errors[penalty]))
    assert found.penalty == pytest.approx(best)
    np.testing.assert_allclose(found.per_item, errors[best], rtol=1e-6)


@pytest.mark.parametrize(("per_class", "n_classes", "d"), [(3, 10, 64), (5, 2, 64), (20, 5, 8)])
def test_features_without_information_score_chance_and_not_below(per_class, n_classes, d):
    means = [leave_one_out_classes(*problem(per_class, n_classes, d, seed, apart=0.0)).mean for seed in range(40)]
    spread = np.std(means) / np.sqrt(40)
    assert abs(np.mean(means) - 1 / n_classes) < max(3.5 * spread, 0.04)


def test_score_tells_what_unseen_items_give():
    features, labels = problem(300, 4, 20, apart=0.5)
    order = np.random.default_rng(1).permutation(len(labels))
    seen, unseen = order[:200], order[200:]
    found = leave_one_out_classes(features[seen], labels[seen])
    model = Ridge(alpha=found.penalty).fit(features[seen], one_hot(labels, 4)[seen])
    accuracy = (model.predict(features[unseen]).argmax(axis=1) == labels[unseen]).mean()
    assert found.mean == pytest.approx(accuracy, abs=0.06)


@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-5, 5), seed=st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_unit_origin_rotation_and_order_of_the_features_do_not_matter(scale, shift, seed):
    features, labels = problem(6, 3, 5, seed)
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 5)))[0]
    plain, changed = (
        leave_one_out_classes(features, labels),
        leave_one_out_classes((features @ rotation)[:, ::-1] * scale + scale * shift, labels),
    )
    np.testing.assert_allclose(changed.predictions, plain.predictions, atol=1e-6)
    assert changed.penalty == pytest.approx(plain.penalty * scale**2)


def test_same_number_twice():
    features, labels = problem(4, 3, 20)
    one, two = leave_one_out_classes(features, labels), leave_one_out_classes(features, labels)
    assert (one.mean, one.penalty, one.sharpness) == (two.mean, two.penalty, two.sharpness)


def test_balanced_finds_the_rare_class_more_often():
    generator = np.random.default_rng(0)
    labels = np.array([0] * 90 + [1] * 10)
    features = generator.normal(size=(100, 2)) + 1.2 * labels[:, None]
    plain = leave_one_out_classes(features, labels).per_item[90:].mean()
    assert leave_one_out_classes(features, labels, balanced=True).per_item[90:].mean() > plain + 0.2


def test_a_class_that_does_not_occur_keeps_its_column():
    features, labels = problem(5, 2, 3)
    assert leave_one_out_classes(features, labels, n_classes=4).predictions.shape == (10, 4)
    with pytest.raises(ValueError, match="label 1 is not among 1 classes"):
        leave_one_out_classes(features, labels, n_classes=1)


@pytest.mark.parametrize("apart", [0.0, 0.5, 4.0])
def test_sharpness_is_the_most_likely_one(apart):
    features, labels = problem(10, 3, 4, apart=apart)
    found = leave_one_out_classes(features, labels)
    with_imagined = np.concatenate([found.predictions, [[1.0, 0.0, 0.0]]])

    def loss(sharpness):
        return -log_softmax(sharpness * with_imagined, axis=1)[np.arange(31), np.append(labels, 1)].mean()

    expected = minimize_scalar(loss, bounds=(1e-3, 1e3), method="bounded", options={"xatol": 1e-9})
    sharpness, likelihood = fit_sharpness(found.predictions, labels, np.ones(30))
    assert likelihood == pytest.approx(-expected.fun, abs=1e-7)
    assert found.sharpness == pytest.approx(sharpness, rel=1e-4)


def test_sharpness_stays_finite_where_every_item_is_right():
    features, labels = problem(20, 2, 3, apart=50.0)
    found = leave_one_out_classes(features, labels)
    assert found.mean == 1
    assert found.sharpness < 100


@pytest.mark.parametrize("penalties", [[], [0.0, 1.0]])
def test_penalties_that_are_not_positive_are_refused(penalties):
    features, labels = problem(5, 2, 3)
    with pytest.raises(ValueError, match="positive numbers"):
        leave_one_out_classes(features, labels, penalties=np.array(penalties))
