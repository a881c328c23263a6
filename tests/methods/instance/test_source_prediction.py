"""What the source's models say is a feature of an item: worked out again with scikit-learn."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.methods.instance.source_prediction import WEIGHT, SourcePrediction
from transferkit.sources.memory import source_of
from transferkit.training.on_features import OnFeatures
from transferkit.training.target_labels import both_labelled

LATER = np.random.default_rng(2).uniform(-2, 2, size=(300, 3))


def _rows(values: np.ndarray) -> list[dict[str, Any]]:
    return [{f"x{i}": float(v) for i, v in enumerate(row)} for row in values]


def _wave(values: np.ndarray) -> np.ndarray:
    """What no tens of labels could tell a learner."""
    waves: np.ndarray = np.sin(3 * values[:, 0]) + values[:, 1] * (values[:, 2] > 0)
    return waves


@pytest.fixture(name="source", scope="module")
def _source() -> Source:
    x = np.random.default_rng(0).uniform(-2, 2, size=(1500, 3))
    return source_of(_rows(x), _wave(x).tolist(), name="waves", task="regress")


@pytest.fixture(name="target", scope="module")
def _target() -> Target:
    """The same waves on another scale."""
    x = np.random.default_rng(1).uniform(-2, 2, size=(40, 3))
    return Target.of(_rows(x), (50 - 20 * _wave(x)).tolist(), name="larger waves", task="regress").whole()


def _error(fitted: Any) -> float:
    return float(np.sqrt(np.mean((np.asarray(fitted.predict(_rows(LATER)).labels) - 50 + 20 * _wave(LATER)) ** 2)))


def test_a_source_on_another_scale_is_worth_more_than_the_labels_alone(source: Source, target: Target) -> None:
    alone = read_method(SourcePrediction.baseline).fit((source,), target, Run())
    assert _error(SourcePrediction().fit((source,), target, Run())) < 0.5 * _error(alone)


def test_it_is_ridge_regression_on_the_features_and_what_is_said(source: Source, target: Target) -> None:
    method = SourcePrediction(learner="linear")
    fitted = method.fit((source,), target, Run())
    assert isinstance(fitted, OnFeatures)
    _, _, own = both_labelled(method, (source,), target, Run(), "raw")
    said = fitted.learner.said  # type: ignore[attr-defined]
    beside = said.beside(own.features)
    spoken = beside[:, 3:]
    assert spoken.shape == (len(own), 2)
    np.testing.assert_allclose(spoken.mean(0), 0, atol=1e-9)
    np.testing.assert_allclose(spoken.std(0), WEIGHT)
    by_hand = [np.asarray(target.task.encode(one.predict(own.features).labels)) for one in said.by]
    for column, numbers in zip(spoken.T, by_hand, strict=True):
        np.testing.assert_allclose(np.corrcoef(column, numbers.ravel())[0, 1], 1)
    head = fitted.learner.last.head  # type: ignore[attr-defined]
    centred = beside - beside.mean(0)
    towards = centred.T @ (own.targets - own.targets.mean() - centred @ head.weight[0])  # penalty * weight
    penalty = float(towards @ head.weight[0] / (head.weight[0] @ head.weight[0]))
    theirs = Ridge(alpha=penalty).fit(beside, own.targets)
    np.testing.assert_allclose(head.weight[0], theirs.coef_, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(("truth", "kind"), [("slope", "linear"), ("steps", "estimator")])
def test_the_learner_is_the_one_that_the_labels_ask_for(source: Source, truth: str, kind: str) -> None:
    x = np.random.default_rng(3).uniform(-2, 2, size=(80, 3))
    numbers = x @ [1.0, 2.0, 3.0] if truth == "slope" else np.sign(x[:, 0]) * np.sign(x[:, 1])
    target = Target.of(_rows(x), numbers.tolist(), name=truth, task="regress").whole()
    fitted = read_method("target_probe:learner=chosen").fit((source,), target, Run())
    assert fitted.learner.kind == kind  # type: ignore[attr-defined]


def test_with_a_handful_of_labels_it_stays_linear(source: Source, target: Target) -> None:
    few = target.part(np.arange(len(target.train)) >= 8, seed=0).whole()
    assert SourcePrediction().fit((source,), few, Run()).record.settings["learner"] == "linear"
