"""Word and character error rates: jiwer and a plain table for the values, leaving texts out one by one for the rest."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transferkit.core.errors import WrongUse
from transferkit.core.task import Predictions
from transferkit.tasks.metrics.known import check_name, metric_class, names
from transferkit.tasks.metrics.texts.cer import CER
from transferkit.tasks.metrics.texts.wer import WER

SENTENCES = st.lists(st.sampled_from(["one", "two", "oh"]), min_size=1, max_size=5).map(" ".join)
GUESSES = st.lists(st.sampled_from(["one", "to", "oh"]), max_size=5).map(" ".join)
PAIRS = st.lists(st.tuples(SENTENCES, GUESSES), min_size=2, max_size=8)


def judged(metric, pairs):
    return metric.per_item(Predictions(tuple(guess for _, guess in pairs)), [truth for truth, _ in pairs])


@given(pairs=PAIRS)
@settings(max_examples=60, deadline=None)
def test_mean_of_the_items_is_what_jiwer_says(pairs):
    jiwer = pytest.importorskip("jiwer", reason="the extra [speech] is not installed")
    truths, guesses = ([pair[side] for pair in pairs] for side in (0, 1))
    assert judged(WER(), pairs).mean() == pytest.approx(jiwer.wer(truths, guesses))
    assert judged(CER(), pairs).mean() == pytest.approx(jiwer.cer(truths, guesses))


@given(pairs=PAIRS)
@settings(max_examples=60, deadline=None)
def test_items_are_the_jackknife_of_leaving_each_out(pairs):
    n = len(pairs)
    for metric in (WER(), CER()):
        whole = judged(metric, pairs).mean()
        left_out = np.array([judged(metric, pairs[:i] + pairs[i + 1 :]).mean() for i in range(n)])
        expected = whole + (n - 1) * (left_out.mean() - left_out)
        np.testing.assert_allclose(judged(metric, pairs), expected, atol=1e-9)


@pytest.mark.parametrize("metric", [WER(), CER()])
def test_spread_of_the_items_gives_the_standard_error_over_repeated_samples(metric):
    draw = np.random.default_rng(0)

    def sample():
        pairs = []
        for _ in range(200):
            words = draw.choice(["one", "seven", "oh"], size=draw.integers(1, 9)).tolist()
            pairs.append((" ".join(words), " ".join(w for w in words if draw.random() < 0.8)))
        return judged(metric, pairs)

    samples = [sample() for _ in range(150)]
    measured = np.std([s.mean() for s in samples])
    claimed = np.mean([s.std(ddof=1) / np.sqrt(len(s)) for s in samples])
    assert 0.8 <= claimed / measured <= 1.2


def test_a_long_text_counts_for_more_than_a_short_one():
    assert WER().value(Predictions(("a b c d e f g h i", "")), ["a b c d e f g h i", "x"]) == pytest.approx(0.1)


def test_more_words_than_were_said_make_a_rate_above_one():
    assert WER().value(Predictions(("one two three",)), ["one"]) == 2


def test_texts_that_are_empty_have_no_length_but_may_have_errors():
    assert WER().value(Predictions(("", "uh")), ["one two", ""]) == pytest.approx(1.5)
    with pytest.raises(WrongUse, match="metric wer is not defined: all of the 2 true texts are empty"):
        WER().per_item(Predictions(("", "")), ["", ""])


def test_no_items_and_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="no items to judge"):
        WER().per_item(Predictions(()), [])
    with pytest.raises(ValueError, match="1 predictions cannot be judged by 2 labels"):
        CER().per_item(Predictions(("a",)), ["a", "b"])


@pytest.mark.parametrize("name", names("texts"))
def test_a_metric_has_its_files_name_and_states_its_measures(name):
    metric = metric_class(name, "texts")()
    assert metric.name == name
    assert not metric.higher_is_better
    assert metric.step(["one", "one two three"]) >= 1
    assert metric.step([""]) == 1
    assert metric.margin(["one"]) == pytest.approx(0.01)
    assert metric.reach == float("inf")


def test_a_metric_of_texts_is_refused_for_classes_and_the_other_way_round():
    with pytest.raises(WrongUse, match="metric wer judges texts, but task classify predicts classes"):
        check_name("wer", "classes", "classify")
    with pytest.raises(
        WrongUse, match="metric accuracy judges classes, but task transcribe predicts texts; take one of"
    ):
        check_name("accuracy", "texts", "transcribe")
