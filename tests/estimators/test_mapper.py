"""SpaceMapper keeps scikit-learn's contract for transformers, and maps as the functions do."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from transferkit import SpaceMapper
from transferkit.core.errors import WrongUse
from transferkit.estimators.mapper import PAIRED, UNPAIRED
from transferkit.ops.mappings.procrustes import procrustes


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([SpaceMapper()])
def test_passes_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_maps_as_the_function_of_its_name() -> None:
    draw = np.random.default_rng(0)
    X, Y = draw.normal(size=(20, 3)), draw.normal(size=(20, 4))
    found = SpaceMapper("procrustes", settings={"scaling": False}).fit(X, Y).transform(X)
    np.testing.assert_array_equal(found, procrustes(X, Y, scaling=False)(X))


@pytest.mark.parametrize("mapping", [*PAIRED, *UNPAIRED])
def test_every_mapping_fits_by_its_name_and_the_same_twice(mapping: str) -> None:
    draw = np.random.default_rng(0)
    X, Y = draw.normal(size=(25, 3)), draw.normal(size=(25, 3))
    first, second = (SpaceMapper(mapping, random_state=1).fit(X, Y).transform(X) for _ in range(2))
    assert first.shape == (25, 3)
    np.testing.assert_array_equal(first, second)


def test_mapped_rows_serve_any_learner() -> None:
    draw = np.random.default_rng(0)
    X, turn = draw.normal(size=(200, 4)), draw.normal(size=(4, 6))
    labels = X[:, 0] > 0
    paired, new = slice(0, 100), slice(100, 200)
    back = SpaceMapper().fit(X[paired] @ turn, X[paired])  # what a new camera sees, taken to what the old one saw
    model = LogisticRegression().fit(X[paired], labels[paired])
    assert model.score(back.transform(X[new] @ turn), labels[new]) > 0.9


def test_an_unknown_mapping_names_the_known_ones() -> None:
    with pytest.raises(WrongUse, match=r"unknown mapping 'procustes'.*procrustes"):
        SpaceMapper("procustes").fit(np.eye(3), np.eye(3))
