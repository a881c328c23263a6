import numpy as np
import pytest
from scipy.stats import entropy

from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.thresholded_confidence import thresholded_confidence


def direct(judged):
    """The threshold by trial: the first at which as large a share of the source is less sure as is wrong."""
    sure = -entropy(judged.source_probabilities, axis=1)
    error = (judged.source_probabilities.argmax(axis=1) != judged.source_labels).mean()
    threshold = next(t for t in [*sorted(sure), np.inf] if (sure < t).mean() >= error)
    return (-entropy(judged.target_probabilities, axis=1) >= threshold).mean()


@pytest.mark.parametrize("first", [0, 60])
def test_value_is_the_papers_definition(wine, first):
    judged = Judged(
        target_probabilities=wine.target_probabilities[first : first + 50],
        source_probabilities=wine.source_probabilities[100:],
        source_labels=wine.source_labels[100:],
    )
    assert thresholded_confidence(judged) == pytest.approx(direct(judged))


def test_on_the_source_itself_it_is_the_source_accuracy(wine):
    accuracy = (wine.source_probabilities.argmax(axis=1) == wine.source_labels).mean()
    assert thresholded_confidence(wine) == pytest.approx(accuracy)


@pytest.mark.parametrize(("labels", "expected"), [([1, 0], 0.0), ([0, 1], 0.5)])
def test_a_source_all_wrong_or_all_right_is_no_trouble(labels, expected):
    source = np.array([[0.9, 0.1], [0.2, 0.8]])
    target = np.array([[0.95, 0.05], [0.5, 0.5]])
    judged = Judged(target_probabilities=target, source_probabilities=source, source_labels=np.array(labels))
    assert thresholded_confidence(judged) == expected
