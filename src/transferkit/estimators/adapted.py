"""AdaptedClassifier and AdaptedRegressor: any scikit-learn estimator, learned from a source domain for a target domain whose
labels nobody has given."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from transferkit.estimators.aligner import DomainAligner
from transferkit.estimators.two_labelled_domains import checked
from transferkit.training.alignment_method import AlignmentMethod


def _gives_chances(of: AdaptedClassifier) -> bool:
    return hasattr(getattr(of, "estimator_", of.estimator or LogisticRegression()), "predict_proba")


class _Adapted(BaseEstimator):
    """What the two share."""

    def __init__(
        self, estimator: Any = None, method: str | AlignmentMethod = "recolouring", *, standardise: bool = True
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.standardise = standardise

    def _fit(self, X: Any, y: Any, sample_domain: Any, default: Any, *, numbers: bool) -> Self:
        rows, labels, _, known = checked(self, X, y, sample_domain, numbers=numbers)
        self.aligner_ = DomainAligner(self.method, standardise=self.standardise)
        aligned = self.aligner_.fit_transform(rows, None if numbers else labels, sample_domain=sample_domain)
        self.estimator_ = clone(self.estimator if self.estimator is not None else default)
        self.estimator_.fit(aligned[known], np.asarray(labels[known].tolist()))
        return self

    def predict(self, X: Any, sample_domain: Any = None) -> np.ndarray:
        """(n,) of each row; rows are the target's where `sample_domain` does not say otherwise."""
        rows = self._aligned(X, sample_domain)
        return np.asarray(self.estimator_.predict(rows))

    def _aligned(self, X: Any, sample_domain: Any) -> np.ndarray:
        check_is_fitted(self, "estimator_")
        return self.aligner_.transform(validate_data(self, X, dtype=np.float64, reset=False), sample_domain)


class AdaptedClassifier(ClassifierMixin, _Adapted):
    """A classifier for the target domain, learned from rows of both that were aligned first.

    estimator: any classifier; None: LogisticRegression(). method and standardise: as `DomainAligner` takes them.
    `fit` learns from the source's labels and those target labels that are not -1, NaN or None; without
    `sample_domain` there is nothing to adapt to, and it is the plain estimator.

    >>> import numpy as np
    >>> from transferkit import AdaptedClassifier
    >>> draw = np.random.default_rng(0)
    >>> y = np.arange(200) % 2
    >>> X = draw.normal(size=(200, 2)) + 4 * y[:, None]
    >>> X[100:] = 3 * X[100:] - 20
    >>> domain = np.repeat([1, -1], 100)
    >>> hidden = np.where(domain > 0, y, -1)
    >>> AdaptedClassifier().fit(X, hidden, sample_domain=domain).score(X[100:], y[100:]) > 0.9
    True
    """

    def fit(self, X: Any, y: Any, sample_domain: Any = None) -> Self:
        """X (n, d) of both domains, y (n,), sample_domain (n,) 0 or above for a source, below 0 for the target."""
        self._fit(X, y, sample_domain, LogisticRegression(), numbers=False)
        self.classes_ = self.estimator_.classes_
        return self

    @available_if(_gives_chances)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any, sample_domain: Any = None) -> np.ndarray:
        """(n, n_classes) probabilities, in the order of `classes_`; where the estimator gives them."""
        rows = self._aligned(X, sample_domain)
        return np.asarray(self.estimator_.predict_proba(rows))


class AdaptedRegressor(RegressorMixin, _Adapted):
    """A regressor for the target domain, learned from rows of both that were aligned first.

    As `AdaptedClassifier`, with Ridge() where no estimator is named; hidden labels of the target are NaN or None. Methods
    that align class by class, such as "jda", are refused.

    >>> import numpy as np
    >>> from transferkit import AdaptedRegressor
    >>> draw = np.random.default_rng(0)
    >>> X = draw.normal(size=(200, 2))
    >>> y = X[:, 0] - X[:, 1]
    >>> X[100:] = 3 * X[100:] - 20
    >>> domain = np.repeat([1, -1], 100)
    >>> hidden = np.where(domain > 0, y, np.nan)
    >>> AdaptedRegressor().fit(X, hidden, sample_domain=domain).score(X[100:], y[100:]) > 0.9
    True
    """

    def fit(self, X: Any, y: Any, sample_domain: Any = None) -> Self:
        """X (n, d) of both domains, y (n,), sample_domain (n,) 0 or above for a source, below 0 for the target."""
        return self._fit(X, y, sample_domain, Ridge(), numbers=True)
