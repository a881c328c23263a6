import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.reverse_validation import reverse_validation


def there_and_back(shift, names=(0, 1)):
    generator = np.random.default_rng(0)
    labels = np.arange(200) % 2
    source = generator.normal(size=(200, 2)) + 3 * labels[:, None]
    target = generator.normal(size=(200, 2)) + 3 * labels[:, None] + shift
    forth = LogisticRegression().fit(source, labels)
    table = forth.predict_proba(target)[:, list(names)]
    judged = Judged(target_probabilities=table, source_probabilities=forth.predict_proba(source), source_labels=labels)
    return reverse_validation(judged, lambda predicted: LogisticRegression().fit(target, predicted).predict(source))


def test_without_a_shift_all_comes_back_and_under_a_large_one_chance():
    assert there_and_back(0.0) > 0.97
    assert there_and_back(10.0) == 0.5  # a single class is predicted


def test_wrong_names_come_back_wrong():
    assert there_and_back(0.0, names=(1, 0)) < 0.03


def test_a_way_back_of_another_length_is_refused():
    judged = Judged(target_probabilities=np.eye(2), source_probabilities=np.eye(2), source_labels=np.array([0, 1]))
    with pytest.raises(ValueError, match="must give 2 classes"):
        reverse_validation(judged, lambda labels: np.zeros(3, dtype=int))
