"""Learner: what TransferClassifier and TransferRegressor share - which data come in, and what is fitted to them.

Without a source a network is trained from scratch on all labels. With a source and a method, that method is fitted on all
labels. With sources alone, `transferkit.transfer` chooses: a part of the labels is then sealed for its proof, and the study is
kept in `study_`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.format import Reading
from transferkit.core.recognise import recognise_in_memory
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.methods.baseline.scratch import Scratch
from transferkit.training.best_state import LEAST_ITEMS
from transferkit.training.fitted import FittedNetwork

if TYPE_CHECKING:
    from transferkit.core.method import Method
    from transferkit.core.predictor import Predictor
    from transferkit.core.task import Predictions, Task


class Learner(BaseEstimator, ABC):
    """Settings only, as scikit-learn wants them; `fit` checks them."""

    def __init__(
        self,
        source: str | Sequence[str] | None = None,
        *,
        method: str | None = None,
        budget: str | float | None = None,
        metric: str | None = None,
        modality: str | None = None,
        random_state: Any = None,
    ) -> None:
        self.source = source
        self.method = method
        self.budget = budget
        self.metric = metric
        self.modality = modality
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Learner:
        """Learn from X (n items) and y (n,).

        X: an array (n, d) or a table of numbers, words and gaps; or a list of texts, pictures or sounds.
        """
        items, labels = self._checked(X, y)
        modality, examples = recognise_in_memory(items, self._modality(items))
        examples = replace(examples, labels=self._words(labels), names=tuple(f"item {i}" for i in range(len(examples))))
        task = self._task(examples)
        seed = int(check_random_state(self.random_state).randint(2**31))
        names = (self.source,) if isinstance(self.source, str) else tuple(self.source or ())
        sources = tuple(Source(name) for name in names)
        if sources and self.method is None:
            self.predictor_ = self._by_study(sources, examples, modality, task, seed)
        else:
            method = read_method(self.method) if self.method else Scratch()
            self.predictor_ = _fitted(method, sources, examples, modality, task, seed)
        return self

    @abstractmethod
    def _words(self, labels: np.ndarray) -> tuple[Any, ...]:
        """Labels as the task reads them."""

    @abstractmethod
    def _task(self, examples: Examples) -> Task:
        """The task that these labels set."""

    @abstractmethod
    def _checked(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        """Items and labels; what is no data raises ValueError in scikit-learn's words."""

    def _items(self, X: Any, *, reset: bool, **check: Any) -> Any:
        """Items as they are where they are no numbers, else a checked array (n, d)."""
        if self._modality(X) is not None or _is_mixed_table(X):
            if not len(X):
                raise ValueError("Found 0 items; at least 1 is required")
            if reset:
                self._remember(X)
            else:
                self._check_columns(X)
            return X
        return validate_data(self, X, reset=reset, ensure_all_finite="allow-nan", dtype=np.float64, **check)

    def _remember(self, X: Any) -> None:
        columns = getattr(X, "columns", None)
        if columns is not None:
            self.n_features_in_ = len(columns)
            self.feature_names_in_ = np.asarray(columns, dtype=object)

    def _check_columns(self, X: Any) -> None:
        """A column that was learned from and is not there would count as empty in every row, without a word."""
        columns = getattr(X, "columns", None)
        missing = [] if columns is None else [n for n in getattr(self, "feature_names_in_", ()) if n not in columns]
        if missing:
            raise ValueError(
                f"The feature names should match those that were passed during fit. Feature names seen at fit time, yet now "
                f"missing: {', '.join(map(repr, missing[:5]))}{', ...' * (len(missing) > 5)}"
            )

    def _modality(self, items: Any) -> str | None:
        """What was named; text, pictures and sounds tell themselves; None for arrays and tables."""
        if self.modality is not None:
            return None if self.modality == "tabular" else self.modality
        first = items[0] if isinstance(items, (list, tuple)) and len(items) else None
        if isinstance(items, np.ndarray) and items.ndim == 1 and len(items) and items.dtype.kind in "OU":
            first = items[0]
        if first is None or isinstance(first, (int, float, list, tuple, np.ndarray, dict)):
            return None
        try:
            found, _ = recognise_in_memory(items[:1], None)
        except WrongUse:
            return None
        return None if found == "tabular" else found

    def _by_study(
        self, sources: tuple[Source, ...], examples: Examples, modality: str, task: Task, seed: int
    ) -> Predictor:
        from transferkit.front import transfer

        target = Target.of(
            examples.items,
            list(examples.labels or ()),
            name=type(self).__name__,
            modality=modality,
            task=task,
            seed=seed,
        )
        self.study_ = transfer(sources, target, budget=self.budget, seed=seed, label_curve=False)
        return self.study_.best

    def _predictions(self, X: Any) -> Predictions:
        check_is_fitted(self, "predictor_")
        items = self._items(X, reset=False)
        examples = recognise_in_memory(items, self._modality(items))[1]
        return self.predictor_.predict(examples.items)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


def _is_mixed_table(X: Any) -> bool:
    """A table in which some column holds no numbers."""
    dtypes = getattr(X, "dtypes", None)
    return dtypes is not None and hasattr(X, "columns") and any(getattr(d, "kind", "O") not in "biuf" for d in dtypes)


def _fitted(
    method: Method, sources: tuple[Source, ...], examples: Examples, modality: str, task: Task, seed: int
) -> Predictor:
    """The method on all labels; how long to train is found on a held-out part first, where that is large enough."""
    nothing = replace(examples.take([]), labels=None)
    target = Target.to_learn_from("fit", Reading(modality, examples, nothing), task, seed)
    run = Run(seed=seed)
    if len(target.validation) >= LEAST_ITEMS:
        method = method.refit(method.fit(sources, target, run).record)
    predictor = method.fit(sources, target.whole(), run)
    if modality == "tabular" and isinstance(predictor, FittedNetwork):
        predictor.in_double()  # costs nothing for a network of rows
    return predictor
