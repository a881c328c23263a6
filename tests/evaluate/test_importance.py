"""Importance: a column that is not looked at weighs nothing, one that decides weighs what chance would lose."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.inspection import permutation_importance

from transferkit.core.examples import Examples
from transferkit.core.predictor import Predictor
from transferkit.core.task import Predictions, Task
from transferkit.data.rows import Rows
from transferkit.evaluate.importance import importances
from transferkit.tasks.regress import Regress

DRAW = np.random.default_rng(0)
TABLE = DRAW.normal(size=(250, 3))
LABELS = (TABLE @ [2.0, 1.0, 0.0]).tolist()
ROWS = Rows.of({name: TABLE[:, i].tolist() for i, name in enumerate("abc")})
EXAMPLES = Examples(ROWS, tuple(map(str, range(250))), tuple(LABELS))


class Line(Predictor):
    """2 a + b."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def predict(self, items: Sequence[Any], progress: Callable[[int, int], None] | None = None) -> Predictions:
        return Predictions(tuple(2 * item["a"] + item["b"] for item in items))

    def describe(self) -> dict[str, Any]:
        return {}

    def tensors(self) -> dict[str, Any]:
        return {}

    @classmethod
    def restore(cls, task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Any]) -> "Line":
        return cls(task)


class Theirs(BaseEstimator):
    """The same for scikit-learn."""

    def fit(self, table: Any, labels: Any) -> "Theirs":
        return self

    def predict(self, table: np.ndarray) -> np.ndarray:
        return table @ [2.0, 1.0, 0.0]


@pytest.mark.parametrize(("metric", "theirs"), [("r2", "r2"), ("rmse", "neg_root_mean_squared_error")])
def test_it_agrees_with_scikit_learn(metric: str, theirs: str) -> None:
    ours = {one.column: one for one in importances(Line(Regress(metric_name=metric)), EXAMPLES, repeats=20)}
    expected = permutation_importance(Theirs(), TABLE, LABELS, scoring=theirs, n_repeats=20, random_state=0)
    for i, name in enumerate("abc"):
        assert ours[name].mean == pytest.approx(expected.importances_mean[i], rel=0.05, abs=1e-12)
    assert list(ours) == ["a", "b", "c"]
    assert ours["c"].mean == ours["c"].spread == 0


def test_items_that_are_no_rows_have_none() -> None:
    assert importances(Line(Regress()), Examples(["a", "b"], ("1", "2"), (1.0, 2.0))) == ()


class Slow(Line):
    """Takes 1 ms a row by a clock of its own, and counts the rows it was asked for."""

    asked = 0

    def predict(self, items: Sequence[Any], progress: Callable[[int, int], None] | None = None) -> Predictions:
        self.asked += len(items)
        return super().predict(items)

    def monotonic(self) -> float:
        return self.asked / 1000


@pytest.mark.parametrize(("seconds", "rows", "shuffles"), [(60, 250, 5), (1.6, 250, 2), (0.375, 125, 1), (0.1, 0, 0)])
def test_what_it_may_take_is_kept_with_fewer_shuffles_then_fewer_rows_then_none(
    seconds: float, rows: int, shuffles: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = Slow(Regress(metric_name="rmse"))
    monkeypatch.setattr("transferkit.evaluate.importance.time", predictor)
    found = importances(predictor, EXAMPLES, seconds=seconds)
    assert predictor.asked == 250 + 3 * rows * shuffles
    assert [one.column for one in found] == (["a", "b", "c"] if rows else [])
