"""TransferRegressor: scikit-learn's regressor habit - fit, predict, score (R2) - over transferkit's methods."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import _check_y

from transferkit.core.examples import Examples
from transferkit.core.task import Task
from transferkit.estimators.learner import Learner
from transferkit.tasks.regress import Regress


class TransferRegressor(RegressorMixin, Learner):
    """A regressor of arrays, tables, texts, pictures or sounds that starts from what a source has learned.

    Its settings are those of `TransferClassifier`.

    >>> from sklearn.datasets import load_diabetes
    >>> from transferkit import TransferRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> TransferRegressor(random_state=0).fit(X[:300], y[:300]).score(X[300:], y[300:]) > 0.3
    True
    """

    def _checked(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        if y is None:
            raise ValueError(
                f"requires y to be passed, but the target y is None; {type(self).__name__} learns from labels"
            )
        items = self._items(X, reset=True)
        labels = _check_y(y, multi_output=False, y_numeric=True, estimator=self).astype(np.float64)
        if len(items) != len(labels):
            raise ValueError(f"Found input variables with inconsistent numbers of samples: {[len(items), len(labels)]}")
        return items, labels

    def _words(self, labels: np.ndarray) -> tuple[float, ...]:
        return tuple(labels.tolist())

    def _task(self, examples: Examples) -> Task:
        return Regress(metric_name=self.metric or "rmse").seen(examples.labels or ())

    def predict(self, X: Any) -> np.ndarray:
        """(n,) the number of each item."""
        return np.asarray(self._predictions(X).labels, dtype=np.float64)
