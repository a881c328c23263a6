"""Estimators of scikit-learn by the name a person writes: `random_forest`, `svc/C=10`, `sklearn.svm.NuSVC/nu=0.3`.

Settings follow the name, each after a slash, and so fit into the spelling of a method:
`kmm:learner=random_forest/max_depth=3`.
"""

from __future__ import annotations

import ast
import importlib
from typing import Any

from transferkit.core.errors import WrongUse, unknown_name

LINEAR = "linear"
"""The task's own closed-form head, every penalty chosen."""
CHOSEN = "chosen"
"""A linear head or a forest, by folds of the labels (`training/chosen_learner.py`)."""
CLASSIFIERS = {
    "boosting": "sklearn.ensemble.HistGradientBoostingClassifier",
    "decision_tree": "sklearn.tree.DecisionTreeClassifier",
    "extra_trees": "sklearn.ensemble.ExtraTreesClassifier",
    "linear_svc": "sklearn.svm.LinearSVC",
    "logistic": "sklearn.linear_model.LogisticRegression",
    "naive_bayes": "sklearn.naive_bayes.GaussianNB",
    "random_forest": "sklearn.ensemble.RandomForestClassifier",
    "ridge": "sklearn.linear_model.RidgeClassifier",
    "svc": "sklearn.svm.SVC",
}
REGRESSORS = {
    "boosting": "sklearn.ensemble.HistGradientBoostingRegressor",
    "decision_tree": "sklearn.tree.DecisionTreeRegressor",
    "extra_trees": "sklearn.ensemble.ExtraTreesRegressor",
    "linear_svr": "sklearn.svm.LinearSVR",
    "random_forest": "sklearn.ensemble.RandomForestRegressor",
    "ridge": "sklearn.linear_model.Ridge",
    "svr": "sklearn.svm.SVR",
}


def spelled_estimator(text: str, *, classes: bool, seed: int) -> Any:
    """A new, unfitted estimator that takes item weights; `classes`: for classes, else for numbers. One line where
    there is none.

    >>> spelled_estimator("random_forest/max_depth=3", classes=True, seed=0)
    RandomForestClassifier(max_depth=3, random_state=0)
    """
    name, *given = text.split("/")
    known = CLASSIFIERS if classes else REGRESSORS
    path = known.get(name, name)
    if "." not in path:
        raise unknown_name("learner", name, [LINEAR, CHOSEN, *known])
    cls = _found(path)
    try:
        estimator = cls(**dict(_setting(text, part) for part in given))
    except TypeError as reason:
        raise WrongUse(f"learner {text!r}: {str(reason).partition('() ')[2] or reason}") from None
    check_takes_weights(estimator, classes=classes, name=text)
    if "random_state" in estimator.get_params() and estimator.get_params()["random_state"] is None:
        estimator.set_params(random_state=seed % 2**32)
    return estimator


def check_spelling(text: str) -> None:
    """One line where `text` is neither `linear` nor `chosen` nor the name of an estimator, for classes or for numbers."""
    name = text.split("/")[0]
    if name not in (LINEAR, CHOSEN) and "." not in name and name not in {*CLASSIFIERS, *REGRESSORS}:
        raise unknown_name("learner", name, {LINEAR, CHOSEN, *CLASSIFIERS, *REGRESSORS})
    for part in text.split("/")[1:]:
        _setting(text, part)


def check_takes_weights(estimator: Any, *, classes: bool, name: str) -> None:
    """WrongUse where it is no classifier (or regressor), or would not know that items count differently."""
    from sklearn.base import is_classifier, is_regressor
    from sklearn.utils.validation import has_fit_parameter

    if not (is_classifier if classes else is_regressor)(estimator):
        wanted = "classifier" if classes else "regressor"
        raise WrongUse(f"learner {name!r} is no {wanted}; the labels ask for one")
    if not has_fit_parameter(estimator, "sample_weight"):
        raise WrongUse(f"learner {name!r} takes no item weights; use one that does, such as logistic or random_forest")


def _found(path: str) -> type[Any]:
    module, _, name = path.rpartition(".")
    if not module.startswith("sklearn."):
        raise WrongUse(f"learner {path!r}: only scikit-learn's own estimators can be kept and read again, sklearn....")
    try:
        cls = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        raise WrongUse(f"learner {path!r} is not in scikit-learn; a name such as random_forest serves too") from None
    if not (isinstance(cls, type) and hasattr(cls, "fit") and hasattr(cls, "get_params")):
        raise WrongUse(f"learner {path!r} is no estimator of scikit-learn")
    return cls


def _setting(text: str, part: str) -> tuple[str, Any]:
    key, equals, value = part.partition("=")
    if not equals:
        raise WrongUse(f"learner {text!r}: {part!r} has no value; write {part or 'setting'}=VALUE")
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value  # a word
