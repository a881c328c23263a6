"""The proof judges by the metric of choice and shows every other metric that can be computed."""

import numpy as np
import pytest
import torch

from transferkit.core.errors import WrongUse
from transferkit.core.predictor import Predictor
from transferkit.core.target import Target
from transferkit.core.task import Predictions
from transferkit.evaluate.proof import prove


class Says(Predictor):
    """Always the same probabilities; or labels alone."""

    def __init__(self, task, logits, with_scores=True):
        self.task, self.logits, self.with_scores, self.asked = task, logits, with_scores, 0

    def predict(self, items, progress=None):
        self.asked += 1
        predictions = self.task.decode(torch.tensor(self.logits)[: len(items)])
        return predictions if self.with_scores else Predictions(predictions.labels)

    def describe(self):
        return {}

    def tensors(self):
        return {}

    @classmethod
    def restore(cls, task, settings, tensors):
        raise NotImplementedError


@pytest.fixture
def target():
    pictures = np.random.default_rng(0).integers(0, 256, (240, 8, 8), dtype=np.uint8)
    return Target.of(pictures, ["cat", "dog", "cow"] * 80)


def logits(seed):
    return np.random.default_rng(seed).normal(size=(60, 3))


def test_every_metric_of_the_task_is_computed_item_by_item(target):
    several = [Says(target.task, logits(seed)) for seed in range(2)]
    evidence, test = prove({"arm": several}, target, "a test")
    proven = evidence["arm"]
    assert proven.per_item.shape == (2, len(test))
    assert sorted(proven.further) == sorted(metric.name for metric in target.task.metrics[1:])
    for metric in target.task.metrics[1:]:
        values = [metric.value(one.predict(test.items), test.labels) for one in several]
        assert proven.further[metric.name].mean(axis=1) == pytest.approx(values)
    assert not proven.left_out


def test_a_further_metric_that_cannot_be_computed_is_left_out_with_its_reason(target):
    evidence, _ = prove({"arm": [Says(target.task, logits(0), with_scores=False)]}, target, "a test")
    assert sorted(evidence["arm"].further) == ["balanced_accuracy", "macro_f1"]
    assert evidence["arm"].left_out["auroc"].startswith("metric auroc needs a probability for each class")


def test_a_metric_of_choice_that_cannot_be_computed_is_an_error(target):
    named = target.judged_by("auroc")
    with pytest.raises(WrongUse, match="metric auroc needs a probability"):
        prove({"arm": [Says(named.task, logits(0), with_scores=False)]}, named, "a test")


def test_a_predictor_that_stands_for_several_seeds_is_asked_once(target):
    one = Says(target.task, logits(0))
    evidence, _ = prove({"arm": [one, one, one]}, target, "a test")
    assert one.asked == 1
    assert evidence["arm"].per_item.shape[0] == 3
