import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transferkit.evaluate.summary import Gain, MetricInfo
from transferkit.evaluate.verdict import sentence, subject, verdict

ACCURACY = MetricInfo("accuracy", True, "points", 100.0)
ABOUT = "Transfer from zoo:digits-cnn by full"


def gain(low, high, seeds=5, items=200, detectable=0.04, level=0.95):
    return Gain((low + high) / 2, low, high, level, seeds, items, detectable)


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.001, 0.2, "helps"),
        (-0.2, -0.001, "hurts"),
        (-0.009, 0.009, "no_difference"),
        (-0.009, 0.011, "undecided"),
        (-0.5, 0.5, "undecided"),
        (0.0, 0.5, "undecided"),
        (0.001, 0.002, "helps"),
    ],
)
def test_word_follows_the_interval(low, high, word):
    assert verdict(gain(low, high), margin=0.01) == word


@given(low=st.floats(-1, 1), width=st.floats(0, 1), margin=st.floats(0, 0.2))
@settings(max_examples=100, deadline=None)
def test_opposite_gains_have_opposite_words(low, width, margin):
    opposite = {"helps": "hurts", "hurts": "helps", "no_difference": "no_difference", "undecided": "undecided"}
    word = verdict(gain(low, low + width), margin)
    assert verdict(gain(-low - width, -low), margin) == opposite[word]


def test_a_negative_margin_is_refused():
    with pytest.raises(ValueError, match="not negative"):
        verdict(gain(0, 1), -0.1)


def test_helps_names_gain_interval_seeds_and_items():
    assert sentence(ABOUT, gain(0.041, 0.085), ACCURACY, 0.01) == (
        "Transfer from zoo:digits-cnn by full beats training from scratch by 6.3 accuracy points "
        "(95 % interval 4.1 to 8.5; 5 seeds, 200 test items)."
    )


def test_hurts_says_by_how_much_worse():
    said = sentence(ABOUT, gain(-0.085, -0.041), ACCURACY, 0.01, baseline="the source only")
    assert said == (
        "Transfer from zoo:digits-cnn by full is worse than the source only by 6.3 accuracy points "
        "(95 % interval of the gain -8.5 to -4.1; 5 seeds, 200 test items)."
    )


def test_no_difference_names_the_margin():
    said = sentence(ABOUT, gain(-0.004, 0.006), ACCURACY, 0.01)
    assert "makes no difference that matters against training from scratch: the gain is 0.1 accuracy points" in said
    assert "all of it within 1.0 of 0" in said


def test_undecided_names_what_the_test_could_have_shown():
    said = sentence(ABOUT, gain(-0.03, 0.05), ACCURACY, 0.01)
    assert "is undecided against training from scratch: the gain is 1.0 accuracy points" in said
    assert "would have shown a difference of 4.0 or more (80 % power)" in said


def test_a_single_seed_is_told():
    said = sentence(ABOUT, gain(0.041, 0.085, seeds=1), ACCURACY, 0.01)
    assert "1 seed, 200 test items, so that another training run may differ by more" in said


def test_a_bound_that_is_not_zero_never_reads_as_zero():
    said = sentence(ABOUT, gain(0.0002, 0.0802), ACCURACY, 0.01)
    assert "beats" in said
    assert "interval 0.02 to 8.02" in said


def test_a_corrected_level_and_a_metric_without_points_are_worded_as_they_are():
    days = MetricInfo("mean_absolute_error", False, "days", 1.0)
    said = sentence(ABOUT, gain(0.5, 1.5, level=0.9875), days, 0.1)
    assert "by 1.00 mean absolute error days (98.75 % interval 0.50 to 1.50" in said


def test_subject_lists_several_sources_and_none():
    assert subject("fusion", ["a", "b", "c"]) == "Transfer from a, b and c by fusion"
    assert subject("majority", []) == "Fitting by majority"


def test_items_are_called_what_they_are():
    said = sentence(ABOUT, gain(-0.03, 0.05), ACCURACY, 0.01, items="test rows")
    assert "5 seeds, 200 test rows)" in said
    assert "more seeds or more test rows would show" in said
