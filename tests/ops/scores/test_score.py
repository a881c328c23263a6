"""What holds for every score there is, found as the product finds them."""

import inspect
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.score import find_scores

SCORES = find_scores()
ON_FEATURES = [name for name, score in SCORES.items() if {"features", "axes"} & set(score.needs)]
ON_LABELS = [name for name, score in SCORES.items() if "labels" in score.needs]
UNIT_MATTERS = {"energy"}
TURNING_MATTERS = {"energy"}


def problem(seed=0, n=60, d=8, n_classes=3, apart=1.0, skewed=False):
    """What scores ask for, by the names they ask for it."""
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    if skewed:
        labels[: n // 2] = 0
    means, heads = generator.normal(size=(n_classes, d)), generator.normal(size=(n_classes, 7))
    features = means[labels] * apart + generator.normal(size=(n, d))
    outputs = softmax(2 * (heads[labels] * apart + generator.normal(size=(n, 7))), axis=1)
    return described(features, labels, outputs)


def described(features, labels, outputs):
    return {
        "features": features, "axes": features, "labels": labels, "outputs": outputs,
        "source_labels": outputs.argmax(axis=1),
    }  # fmt: skip


def value(name, given, **settings):
    return SCORES[name].function(*(given[need] for need in SCORES[name].needs), **settings)


def test_scores_are_found_by_their_files():
    assert {"leep", "nleep", "nce", "logme", "h_score", "leave_one_out", "knn", "lda", "parc"} <= SCORES.keys()
    assert all(score.function.__name__ == name for name, score in SCORES.items())


@pytest.mark.parametrize("name", SCORES)
def test_arguments_are_those_that_are_declared(name):
    score, parameters = SCORES[name], inspect.signature(SCORES[name].function).parameters
    assert len([p for p in parameters.values() if p.kind is not p.KEYWORD_ONLY]) == len(score.needs)
    assert ("balanced" in parameters) == (score.imbalance == "option")


@pytest.mark.parametrize("name", SCORES)
def test_the_file_says_what_a_score_costs_and_how_large_it_gets(name):
    text = inspect.getmodule(SCORES[name].function).__doc__
    assert re.search(r"Cost O\(", text)
    assert re.search(r"Bounds|Unbounded", text)
    assert re.search(r"arXiv:\d|doi:|\d{4}", text) or name in {"knn", "leave_one_out"}


@given(
    seed=st.integers(0, 1000), n=st.integers(6, 40), d=st.integers(1, 60),
    n_classes=st.integers(2, 6), apart=st.sampled_from([0.0, 1.0, 30.0]), skewed=st.booleans(),
)  # fmt: skip
@settings(max_examples=15, deadline=None)
def test_values_stay_within_their_bounds(seed, n, d, n_classes, apart, skewed):
    given = problem(seed, n, d, n_classes, apart, skewed)
    for name, score in SCORES.items():
        low, high = score.bounds(len(np.unique(given["labels"])))
        assert low - 1e-9 <= value(name, given) <= high + 1e-9, name


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("shape", [(60, 8), (20, 50)])
def test_the_same_items_score_the_same_twice(name, shape):
    assert value(name, problem(n=shape[0], d=shape[1])) == value(name, problem(n=shape[0], d=shape[1]))


@pytest.mark.parametrize("name", SCORES)
def test_arguments_stay_as_they_were(name):
    given, before = problem(), problem()
    value(name, given)
    for need, argument in given.items():
        np.testing.assert_array_equal(argument, before[need])


@pytest.mark.parametrize("name", SCORES)
def test_numbers_of_the_classes_do_not_matter(name):
    given = problem(skewed=True)
    renamed = given | {"labels": np.array([9, 4, 7])[given["labels"]]}
    assert value(name, renamed) == pytest.approx(value(name, given))


@pytest.mark.parametrize("name", sorted(set(ON_LABELS) - {"nleep"}))
def test_order_of_the_items_does_not_matter(name):
    given = problem()
    order = np.random.default_rng(1).permutation(60)
    turned = described(given["features"][order], given["labels"][order], given["outputs"][order])
    assert value(name, turned) == pytest.approx(value(name, given), rel=1e-6)


@pytest.mark.parametrize("name", sorted(set(ON_FEATURES) - UNIT_MATTERS))
@pytest.mark.parametrize("scale", [0.1, 10.0])
@pytest.mark.parametrize("shape", [(60, 8), (20, 50)])
def test_the_unit_of_the_features_does_not_matter(name, scale, shape):
    given = problem(n=shape[0], d=shape[1])
    scaled = described(given["features"] * scale, given["labels"], given["outputs"])
    assert value(name, scaled) == pytest.approx(value(name, given), rel=1e-5)


@pytest.mark.parametrize("name", sorted(set(ON_FEATURES) - TURNING_MATTERS))
@pytest.mark.parametrize("shape", [(60, 8), (20, 50)])
def test_turning_the_features_does_not_matter_nor_does_their_order(name, shape):
    given = problem(n=shape[0], d=shape[1])
    rotation = np.linalg.qr(np.random.default_rng(2).normal(size=(shape[1], shape[1])))[0]
    turned = described((given["features"] @ rotation)[:, ::-1], given["labels"], given["outputs"])
    assert value(name, turned) == pytest.approx(value(name, given), rel=1e-5)


@pytest.mark.parametrize("name", [name for name, score in SCORES.items() if "axes" in score.needs])
@pytest.mark.parametrize("shape", [(60, 8), (20, 50)])
def test_axes_in_place_of_features_change_nothing(name, shape):
    given = problem(n=shape[0], d=shape[1])
    shared = given | {"axes": PrincipalAxes.of(given["features"])}
    assert value(name, shared) == pytest.approx(value(name, given), rel=1e-9)


@pytest.mark.parametrize("name", ON_LABELS)
def test_true_labels_score_higher_than_shuffled_ones(name):
    given = problem(n=90, d=6, apart=2.0)
    generator = np.random.default_rng(3)
    floor = [value(name, given | {"labels": generator.permutation(given["labels"])}) for _ in range(8)]
    assert value(name, given) > max(floor)


@pytest.mark.parametrize("name", [name for name, score in SCORES.items() if score.imbalance == "option"])
def test_balanced_changes_nothing_where_classes_are_alike_and_something_where_not(name):
    alike, skewed = problem(apart=0.7), problem(apart=0.7, skewed=True)
    assert value(name, alike, balanced=True) == pytest.approx(value(name, alike))
    assert value(name, skewed, balanced=True) != pytest.approx(value(name, skewed), rel=1e-4)


@pytest.mark.parametrize("name", ON_LABELS)
def test_one_item_of_a_rare_class_is_no_trouble(name):
    given = problem()
    labels = np.where(np.arange(60) == 11, 5, given["labels"])
    assert np.isfinite(value(name, given | {"labels": labels}))


@pytest.mark.parametrize("name", ON_LABELS)
def test_as_many_classes_as_items_are_no_trouble(name):
    given = problem(n=8)
    assert np.isfinite(value(name, given | {"labels": np.arange(8)}))


@pytest.mark.parametrize("name", SCORES)
def test_two_items_suffice(name):
    given = problem(n=2, n_classes=2)
    assert np.isfinite(value(name, given))


@pytest.mark.parametrize("name", ON_FEATURES)
@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        (np.nan, "features of item 2 are not finite"),
        (np.inf, "features of item 2 are not finite"),
        (None, "same for every item"),
    ],
)
def test_features_that_carry_no_score_are_refused(name, spoiled, reason):
    given = problem(n=6)
    if spoiled is None:
        given["features"][:] = 1.0
    else:
        given["features"][2, 1] = spoiled
    with pytest.raises(ValueError, match=reason):
        value(name, given)


@pytest.mark.parametrize("name", ON_LABELS)
@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (np.zeros(6, dtype=int), "all items are of one class"),
        (np.array([0, 1, 0, 1, 0]), "6 items need 6 labels"),
        (np.array([0, 1, 0, 1, 0, -1]), "class numbers"),
    ],
)
def test_labels_that_carry_no_score_are_refused(name, labels, reason):
    with pytest.raises(ValueError, match=reason):
        value(name, problem(n=6) | {"labels": labels})
