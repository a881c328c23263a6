"""Estimators that weigh rows of a source, or boost on labels of both domains."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from transferkit import TrAdaBoostClassifier, TrAdaBoostRegressor, WeightedClassifier, WeightedRegressor
from transferkit.methods.instance.kmm import KMM
from transferkit.ops.density_ratio.kmm import kmm

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(160, 2)) + np.repeat([[0.0, 0.0], [1.5, 0.0]], [100, 60], axis=0)
Y = (X[:, 1] > np.sin(2 * X[:, 0])).astype(int)
DOMAIN = np.repeat([1, -1], [100, 60])
HIDDEN = np.where(DOMAIN > 0, Y, -1)
ALL = (WeightedClassifier, WeightedRegressor, TrAdaBoostClassifier, TrAdaBoostRegressor)


@parametrize_with_checks([cls() for cls in ALL])
def test_keeps_scikit_learns_contract(estimator, check) -> None:  # type: ignore[no-untyped-def]
    check(estimator)


def test_the_estimator_is_fitted_with_the_weights_of_the_method() -> None:
    found = WeightedClassifier(DecisionTreeClassifier(max_depth=3, random_state=0)).fit(X, HIDDEN, sample_domain=DOMAIN)
    scaled = (X - X.mean(0)) / X.std(0)
    weights = kmm(scaled[:100], scaled[100:])
    np.testing.assert_allclose(found.sample_weight_[:100], weights / weights.mean(), atol=1e-6)
    by_hand = DecisionTreeClassifier(max_depth=3, random_state=0).fit(
        X[:100], Y[:100], sample_weight=weights / weights.mean()
    )
    np.testing.assert_allclose(found.predict_proba(X), by_hand.predict_proba(X))


def test_weighing_helps_a_model_that_is_too_simple() -> None:
    """The line that is best on the target is not the line that is best on the source."""
    draw = np.random.default_rng(1)
    rows = draw.normal(size=(900, 1)) + np.repeat([[0.0], [1.5]], [500, 400], axis=0)
    labels = (rows[:, 0] < 2).astype(int) * (rows[:, 0] > -0.5)  # the source sees both ends, the target one
    domain = np.repeat([1, -1], [500, 400])
    plain = LogisticRegression().fit(rows[:500], labels[:500]).score(rows[500:], labels[500:])
    found = WeightedClassifier().fit(rows, np.where(domain > 0, labels, -1), sample_domain=domain)
    assert found.score(rows[500:], labels[500:]) > plain + 0.02


@pytest.mark.parametrize(
    "method", ["kmm:most=5.0", KMM(width=1.0), "kliep", "rulsif", "classifier_weights", "nearest_neighbour_weights"]
)
def test_takes_every_way_to_weigh(method: str | KMM) -> None:
    numbers = X[:, 0] ** 2
    shown = np.where(DOMAIN > 0, numbers, np.nan)
    model = WeightedRegressor(Ridge(), method).fit(X, shown, sample_domain=DOMAIN)
    assert model.score(X[100:], numbers[100:]) > Ridge().fit(X[:100], numbers[:100]).score(X[100:], numbers[100:])


def test_known_labels_of_the_target_are_learned_from() -> None:
    some = HIDDEN.copy()
    some[100:130] = 1 - Y[100:130]
    shown, hidden = (WeightedClassifier().fit(X, y, sample_domain=DOMAIN) for y in (some, HIDDEN))
    assert (shown.predict(X[100:]) != hidden.predict(X[100:])).mean() > 0.05


def test_boosting_learns_what_the_target_says_where_the_source_contradicts() -> None:
    """On one side of the plane the source's labels are wrong for the target."""
    theirs, own = DRAW.normal(size=(200, 2)), DRAW.normal(size=(240, 2))
    truth = (own[:, 1] > 0).astype(int)
    labels = np.where(theirs[:, 0] > 0, theirs[:, 1] > 0, theirs[:, 1] < 0).astype(int)
    rows, given = np.concatenate([theirs, own[:40]]), np.concatenate([labels, truth[:40]])
    domain = np.repeat([1, -1], [200, 40])
    boosted = TrAdaBoostClassifier(random_state=0).fit(rows, given, sample_domain=domain).score(own[40:], truth[40:])
    pooled = LogisticRegression().fit(rows, given).score(own[40:], truth[40:])
    assert boosted > max(pooled + 0.2, 0.85)


def test_boosted_numbers_follow_the_targets_offset() -> None:
    x = DRAW.normal(size=(300, 1))
    numbers = 2 * x[:, 0] + np.repeat([3.0, 0.0], [100, 200])
    domain = np.repeat([1, -1], [100, 200])
    model = TrAdaBoostRegressor(random_state=0, stages=4, rounds=3)
    model.fit(x[:150], numbers[:150], sample_domain=domain[:150])
    assert model.score(x[150:], numbers[150:]) > 0.8
    assert model.stage_ > 0


def test_what_cannot_be_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match=r"way to weigh rows 'scratch'.*kliep"):
        WeightedClassifier(method="scratch").fit(X, HIDDEN, sample_domain=DOMAIN)
    with pytest.raises(ValueError, match="takes no sample_weight"):
        WeightedClassifier(KNeighborsClassifier()).fit(X, HIDDEN, sample_domain=DOMAIN)
    with pytest.raises(ValueError, match="takes no sample_weight"):
        TrAdaBoostClassifier(KNeighborsClassifier()).fit(X, Y, sample_domain=DOMAIN)
    with pytest.raises(ValueError, match="no label of a target row is known"):
        TrAdaBoostClassifier().fit(X, HIDDEN, sample_domain=DOMAIN)
    with pytest.raises(ValueError, match="source row 2 is nan"):
        WeightedRegressor().fit(X, np.where(np.arange(160) == 2, np.nan, X[:, 0]), sample_domain=DOMAIN)
    with pytest.raises(ValueError, match="0 target rows"):
        WeightedClassifier().fit(X, Y, sample_domain=np.ones(160, dtype=int))
