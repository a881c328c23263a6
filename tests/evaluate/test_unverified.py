"""Oracles: brute force over labels, exact inclusion chances, and coverage in simulated label draws."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from scipy.stats import norm

from transferkit.evaluate.unverified import (
    LabelRequest,
    Unverified,
    gain_from_labels,
    items_to_label,
    unverified,
)
from transferkit.evaluate.verdict import verdict
from transferkit.ops.label_free.judged import Judged


def pair(n=200, n_classes=3, apart=1.0, seed=0):
    """Two models' probabilities of the same items, and features that say something of both."""
    draw = np.random.default_rng(seed)
    logits = 2 * draw.normal(size=(n, n_classes))
    return softmax(logits, axis=1), softmax(logits + apart * draw.normal(size=(n, n_classes)), axis=1), logits


def gain_under(labels, ours, theirs):
    return (ours.argmax(axis=1) == labels).mean() - (theirs.argmax(axis=1) == labels).mean()


def test_no_labels_whatever_carry_the_gain_beyond_what_is_in_dispute():
    ours, theirs, _ = pair(n=7, seed=3)
    most = items_to_label(ours, theirs).most
    every = np.stack(np.meshgrid(*[range(3)] * 7), axis=-1).reshape(-1, 7)
    gains = [gain_under(labels, ours, theirs) for labels in every]
    assert 0 < most < 1
    assert max(gains) == pytest.approx(most)
    assert min(gains) == pytest.approx(-most)


@given(
    n=st.integers(2, 80), n_classes=st.integers(2, 5), apart=st.sampled_from([0.0, 0.3, 3.0]),
    seed=st.integers(0, 99), k=st.integers(1, 90),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_the_items_are_distinct_and_those_that_decide_are_in_dispute(n, n_classes, apart, seed, k):
    ours, theirs, features = pair(n, n_classes, apart, seed)
    found = items_to_label(ours, theirs, features, k)
    disputed = set(np.flatnonzero(ours.argmax(axis=1) != theirs.argmax(axis=1)))
    assert found.n_disputed == len(disputed)
    assert len(found.deciding) == min(k, len(disputed))
    assert set(found.deciding) <= disputed
    assert not set(found.further) & disputed
    assert len(set(found.items)) == len(found.items) == min(k, n)
    assert found == items_to_label(ours, theirs, features, k)


def test_every_item_in_dispute_has_the_same_chance():
    ours, theirs, features = pair(n=60, apart=2.0)
    drawn = Counter(item for seed in range(2000) for item in items_to_label(ours, theirs, features, 7, seed).deciding)
    n_disputed = items_to_label(ours, theirs, features).n_disputed
    shares = np.array(list(drawn.values())) / 2000
    assert len(drawn) == n_disputed
    np.testing.assert_allclose(shares, 7 / n_disputed, atol=5 * (0.25 / 2000) ** 0.5)


def test_pairs_of_classes_are_asked_for_in_their_shares():
    ours, theirs, features = pair(n=900, apart=2.0)
    told = lambda item: (ours[item].argmax(), theirs[item].argmax())  # noqa: E731
    found = items_to_label(ours, theirs, features, 40)
    asked = Counter(told(item) for item in found.deciding)
    there = Counter(told(item) for item in range(900) if ours[item].argmax() != theirs[item].argmax())
    for classes, number in there.items():
        assert abs(asked[classes] - 40 * number / found.n_disputed) < 1 + 1e-9


def test_the_items_lie_more_apart_than_a_random_choice():
    ours, theirs, features = pair(n=900, n_classes=2, apart=2.0, seed=4)

    def farthest_gap(items):
        disputed = np.flatnonzero(ours.argmax(axis=1) != theirs.argmax(axis=1))
        gaps = np.linalg.norm(features[disputed][:, None] - features[list(items)], axis=2).min(axis=1)
        return gaps.mean()

    disputed = np.flatnonzero(ours.argmax(axis=1) != theirs.argmax(axis=1))
    draw = np.random.default_rng(0)
    random = np.mean([farthest_gap(draw.choice(disputed, 30, replace=False)) for _ in range(50)])
    spread = np.mean([farthest_gap(items_to_label(ours, theirs, features, 30, seed).deciding) for seed in range(10)])
    assert spread < 0.93 * random


def test_where_few_are_in_dispute_the_least_sure_of_each_class_follow():
    ours = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8], [0.45, 0.55], [0.51, 0.49]])
    theirs = ours.copy()
    theirs[5] = [0.4, 0.6]
    found = items_to_label(ours, theirs, n=4)
    assert found == LabelRequest(deciding=(5,), further=(1, 4, 2), n_disputed=1, n_items=6) or found.further == (
        4,
        1,
        2,
    )
    assert {found.further[0], found.further[1]} == {1, 4}  # the least sure of either class


