"""A fitted model of scikit-learn as a learner."""

import numpy as np
import pytest
from sklearn.svm import SVC

from transferkit.tasks.classify import Classify
from transferkit.training.learners.estimator import fit_estimator, outputs_of


@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_a_machine_that_compares_pairs_of_classes_says_what_it_would_say_anyhow(n_classes: int) -> None:
    draw = np.random.default_rng(0)
    numbers = np.arange(120) % n_classes
    rows = draw.normal(size=(120, 3)) + 4 * np.stack([np.cos(numbers), np.sin(numbers), numbers], axis=1)
    task = Classify(classes=tuple("abcd"[:n_classes]))
    labels = tuple("abcd"[i] for i in numbers)
    pairs, each = (
        fit_estimator(task, SVC(decision_function_shape=shape), rows, labels).model for shape in ("ovo", "ovr")
    )
    np.testing.assert_array_equal(outputs_of(pairs, task, rows), outputs_of(each, task, rows))
    found = fit_estimator(task, SVC(decision_function_shape="ovo"), rows, labels).predict(rows).labels
    assert found == tuple("abcd"[i] for i in pairs.predict(rows))
    assert np.mean(np.array(found) == np.array(labels)) > 0.95
    assert pairs.decision_function_shape == "ovo"
