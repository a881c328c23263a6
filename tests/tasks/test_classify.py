import numpy as np
import pytest
import torch

from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.tasks.classify import Classify


def labelled(*labels: object) -> Examples:
    return Examples(list(labels), tuple(map(str, range(len(labels)))), tuple(labels))


def test_words_are_classes_and_numbers_and_sentences_are_not() -> None:
    assert Classify.recognise(labelled("cat", "dog", "cat")) == Classify(("cat", "dog"))
    assert Classify.recognise(labelled(1.5, 2.5)) is None
    assert Classify.recognise(labelled("a cat sat", "the dog ran", "no way")) is None


def test_skewed_classes_are_judged_by_macro_f1() -> None:
    task = Classify.recognise(labelled(*["a"] * 8, "b", "b"))
    assert task is not None
    assert task.metric.name == "macro_f1"


def test_one_class_is_refused() -> None:
    with pytest.raises(WrongUse, match="at least two"):
        Classify.recognise(labelled("cat", "cat"))


def test_an_unseen_label_is_named() -> None:
    with pytest.raises(WrongUse, match="'cow'"):
        Classify(("cat", "dog")).encode(["cow"])


def test_the_loss_is_the_mean_of_the_weighted_cross_entropies() -> None:
    task = Classify(("a", "b"))
    outputs = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    by_hand = [np.log(1 + np.exp(-2.0)), np.log(1 + np.exp(1.0))]  # of the truths a, a
    targets = task.encode(["a", "a"])
    assert float(task.loss(outputs, targets)) == pytest.approx(np.mean(by_hand))
    weighted = task.loss(outputs, targets, torch.tensor([3.0, 1.0]))
    assert float(weighted) == pytest.approx((3 * by_hand[0] + by_hand[1]) / 2)
    assert float(task.loss(outputs, targets, torch.zeros(2))) == 0


def test_decoding_gives_the_most_probable_class() -> None:
    predictions = Classify(("a", "b")).decode(torch.tensor([[0.0, 3.0], [1.0, 0.0]]))
    assert predictions.labels == ("b", "a")
    np.testing.assert_allclose(predictions.scores.sum(axis=1), 1)


def test_the_metric_of_choice_is_first_among_all_metrics_of_classes() -> None:
    task = Classify(("a", "b"), "auroc")
    names = [metric.name for metric in task.metrics]
    assert names[0] == task.metric.name == "auroc"
    assert sorted(names) == [
        "accuracy", "auroc", "average_precision", "balanced_accuracy", "calibration_error", "log_loss", "macro_f1",
    ]  # fmt: skip
    predictions = task.decode(torch.tensor([[0.0, 3.0], [1.0, 0.0], [2.0, 1.0], [0.0, 0.5], [1.0, 3.0]] * 10))
    for metric in task.metrics:
        assert np.isfinite(metric.per_item(predictions, ["a", "b", "a", "b", "b"] * 10)).all()


def test_another_metric_of_classes_may_be_named_and_no_other() -> None:
    task = Classify(("a", "b"))
    assert task.with_metric("log_loss") == Classify(("a", "b"), "log_loss")
    with pytest.raises(
        WrongUse, match="metric rmse judges numbers, but task classify predicts classes; take one of accuracy"
    ):
        task.with_metric("rmse")
    with pytest.raises(WrongUse, match="unknown metric of task classify 'acuracy'; did you mean 'accuracy'"):
        Classify(("a", "b"), "acuracy")
