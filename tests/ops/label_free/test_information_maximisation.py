import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from transferkit.ops.label_free.information_maximisation import information_maximisation
from transferkit.ops.label_free.judged import Judged


def test_value_is_that_of_the_released_code(wine):
    """KevinMusgrave/pytorch-adapt at 1366df7c, EntropyValidator plus DiversityValidator, run on these numbers."""
    assert information_maximisation(wine) == pytest.approx(1.3752861905760114 - 0.5404025123289924, rel=1e-12)


def test_value_is_the_mutual_information_of_item_and_class():
    classes = np.array([0, 1, 1, 2, 2, 2])
    sure = Judged(target_probabilities=np.eye(3)[classes])
    assert information_maximisation(sure) == pytest.approx(mutual_info_score(np.arange(6), classes))


@pytest.mark.parametrize("row", [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.7, 0.2, 0.1]])
def test_one_answer_for_all_items_scores_nothing(row):
    assert information_maximisation(Judged(target_probabilities=np.tile(row, (7, 1)))) == pytest.approx(0, abs=1e-15)
