import numpy as np
import pytest

from transferkit.evaluate.label_equivalence import counted, label_equivalence, sentence
from transferkit.evaluate.summary import EquivalentLabels
from transferkit.tasks.metrics.classes.accuracy import Accuracy
from transferkit.tasks.metrics.numbers.rmse import RMSE


def right(share: float, seeds: int = 3, n_items: int = 500) -> np.ndarray:
    """Right on the first `share` of the items, with every seed."""
    return np.tile((np.arange(n_items) < share * n_items).astype(float), (seeds, 1))


def test_accuracy_of_transfer_is_worth_the_labels_at_which_scratch_gets_there() -> None:
    scratch = {10: right(0.6), 20: right(0.8), 40: right(0.9)}
    transfer = {10: right(0.8), 20: right(0.9), 40: right(0.95)}
    found = label_equivalence("probe", "scratch", (transfer, scratch), Accuracy())
    # error 0.4, 0.2, 0.1: a plain power law with rate 1, so that 0.05 is reached at 80
    assert found.worth.labels == pytest.approx(80, rel=0.05)
    assert found.enough.labels == pytest.approx(20, rel=0.05)
    assert found.n_labels == 40
    assert [(p.labels, p.n_seeds) for p in found.baseline_curve] == [(10, 3), (20, 3), (40, 3)]
    assert found.baseline_beyond[0].mean == pytest.approx(0.9, abs=0.005)
    means = [point.mean for point in found.baseline_beyond]
    assert means == sorted(means)
    assert all(0 <= p.low <= p.mean <= p.high <= 1 for p in found.baseline_beyond)
    assert "about 80 labels" in found.sentence


def test_an_error_is_read_as_it_is() -> None:
    draw = np.random.default_rng(0)

    def errors(mean: float) -> np.ndarray:
        return mean + 0.01 * draw.normal(size=(3, 200))

    scratch, transfer = {10: errors(8.0), 40: errors(4.0)}, {10: errors(4.0), 40: errors(2.0)}
    found = label_equivalence("probe", "scratch", (transfer, scratch), RMSE())
    assert found.worth.labels == pytest.approx(160, rel=0.05)
    assert found.arm_curve[-1].mean == pytest.approx(2.0, abs=0.01)


def test_transfer_that_hurts_is_worth_fewer_labels_than_there_are() -> None:
    scratch = {10: right(0.6), 20: right(0.8), 40: right(0.9)}
    transfer = {10: right(0.3), 20: right(0.5), 40: right(0.7)}
    found = label_equivalence("probe", "scratch", (transfer, scratch), Accuracy())
    assert 10 < found.worth.labels < 20
    assert found.enough.at == "beyond"
    assert found.baseline_beyond == ()
    assert "enough" not in found.sentence


LITTLE = EquivalentLabels("beyond", None, 38.0, None, 10, 40)


@pytest.mark.parametrize(
    ("worth", "said"),
    [
        (EquivalentLabels("within", 80.2, 61.0, 118.0, 10, 320), "about 80 labels (95 % interval 61 to 120), if that goes on"),
        (EquivalentLabels("within", 80.2, 61.0, None, 10, 320), "about 80 labels (95 % interval 61 to more than 320), if"),
        (EquivalentLabels("within", 15.0, None, 22.0, 10, 320), "about 15 labels (95 % interval fewer than 10 to 22)."),
        (EquivalentLabels("beyond", None, 123.0, None, 10, 320), "more than 120 labels (95 % sure), if that goes on"),
        (EquivalentLabels("below", None, None, 16.0, 10, 320), "fewer than 10 labels, the fewest that were tried, and with 16"),
        (EquivalentLabels("below", None, None, 10.0, 10, 320), "fewer than 10 labels, the fewest that were tried."),
        (EquivalentLabels("within", 40.0, None, None, 10, 320), "cannot be told from this"),
        (EquivalentLabels("beyond", None, None, None, 10, 320), "cannot be told from this"),
    ],
)  # fmt: skip
def test_every_answer_has_its_sentence(worth: EquivalentLabels, said: str) -> None:
    written = sentence(40, worth, LITTLE)
    assert said in written
    assert written.endswith(".")
    assert written.startswith(("Transfer with 40 labels is worth training from scratch with ", "How many labels"))
    assert "None" not in written


def test_that_fewer_labels_are_enough_is_said_only_where_it_is_sure() -> None:
    worth = EquivalentLabels("within", 80.2, 61.0, 118.0, 10, 320)
    sure = sentence(40, worth, EquivalentLabels("within", 14.0, 11.0, 22.0, 10, 40))
    assert sure.endswith("; about 14 (11 to 22) are enough for transfer to match scratch with all 40.")
    unsure = sentence(40, worth, EquivalentLabels("within", 31.0, 22.0, None, 10, 40))
    assert "enough" not in unsure


def test_a_count_is_said_no_more_exactly_than_it_is_known() -> None:
    assert [counted(n) for n in (99.6, 100, 149, 9_949)] == ["100", "100", "150", "9900"]
