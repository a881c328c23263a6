import numpy as np
import pytest

from transferkit.evaluate.scoring import score_classes
from transferkit.ops.scores.h_score import h_score
from transferkit.ops.scores.knn import knn
from transferkit.ops.scores.logme import logme


@pytest.mark.parametrize("balanced", [False, True])
def test_scores_are_those_of_the_single_functions(balanced):
    generator = np.random.default_rng(0)
    labels = np.array([0] * 12 + [1] * 6)
    features = generator.normal(size=(18, 7)) + labels[:, None]
    scores, left_out = score_classes(features, labels, 3, balanced)
    assert scores == {
        "leave_one_out": left_out.per_item.mean(),
        "logme": logme(features, labels),
        "h_score": h_score(features, labels),
        "knn": knn(features, labels, balanced=balanced),
    }
    assert left_out.predictions.shape == (18, 3)