def test_an_interval_from_30_labels_covers_the_gain_on_further_items():
    """1500 worlds of 1000 items each, a share in dispute; the truth is that of the population they are drawn from."""
    for share, ours_right, theirs_right in (
        (0.2, 0.6, 0.3),
        (0.05, 0.5, 0.5),
        (0.4, 0.9, 0.05),
        (0.1, 1.0, 0.0),
        (0.1, 0.1, 0.9),
    ):
        truth, covered, draw = share * (ours_right - theirs_right), 0, np.random.default_rng(0)
        for _ in range(1500):
            n_disputed = int(draw.binomial(1000, share))
            k = min(30, n_disputed)
            u = draw.random(k)
            request = LabelRequest(tuple(range(k)), (), n_disputed, 1000)
            gain = gain_from_labels(request, u < ours_right, (u >= ours_right) & (u < ours_right + theirs_right))
            covered += gain.low <= truth <= gain.high
        assert covered / 1500 > 0.93, (share, ours_right)


def test_with_every_item_in_dispute_labelled_the_gain_is_the_gain():
    ours, theirs, features = pair(n=300)
    labels = np.random.default_rng(1).integers(0, 3, 300)
    request = items_to_label(ours, theirs, features, n=300)
    asked = list(request.deciding)
    gain = gain_from_labels(
        request, ours[asked].argmax(axis=1) == labels[asked], theirs[asked].argmax(axis=1) == labels[asked]
    )
    assert gain.mean == pytest.approx(gain_under(labels, ours, theirs))
    assert gain.low < gain.mean < gain.high


def test_the_reach_that_is_promised_is_the_widest_that_follows():
    request = LabelRequest(tuple(range(30)), (), n_disputed=200, n_items=1000)
    halves = np.arange(30) < 15
    gain = gain_from_labels(request, halves, ~halves)
    assert (gain.high - gain.low) / 2 == pytest.approx(request.reach)
    assert request.reach == pytest.approx(norm.ppf(0.975) * 0.2 / 32**0.5)
    better = gain_from_labels(request, np.arange(30) < 28, np.arange(30) >= 28)
    assert (better.high - better.low) / 2 < request.reach
    assert verdict(better, 0.01) == "helps"


def test_models_that_never_differ_gain_nothing_and_say_how_surely():
    ours, _, _ = pair(n=100)
    request = items_to_label(ours, ours, n=5)
    gain = gain_from_labels(request, np.zeros(0, dtype=bool), np.zeros(0, dtype=bool))
    assert (gain.mean, request.reach, request.deciding) == (0.0, 0.0, ())
    assert 0.02 < gain.high < 0.05
    assert "makes no difference on these 100 target items" in Unverified(request, None, None, {}, {}).sentence("It")


def both(shift=3.0, n=150):
    draw = np.random.default_rng(0)
    labels = np.arange(n) % 2
    source = draw.normal(size=(n, 2)) + 3 * labels[:, None]
    target = draw.normal(size=(n, 2)) + 3 * labels[:, None] + np.array([shift, 0.0])

    def judged(moved):
        tables = [
            softmax(np.stack([3 - x.sum(axis=1) + by, x.sum(axis=1) - 3 - by], axis=1), axis=1)
            for x, by in ((source, 0.0), (target, moved))
        ]
        return Judged(
            target_probabilities=tables[1], target_features=target,
            source_probabilities=tables[0], source_labels=labels, source_features=source,
        )  # fmt: skip

    return judged(shift), judged(0.0)


def test_the_statement_holds_shift_scores_and_the_items():
    chosen, baseline = both()
    found = unverified(chosen, baseline)
    assert 0.3 < found.distance < 2
    assert found.error_bound == pytest.approx(1 - found.source_accuracy + found.distance / 2)
    assert set(found.scores) == set(found.baseline_scores)
    assert len(found.labels.items) == 30
    text = found.sentence("Transfer from drawings/ by mmd")
    assert f"changes the class of {found.labels.n_disputed} of 150 target items" in text
    assert "cannot be verified without labels" in text


def test_one_domain_is_no_distance_away():
    assert unverified(*both(shift=0.0)).distance < 0.4


def test_what_cannot_be_measured_is_left_out():
    ours, theirs, _ = pair()
    found = unverified(Judged(target_probabilities=ours), Judged(target_probabilities=theirs))
    assert (found.distance, found.source_accuracy, found.error_bound) == (None, None, None)
    assert unverified(Judged(target_probabilities=ours), Judged(target_probabilities=theirs), 1.5).distance == 1.5


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: items_to_label(np.eye(3), np.eye(2)), "two tables of one shape"),
        (lambda: items_to_label(np.eye(3), np.eye(3), n=0), "1 label or more"),
        (lambda: gain_from_labels(LabelRequest((1, 4), (), 2, 9), np.ones(3), np.ones(2)), "2 deciding items need 2"),
        (lambda: unverified(*both(), distance=3.0), "between 0 and 2, got 3.0"),
    ],
)
def test_what_does_not_fit_together_is_refused(call, reason):
    with pytest.raises(ValueError, match=reason):
        call()
