"""AdaptedClassifier: any scikit-learn classifier, learned from a source domain for a target domain without labels."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_y, _num_samples, check_is_fitted

from transferkit.estimators.aligner import DomainAligner
from transferkit.estimators.sample_domain import is_known, is_source
from transferkit.training.alignment_method import AlignmentMethod


def _gives_chances(of: AdaptedClassifier) -> bool:
    return hasattr(getattr(of, "estimator_", of.estimator or LogisticRegression()), "predict_proba")


class AdaptedClassifier(ClassifierMixin, BaseEstimator):
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

    def __init__(
        self, estimator: Any = None, method: str | AlignmentMethod = "recolouring", *, standardise: bool = True
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.standardise = standardise

    def fit(self, X: Any, y: Any, sample_domain: Any = None) -> Self:
        """X (n, d) of both domains, y (n,), sample_domain (n,) 0 or above for a source, below 0 for the target."""
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None; a classifier learns from labels")
        self.aligner_ = DomainAligner(self.method, standardise=self.standardise)
        source = is_source(sample_domain, _num_samples(X))
        labels = y if sample_domain is not None else _check_y(y, estimator=self)
        if _num_samples(labels) != len(source):
            raise ValueError(
                f"Found input variables with inconsistent numbers of samples: {[len(source), _num_samples(labels)]}"
            )
        labels = np.asarray(labels)
        known = is_known(labels, source)
        told = np.asarray(labels[known].tolist())
        check_classification_targets(told)
        rows = self.aligner_.fit_transform(X, labels, sample_domain=sample_domain)
        self.n_features_in_ = self.aligner_.n_features_in_
        if hasattr(self.aligner_, "feature_names_in_"):
            self.feature_names_in_ = self.aligner_.feature_names_in_
        self.estimator_ = clone(self.estimator if self.estimator is not None else LogisticRegression())
        self.estimator_.fit(rows[known], told)
        self.classes_ = self.estimator_.classes_
        return self

    def predict(self, X: Any, sample_domain: Any = None) -> np.ndarray:
        """(n,) the class of each row; rows are the target's where `sample_domain` does not say otherwise."""
        check_is_fitted(self, "estimator_")
        return np.asarray(self.estimator_.predict(self.aligner_.transform(X, sample_domain)))

    @available_if(_gives_chances)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any, sample_domain: Any = None) -> np.ndarray:
        """(n, n_classes) probabilities, in the order of `classes_`; where the estimator gives them."""
        check_is_fitted(self, "estimator_")
        return np.asarray(self.estimator_.predict_proba(self.aligner_.transform(X, sample_domain)))
