"""TrAdaBoostClassifier and TrAdaBoostRegressor: any scikit-learn estimator, boosted on labels of two domains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from transferkit.estimators.two_labelled_domains import checked
from transferkit.training.transfer_boosting import (
    Boosted,
    boosted_beside,
    fading_source,
    tradaboost,
    weighted_median,
)

FOLDS = 5


class TrAdaBoostClassifier(ClassifierMixin, BaseEstimator):
    """A classifier for the target domain, boosted on the source's labels and some of the target's (Dai et al. 2007).

    estimator: any classifier whose fit takes sample_weight; None: LogisticRegression(). rounds: how many are fitted; the
    later half votes. correct_drift: False as published. Without `sample_domain` it is the plain estimator.

    >>> import numpy as np
    >>> from transferkit import TrAdaBoostClassifier
    >>> X = np.random.default_rng(0).normal(size=(220, 2))
    >>> y = (X[:, 0] > np.repeat([0.5, 0.0], [100, 120])).astype(int)
    >>> domain = np.repeat([1, -1], [100, 120])
    >>> model = TrAdaBoostClassifier(random_state=0).fit(X[:120], y[:120], sample_domain=domain[:120])
    >>> model.score(X[120:], y[120:]) > 0.8
    True
    """

    def __init__(
        self, estimator: Any = None, *, rounds: int = 20, correct_drift: bool = True, random_state: Any = None
    ) -> None:
        self.estimator = estimator
        self.rounds = rounds
        self.correct_drift = correct_drift
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_domain: Any = None) -> Self:
        """X (n, d) of both domains, y (n,), sample_domain (n,) 0 or above for a source, below 0 for the target; target
        labels that are -1, NaN or None are not known."""
        rows, labels, source, known = checked(self, X, y, sample_domain, numbers=False)
        self.classes_, targets = np.unique(np.asarray(labels[known].tolist()), return_inverse=True)
        fresh = _fresh(self, LogisticRegression())
        if sample_domain is None:
            self.estimators_, self.say_ = [fresh().fit(rows, targets)], np.ones(1)
            return self
        order, n_source = _source_first(source, known)
        rows, targets = rows[order], targets[np.searchsorted(np.flatnonzero(known), order)]

        def fit(weights: np.ndarray) -> tuple[Any, np.ndarray]:
            model = fresh().fit(rows, targets, sample_weight=weights)
            return model, model.predict(rows)

        found: Boosted[Any] = tradaboost(
            fit, targets, n_source, np.ones(len(rows)), rounds=self.rounds, correct_drift=self.correct_drift
        )
        self.estimators_, self.say_ = list(found.members), found.say
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, n_classes) the share of the say of those who choose each class, in the order of `classes_`."""
        check_is_fitted(self, "estimators_")
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        shares = np.zeros((len(rows), len(self.classes_)))
        for model, say in zip(self.estimators_, self.say_ / self.say_.sum(), strict=True):
            shares[np.arange(len(rows)), model.predict(rows)] += say
        return shares

    def predict(self, X: Any) -> np.ndarray:
        """(n,) the class of each row."""
        chosen = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[chosen])


class TrAdaBoostRegressor(RegressorMixin, BaseEstimator):
    """A regressor for the target domain, boosted on the source's numbers and some of the target's (Pardoe & Stone 2010).

    estimator: any regressor whose fit takes sample_weight; None: a decision tree of depth 4. stages: in how many steps the
    source fades; the best by folds of the target's rows is kept. rounds: of boosting in each. Without `sample_domain` it is
    the plain estimator.

    >>> import numpy as np
    >>> from transferkit import TrAdaBoostRegressor
    >>> X = np.random.default_rng(0).normal(size=(140, 1))
    >>> y = 2 * X[:, 0] + np.repeat([1.0, 0.0], [100, 40])
    >>> domain = np.repeat([1, -1], [100, 40])
    >>> model = TrAdaBoostRegressor(stages=3, rounds=3, random_state=0)
    >>> model.fit(X[:120], y[:120], sample_domain=domain[:120]).score(X[120:], y[120:]) > 0.7
    True
    """

    def __init__(self, estimator: Any = None, *, stages: int = 8, rounds: int = 10, random_state: Any = None) -> None:
        self.estimator = estimator
        self.stages = stages
        self.rounds = rounds
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_domain: Any = None) -> Self:
        """X (n, d) of both domains, y (n,), sample_domain (n,) 0 or above for a source, below 0 for the target; target
        labels that are NaN or None are not known."""
        rows, targets, source, known = checked(self, X, y, sample_domain, numbers=True)
        fresh = _fresh(self, DecisionTreeRegressor(max_depth=4))
        if sample_domain is None:
            self.estimators_, self.say_ = [fresh().fit(rows, targets)], np.ones(1)
            return self
        order, n = _source_first(source, known)
        rows, targets = rows[order], targets[order]

        def fit_to(chosen: np.ndarray) -> Callable[[np.ndarray], tuple[Any, np.ndarray]]:
            def fit(weights: np.ndarray) -> tuple[Any, np.ndarray]:
                model = fresh().fit(rows[chosen], targets[chosen], sample_weight=weights * len(chosen))
                return model, model.predict(rows[chosen])

            return fit

        everything, own = np.arange(len(rows)), np.arange(n, len(rows))
        schedule = fading_source(fit_to(everything), targets, n, np.ones(len(rows)), stages=self.stages)

        def boosted_at(stage: int, kept: np.ndarray) -> Boosted[Any]:
            held, chosen = schedule[stage], np.concatenate([everything[:n], kept])
            moving = np.full(len(kept), (1 - held.sum()) / len(own))
            return boosted_beside(fit_to(chosen), targets[chosen], held, moving, rounds=self.rounds)

        self.stage_ = self.stages // 2
        if len(own) >= FOLDS:
            parts = list(KFold(FOLDS, shuffle=True, random_state=0).split(own))

            def error(stage: int) -> float:
                return sum(
                    float(np.square(_median(boosted_at(stage, own[kept]), rows[own[held]]) - targets[own[held]]).sum())
                    for kept, held in parts
                )

            self.stage_ = min(range(self.stages), key=error)
        found = boosted_at(self.stage_, own)
        self.estimators_, self.say_ = list(found.members), found.say
        return self

    def predict(self, X: Any) -> np.ndarray:
        """(n,) the weighted median of what the estimators say."""
        check_is_fitted(self, "estimators_")
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return weighted_median(np.stack([model.predict(rows) for model in self.estimators_], axis=1), self.say_)


def _median(found: Boosted[Any], rows: np.ndarray) -> np.ndarray:
    return weighted_median(np.stack([model.predict(rows) for model in found.members], axis=1), found.say)


def _fresh(of: Any, default: Any) -> Callable[[], Any]:
    """Makes an unfitted estimator, each time with the same seed."""
    template = clone(of.estimator if of.estimator is not None else default)
    if not has_fit_parameter(template, "sample_weight"):
        raise ValueError(f"{type(template).__name__} takes no sample_weight, so its rows cannot be weighed")
    if template.get_params().get("random_state", 0) is None:
        template.set_params(random_state=int(check_random_state(of.random_state).randint(2**31)))
    return lambda: clone(template)


def _source_first(source: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, int]:
    """Positions of the rows whose label is known, those of sources first, and how many these are."""
    theirs, own = np.flatnonzero(source), np.flatnonzero(~source & known)
    if not len(own):
        raise ValueError("no label of a target row is known; boosting needs some, WeightedClassifier none")
    return np.concatenate([theirs, own]), len(theirs)
