"""DomainAligner, AdaptedClassifier and AdaptedRegressor: scikit-learn's own suite, the convention of sample_domain, and
adaptation that works."""

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.utils.estimator_checks import parametrize_with_checks

from transferkit import AdaptedClassifier, AdaptedRegressor, DomainAligner
from transferkit.core.errors import WrongUse
from transferkit.methods.adapt.tca import TCA

DRAW = np.random.default_rng(0)
Y = np.arange(300) % 3
X = DRAW.normal(size=(300, 4)) + 4 * np.eye(4)[Y]
DOMAIN = np.repeat([1, 2, -3], 100)
X[DOMAIN < 0] = 2 * X[DOMAIN < 0] - [9, -5, 3, 0]
HIDDEN = np.where(DOMAIN > 0, Y, -1)
METHODS = ("recolouring", "linear_transport", "subspace_alignment:n_components=3", "optimal_transport")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [
        AdaptedClassifier(),
        DomainAligner(),
        AdaptedClassifier(SVC(), "tca"),
        AdaptedRegressor(),
        AdaptedRegressor(SVR(), "tca"),
    ]
)
def test_passes_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("method", METHODS)
def test_adapts_to_a_target_without_labels(method: str) -> None:
    target = DOMAIN < 0
    plain = LogisticRegression().fit(X[~target], Y[~target]).score(X[target], Y[target])
    adapted = AdaptedClassifier(method=method).fit(X, HIDDEN, sample_domain=DOMAIN)
    assert adapted.score(X[target], Y[target]) > max(0.9, plain + 0.2)
    assert adapted.classes_.tolist() == [0, 1, 2]
    assert adapted.predict_proba(X[target]).shape == (100, 3)


@pytest.mark.parametrize("method", METHODS)
def test_numbers_are_told_in_a_target_without_labels(method: str) -> None:
    target = DOMAIN < 0
    numbers = X @ [1.0, 2.0, 0.0, -1.0]
    numbers[target] = ((X[target] + [9, -5, 3, 0]) / 2) @ [1.0, 2.0, 0.0, -1.0]  # of the rows before they were shifted
    plain = Ridge().fit(X[~target], numbers[~target]).score(X[target], numbers[target])
    adapted = AdaptedRegressor(method=method).fit(X, np.where(target, np.nan, numbers), sample_domain=DOMAIN)
    assert adapted.score(X[target], numbers[target]) > plain + 1  # of R2, which is below -1 at first


def test_numbers_that_are_known_in_the_target_are_learned_from() -> None:
    target = DOMAIN < 0
    numbers = np.where(target, -X[:, 0], X[:, 0])
    some = np.where(target & (np.arange(300) % 4 > 0), np.nan, numbers)
    blind = AdaptedRegressor().fit(X, np.where(target, np.nan, numbers), sample_domain=DOMAIN)
    told = AdaptedRegressor(SVR(C=100.0), "optimal_transport").fit(X, [*some], sample_domain=DOMAIN)
    assert told.score(X[target], numbers[target]) > blind.score(X[target], numbers[target])


def test_a_regressor_refuses_methods_of_classes_and_gaps_in_the_source() -> None:
    with pytest.raises(WrongUse, match="class by class, and this task has no classes"):
        AdaptedRegressor(method="jda").fit(X, np.where(DOMAIN < 0, np.nan, X[:, 0]), sample_domain=DOMAIN)
    with pytest.raises(ValueError, match="y of source row 2 is nan"):
        AdaptedRegressor().fit(X, np.where(np.arange(300) == 2, np.nan, X[:, 0]), sample_domain=DOMAIN)


def test_without_sample_domain_it_is_the_plain_estimator() -> None:
    adapted, plain = AdaptedClassifier().fit(X, Y), LogisticRegression().fit(X, Y)
    np.testing.assert_array_equal(adapted.predict_proba(X), plain.predict_proba(X))
    np.testing.assert_array_equal(DomainAligner().fit_transform(X), X)


@pytest.mark.parametrize("method", [*METHODS, "tca", "sstca", "jda", "gfk"])
def test_rows_that_were_fitted_and_the_same_rows_as_new_ones_are_aligned_alike(method: str) -> None:
    aligner = DomainAligner(method)
    fitted = aligner.fit_transform(X, HIDDEN, sample_domain=DOMAIN)
    np.testing.assert_allclose(aligner.transform(X, sample_domain=DOMAIN), fitted, atol=1e-7)
    np.testing.assert_allclose(aligner.transform(X[200:]), fitted[200:], atol=1e-7)


def test_the_order_of_rows_does_not_matter_to_where_they_go() -> None:
    order = DRAW.permutation(300)
    one = DomainAligner("jda").fit_transform(X, HIDDEN, sample_domain=DOMAIN)
    other = DomainAligner("jda").fit_transform(X[order], HIDDEN[order], sample_domain=DOMAIN[order])
    np.testing.assert_allclose(np.abs(other), np.abs(one[order]), atol=1e-7)


