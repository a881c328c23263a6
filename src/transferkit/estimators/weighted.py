"""WeightedClassifier and WeightedRegressor: any scikit-learn estimator; source rows count as they look like the target."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from transferkit.core import registry
from transferkit.core.errors import unknown_name
from transferkit.core.spelling import read_method
from transferkit.estimators.two_labelled_domains import checked
from transferkit.training.weighing_method import WeighingMethod


def _gives_chances(of: Any) -> bool:
    return hasattr(getattr(of, "estimator_", of.estimator or LogisticRegression()), "predict_proba")


class _Weighted(BaseEstimator):
    """What the two share."""

    def __init__(self, estimator: Any = None, method: str | WeighingMethod = "kmm") -> None:
        self.estimator = estimator
        self.method = method

    def _fit(self, X: Any, y: Any, sample_domain: Any, default: Any, *, numbers: bool) -> Self:
        rows, labels, source, known = checked(self, X, y, sample_domain, numbers=numbers)
        self.sample_weight_ = np.ones(len(rows))
        if sample_domain is not None:
            self.sample_weight_[source] = self._weights(rows[source], rows[~source])
        self.estimator_ = clone(self.estimator if self.estimator is not None else default)
        if not has_fit_parameter(self.estimator_, "sample_weight"):
            raise ValueError(f"{type(self.estimator_).__name__} takes no sample_weight, so its rows cannot be weighed")
        weighs = {"sample_weight": self.sample_weight_[known]} if sample_domain is not None else {}
        self.estimator_.fit(rows[known], np.asarray(labels[known].tolist()), **weighs)
        return self

    def _weights(self, source: np.ndarray, target: np.ndarray) -> np.ndarray:
        """(n_s,) of mean 1, of rows that are scaled alike in both domains."""
        method = read_method(self.method) if isinstance(self.method, str) else self.method
        if not isinstance(method, WeighingMethod):
            known = [name for name, cls in registry.find("methods").items() if issubclass(cls, WeighingMethod)]
            raise unknown_name("way to weigh rows", str(self.method), known)
        both = np.concatenate([source, target])
        spread = both.std(0)
        both = (both - both.mean(0)) / np.where(spread > 0, spread, 1.0)
        weights = method.weigh(both[: len(source)], both[len(source) :])
        return np.asarray(weights / weights.mean())

    def predict(self, X: Any) -> np.ndarray:
        """(n,)"""
        check_is_fitted(self, "estimator_")
        return np.asarray(self.estimator_.predict(validate_data(self, X, dtype=np.float64, reset=False)))


class WeightedClassifier(ClassifierMixin, _Weighted):
    """A classifier for the target domain, learned from source rows that are weighed by how much they look like it.

    estimator: any classifier whose fit takes sample_weight; None: LogisticRegression(). method: "kmm", "kliep", "rulsif",
    "classifier_weights" or "nearest_neighbour_weights", with its settings if need be. Target labels that are not -1, NaN or
    None are learned from too, each with weight 1; without `sample_domain` it is the plain estimator. The weights are in
    `sample_weight_`.

    >>> import numpy as np
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from transferkit import WeightedClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 2)) + np.repeat([[0.0], [2.0]], 100, axis=0)
    >>> y = (X[:, 0] > 1).astype(int)
    >>> domain = np.repeat([1, -1], 100)
    >>> model = WeightedClassifier(DecisionTreeClassifier(random_state=0), method="kmm")
    >>> model.fit(X, np.where(domain > 0, y, -1), sample_domain=domain).score(X[100:], y[100:]) > 0.8
    True
    """

    def fit(self, X: Any, y: Any, sample_domain: Any = None) -> Self:
        """X (n, d) of both domains, y (n,), sample_domain (n,) 0 or above for a source, below 0 for the target."""
        self._fit(X, y, sample_domain, LogisticRegression(), numbers=False)
        self.classes_ = self.estimator_.classes_
        return self

    @available_if(_gives_chances)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, n_classes) probabilities, in the order of `classes_`; where the estimator gives them."""
        check_is_fitted(self, "estimator_")
        return np.asarray(self.estimator_.predict_proba(validate_data(self, X, dtype=np.float64, reset=False)))


class WeightedRegressor(RegressorMixin, _Weighted):
    """A regressor for the target domain, learned from source rows that are weighed by how much they look like it.

    As `WeightedClassifier`, with Ridge() where no estimator is named; hidden labels of the target are NaN or None.

    >>> import numpy as np
    >>> from transferkit import WeightedRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 1)) + np.repeat([[0.0], [2.0]], 100, axis=0)
    >>> y = X[:, 0] ** 2
    >>> domain = np.repeat([1, -1], 100)
    >>> model = WeightedRegressor().fit(X, np.where(domain > 0, y, np.nan), sample_domain=domain)
    >>> bool(model.predict([[3.0]])[0] > 2)
    True
    """

    def fit(self, X: Any, y: Any, sample_domain: Any = None) -> Self:
        """X (n, d) of both domains, y (n,), sample_domain (n,) 0 or above for a source, below 0 for the target."""
        return self._fit(X, y, sample_domain, Ridge(), numbers=True)
