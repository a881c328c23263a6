"""TransferClassifier: scikit-learn's classifier habit - fit, predict, predict_proba, score - over transferkit's methods."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_y

from transferkit.core.examples import Examples
from transferkit.core.task import Task
from transferkit.estimators.learner import Learner
from transferkit.tasks.classify import Classify


class TransferClassifier(ClassifierMixin, Learner):
    """A classifier of arrays, tables, texts, pictures or sounds that starts from what a source has learned.

    source: one or several names such as "zoo:digits-cnn"; None: a network from scratch. method: such as "linear_probe" or
    "full:epochs=20"; None: with sources, `transferkit.transfer` ranks, tries and proves within `budget`, and its study is in
    `study_`. metric: what is chosen by, such as "balanced_accuracy". modality: "text", "image", "audio", "tabular"; None where
    the items tell. random_state: decides every draw.

    >>> from sklearn.datasets import load_iris
    >>> from transferkit import TransferClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> TransferClassifier(random_state=0).fit(X, y).score(X, y) > 0.9
    True
    """

    def _checked(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        if y is None:
            raise ValueError(
                f"requires y to be passed, but the target y is None; {type(self).__name__} learns from labels"
            )
        items = self._items(X, reset=True)
        labels = _check_y(y, multi_output=False, y_numeric=False, estimator=self)
        check_classification_targets(labels)
        if len(items) != len(labels):
            raise ValueError(f"Found input variables with inconsistent numbers of samples: {[len(items), len(labels)]}")
        self.classes_, positions = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs at least 2 classes; the data has one class: {self.classes_[0]!r}"
            )
        return items, positions

    def _words(self, labels: np.ndarray) -> tuple[str, ...]:
        return tuple(str(self.classes_[i]) for i in labels)

    def _task(self, examples: Examples) -> Task:
        told = Classify.recognise(examples)
        metric = self.metric or (told.metric_name if told else "accuracy")
        return Classify(tuple(str(name) for name in self.classes_), metric)

    def predict(self, X: Any) -> np.ndarray:
        """(n,) the most probable class of each item."""
        positions = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[positions])

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, n_classes) probabilities, in the order of `classes_`."""
        scores = self._predictions(X).scores
        assert scores is not None
        return scores
