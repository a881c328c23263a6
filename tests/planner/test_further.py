"""A finished study shows every metric of every proven arm, and the gain by each but that of choice."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import transferkit as tk
from transferkit.core.run import NoCache
from transferkit.core.target import Target
from transferkit.planner.study import Study

METHODS = ["scratch:epochs=2,learning_rate=0.001", "linear_probe:solver=logistic"]


@pytest.fixture(scope="module")
def finished(tiny_target: Target) -> Study:
    return tk.compare(
        ["zoo:digits-cnn"],
        tiny_target.judged_by("log_loss"),
        METHODS,
        seeds=2,
        cache=NoCache(),
        label_curve=False,
    )


def test_the_metric_of_choice_decides_and_the_others_are_described(finished: Study) -> None:
    summary = finished.summary
    assert [info.name for info in summary.metrics][:2] == ["log_loss", "accuracy"]
    chosen = next(arm for arm in summary.arms if arm.status == "chosen")
    assert chosen.gain is not None
    assert chosen.test == pytest.approx(chosen.metrics["log_loss"])
    assert set(chosen.further_gains) == {"accuracy", "auroc", "average_precision", "balanced_accuracy", "macro_f1"}
    scratch = next(arm for arm in summary.arms if arm.name == "scratch")
    for name, gain in chosen.further_gains.items():
        assert gain.mean == pytest.approx(chosen.metrics[name] - scratch.metrics[name])
    assert chosen.gain.mean == pytest.approx(scratch.metrics["log_loss"] - chosen.metrics["log_loss"])
    assert "log loss nats" in summary.sentence


def test_a_metric_that_asks_for_more_items_is_named_in_the_notes(finished: Study) -> None:
    assert "metric calibration_error needs 50 items or more to judge, and there are 30" in finished.summary.notes


def test_values_are_those_of_the_returned_predictors(finished: Study, tiny_target: Target) -> None:
    test = tiny_target.test.open("this check")
    scores = finished.best.predict(test.items).scores
    best = next(arm for arm in finished.summary.arms if arm.name == finished.summary.best)
    assert best.name == "linear_probe < zoo:digits-cnn"  # deterministic: its value is that of every seed
    classes = tiny_target.task.describe()["classes"]
    truth = np.array([classes.index(label) for label in test.labels or ()])
    assert best.metrics["auroc"] == pytest.approx(roc_auc_score(truth, scores, multi_class="ovr"))


def test_the_margin_is_that_of_the_metric(finished: Study) -> None:
    assert finished.summary.extra["margin"] == 0.01
