import numpy as np
import pytest

from transferkit.ops.label_free.class_clustering import class_clustering
from transferkit.ops.label_free.judged import Judged


def test_value_is_that_of_the_released_code(wine):
    """KevinMusgrave/pytorch-adapt at 1366df7c, get_clustering_performance from label centres, run on these numbers."""
    assert class_clustering(wine) == pytest.approx(0.28548976120521863, rel=1e-9)


def test_clusters_that_are_the_classes_score_one_and_a_single_class_nothing():
    middles = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
    classes = np.arange(30) % 3
    features = middles[classes] + np.random.default_rng(0).normal(size=(30, 2))
    told = Judged(target_probabilities=np.eye(3)[classes], target_features=features)
    collapsed = Judged(target_probabilities=np.eye(3)[0 * classes], target_features=features)
    assert class_clustering(told) == pytest.approx(1)
    assert class_clustering(collapsed) == 0