@pytest.mark.parametrize("hide", [lambda y: np.where(DOMAIN < 0, np.nan, y), lambda y: [*y[:200], *([None] * 100)]])
def test_labels_are_hidden_by_nan_and_none_too(hide: Any) -> None:
    expected = AdaptedClassifier().fit(X, HIDDEN, sample_domain=DOMAIN).predict(X[200:])
    found = AdaptedClassifier().fit(X, hide(Y.astype(float)), sample_domain=DOMAIN).predict(X[200:])
    np.testing.assert_array_equal(found, expected)


def test_target_labels_that_are_there_are_learned_from() -> None:
    """Classes are named otherwise in the target, which only its labels tell."""
    renamed = np.where(DOMAIN < 0, (Y + 1) % 3, Y)
    some = np.where((DOMAIN < 0) & (np.arange(300) % 4 > 0), -1, renamed)
    blind = AdaptedClassifier().fit(X, np.where(DOMAIN < 0, -1, renamed), sample_domain=DOMAIN)
    told = AdaptedClassifier(method="optimal_transport").fit(X, some, sample_domain=DOMAIN)
    assert told.score(X[200:], renamed[200:]) > blind.score(X[200:], renamed[200:]) + 0.3


def test_words_are_classes_too() -> None:
    words = np.array(["a", "b", "c"], dtype=object)[Y]
    words[DOMAIN < 0] = None
    fitted = AdaptedClassifier(method="jda:n_components=3").fit(X, words, sample_domain=DOMAIN)
    assert set(fitted.predict(X)) <= {"a", "b", "c"}


def test_minus_one_hides_labels_beside_words_too() -> None:
    words = [*np.array(["a", "b", "c"])[Y[:200]], *([-1] * 100)]
    fitted = AdaptedClassifier().fit(X, words, sample_domain=DOMAIN)
    assert fitted.classes_.tolist() == ["a", "b", "c"]


def test_goes_through_a_pipeline_a_grid_and_a_pickle() -> None:
    steps = make_pipeline(StandardScaler(), AdaptedClassifier(SVC()))
    steps.fit(X, HIDDEN, adaptedclassifier__sample_domain=DOMAIN)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(steps)).predict(X), steps.predict(X))
    assert not hasattr(steps[-1], "predict_proba")
    grid = GridSearchCV(AdaptedClassifier(), {"method": ["recolouring", "tca:n_components=3"]}, cv=2).fit(
        X[:200], Y[:200]
    )
    assert grid.best_params_["method"] == "recolouring"


def test_a_method_may_be_given_as_its_settings() -> None:
    spelled = DomainAligner("tca:n_components=3").fit_transform(X, sample_domain=DOMAIN)
    np.testing.assert_array_equal(DomainAligner(TCA(n_components=3)).fit_transform(X, sample_domain=DOMAIN), spelled)


def test_domains_that_are_alike_are_noted() -> None:
    same = DomainAligner().fit(np.random.default_rng(1).normal(size=(80, 2)), sample_domain=[1, -1] * 40)
    assert "nothing to adapt" in same.notes_[0]
    assert not DomainAligner().fit(X, sample_domain=DOMAIN).notes_


@pytest.mark.parametrize(
    ("domain", "labels", "method", "said"),
    [
        (DOMAIN[:5], HIDDEN, "tca", "expected one number a row"),
        (np.where(DOMAIN < 0, np.nan, 1.5), HIDDEN, "tca", "no whole number"),
        (np.ones(300), HIDDEN, "tca", "names 0 target rows"),
        (-(DOMAIN**2), HIDDEN, "tca", "names 0 source rows"),
        (DOMAIN, np.where(Y == 0, np.nan, Y), "tca", "needs a label"),
        (DOMAIN, np.where(Y == 0, -1, Y), "tca", "name that class otherwise"),
        (DOMAIN, None, "jda", "no classes"),
        (DOMAIN, HIDDEN, "full", "unknown method that aligns features"),
        (DOMAIN, HIDDEN, "tcaa", "did you mean 'tca'"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(domain: Any, labels: Any, method: str, said: str) -> None:
    with pytest.raises((ValueError, WrongUse), match=said) as refused:
        DomainAligner(method).fit(X, labels, sample_domain=domain)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("labels", [X[:, :1], X[:, :2], X[:299, 0]])
def test_numbers_that_are_not_one_a_row_are_refused_in_one_line(labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"one label a row|inconsistent numbers of samples") as refused:
        AdaptedRegressor().fit(X, labels, sample_domain=DOMAIN)
    assert "\n" not in str(refused.value)
