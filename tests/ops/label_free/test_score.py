"""What holds for every label-free score there is, found as the product finds them."""

import inspect
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.score import find_label_free_scores

SCORES = find_label_free_scores()


def problem(seed=0, n=60, n_source=40, n_classes=3, d=5, sharp=2.0, shift=0.5):
    generator = np.random.default_rng(seed)
    means = generator.normal(size=(n_classes, d)) * 2
    source_labels, target_labels = np.arange(n_source) % n_classes, np.arange(n) % n_classes
    source = means[source_labels] + generator.normal(size=(n_source, d))
    target = means[target_labels] + generator.normal(size=(n, d)) + shift
    return {
        "target_probabilities": softmax(sharp * target @ means.T / d, axis=1),
        "target_features": target,
        "source_probabilities": softmax(sharp * source @ means.T / d, axis=1),
        "source_labels": source_labels,
        "source_features": source,
    }


def value(name, parts):
    return SCORES[name].function(Judged(**parts))


def test_scores_are_found_by_their_files():
    assert {"entropy", "information_maximisation", "soft_neighbourhood_density", "deep_embedded_validation"} <= set(
        SCORES
    )
    assert all(score.function.__name__ == name for name, score in SCORES.items())


@pytest.mark.parametrize("name", SCORES)
def test_the_file_says_where_a_score_comes_from_and_what_it_costs(name):
    text = inspect.getmodule(SCORES[name].function).__doc__
    assert re.search(r"\d{4}", text)
    assert re.search(r"Cost\s", text)


@pytest.mark.parametrize("name", SCORES)
def test_the_same_items_score_the_same_twice(name):
    assert value(name, problem(n=300)) == value(name, problem(n=300))


@given(
    seed=st.integers(0, 1000), n=st.integers(2, 60), n_source=st.integers(2, 60), n_classes=st.integers(2, 6),
    d=st.integers(1, 80), sharp=st.sampled_from([0.0, 1.0, 300.0]), shift=st.sampled_from([0.0, 30.0]),
)  # fmt: skip
@settings(max_examples=20, deadline=None)
def test_values_are_finite_and_within_their_bounds(seed, n, n_source, n_classes, d, sharp, shift):
    judged = Judged(**problem(seed, n, n_source, n_classes, d, sharp, shift))
    for name, score in SCORES.items():
        low, high = score.bounds(judged)
        found = score.function(judged)
        assert np.isfinite(found), name
        assert low - 1e-9 <= found <= high + 1e-9, name


@pytest.mark.parametrize("name", SCORES)
def test_names_of_the_classes_do_not_matter(name):
    parts = problem()
    turned = parts | {
        "target_probabilities": parts["target_probabilities"][:, [2, 0, 1]],
        "source_probabilities": parts["source_probabilities"][:, [2, 0, 1]],
        "source_labels": np.array([1, 2, 0])[parts["source_labels"]],
    }
    assert value(name, turned) == pytest.approx(value(name, parts), rel=1e-9)


@pytest.mark.parametrize("name", sorted(set(SCORES) - {"deep_embedded_validation", "importance_weighted_validation"}))
def test_order_of_the_items_does_not_matter(name):
    parts, generator = problem(), np.random.default_rng(1)
    target, source = generator.permutation(60), generator.permutation(40)
    turned = {key: table[target if key.startswith("target") else source] for key, table in parts.items()}
    assert value(name, turned) == pytest.approx(value(name, parts), rel=1e-9)


@pytest.mark.parametrize("name", ["deep_embedded_validation", "importance_weighted_validation"])
def test_order_of_the_items_matters_little_where_they_are_folded(name):
    parts, generator = problem(n=400, n_source=400), np.random.default_rng(1)
    target, source = generator.permutation(400), generator.permutation(400)
    turned = {key: table[target if key.startswith("target") else source] for key, table in parts.items()}
    assert value(name, turned) == pytest.approx(value(name, parts), abs=0.03)


@pytest.mark.parametrize("name", SCORES)
def test_scores_that_lack_what_they_need_say_so(name):
    bare = Judged(target_probabilities=problem()["target_probabilities"])
    assert SCORES[name].can_judge(bare) == (not SCORES[name].needs)
    if SCORES[name].needs:
        with pytest.raises(ValueError, match="this score needs"):
            SCORES[name].function(bare)


@pytest.mark.parametrize("name", sorted(name for name, score in SCORES.items() if score.is_accuracy))
def test_estimates_of_accuracy_are_near_it_where_nothing_shifts_and_the_model_is_calibrated(name):
    generator = np.random.default_rng(0)
    features = generator.normal(size=(4000, 2))
    table = softmax(features @ np.array([[2.0, -1.0, 0.0], [0.0, 1.5, -2.0]]), axis=1)
    labels = (generator.random((4000, 1)) > table.cumsum(axis=1)).sum(axis=1)
    truth = (table.argmax(axis=1) == labels)[2000:].mean()
    judged = Judged(
        target_probabilities=table[2000:], target_features=features[2000:],
        source_probabilities=table[:2000], source_labels=labels[:2000], source_features=features[:2000],
    )  # fmt: skip
    assert SCORES[name].function(judged) == pytest.approx(truth, abs=0.04)
