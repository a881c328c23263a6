"""The estimators keep scikit-learn's own contract, on its own suite."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from transferkit import TransferClassifier, TransferRegressor
from transferkit.core.errors import WrongUse


def bars(n: int, seed: int) -> tuple[list[Image.Image], list[str]]:
    """Pictures of upright bars, lying bars or a bright middle."""
    draw = np.random.default_rng(seed)
    rows, columns = np.mgrid[:16, :16]
    shapes = {
        "upright": columns % 5 < 2,
        "lying": rows % 5 < 2,
        "disc": (rows - 8) ** 2 + (columns - 8) ** 2 < 20,
    }
    labels = [list(shapes)[i % 3] for i in range(n)]
    grey = [np.clip(200 * shapes[k] + draw.normal(25, 30, (16, 16)), 0, 255).astype(np.uint8) for k in labels]
    return [Image.fromarray(g) for g in grey], labels


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([TransferClassifier(random_state=0), TransferRegressor(random_state=0)])
def test_passes_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_goes_through_a_pipeline_and_a_grid_search() -> None:
    X, y = load_iris(return_X_y=True)
    steps = make_pipeline(StandardScaler(), TransferClassifier(random_state=0))
    grid = GridSearchCV(steps, {"transferclassifier__method": ["scratch:epochs=2", "scratch:epochs=40"]}, cv=2)
    grid.fit(X, y)
    assert grid.best_params_ == {"transferclassifier__method": "scratch:epochs=40"}
    assert grid.best_score_ > 0.85


def test_tables_of_words_numbers_and_gaps_need_no_preparation() -> None:
    draw = np.random.default_rng(0)
    colour = draw.choice(["red", "green", "blue"], 120)
    size = np.where(draw.random(120) < 0.2, np.nan, draw.normal(size=120))
    table = pd.DataFrame({"colour": colour, "size": size})
    y = np.where(colour == "red", "stop", "go")
    fitted = TransferClassifier(random_state=0).fit(table, y)
    assert list(fitted.feature_names_in_) == ["colour", "size"]
    assert fitted.score(table, y) > 0.95
    assert set(fitted.predict(pd.DataFrame({"colour": ["violet"], "size": [0.0]}))) <= {"stop", "go"}


def test_pictures_start_from_a_source_by_a_named_method() -> None:
    pictures, labels = bars(24, seed=0)
    more, wanted = bars(30, seed=1)
    fitted = TransferClassifier("zoo:digits-cnn", method="linear_probe", random_state=0).fit(pictures, labels)
    assert fitted.score(more, wanted) > 0.6
    assert fitted.predict_proba(more).shape == (30, 3)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(more), fitted.predict_proba(more))


REMARKS = ["the film was good", "a dull plot", "very good", "the book was bad", "it is great!", "so poor, and dull"] * 6
PRAISE = ["good", "dull", "good", "bad", "great", "poor"] * 6


@pytest.mark.parametrize("items", [REMARKS, np.array(REMARKS), np.array(REMARKS, dtype=object)])
def test_texts_start_from_a_source_however_they_are_held(items: Any, text_folder: Path) -> None:
    fitted = TransferClassifier(f"hf:{text_folder}", method="linear_probe", random_state=0).fit(items, PRAISE)
    assert fitted.score(items, PRAISE) > 0.9
    assert fitted.classes_.tolist() == sorted(set(PRAISE))
    assert fitted.predict_proba(["a good film"]).shape == (1, 5)


def test_numbers_are_predicted_from_what_a_source_sees(text_folder: Path) -> None:
    worth = [100.0 + 10 * sorted(set(PRAISE)).index(word) for word in PRAISE]
    fitted = TransferRegressor(f"hf:{text_folder}", method="linear_probe", random_state=0).fit(REMARKS, worth)
    assert fitted.score(REMARKS, worth) > 0.9
    pictures, _ = bars(48, seed=0)
    shares = [float(np.asarray(picture).mean()) for picture in pictures]
    seen = TransferRegressor("zoo:digits-cnn", method="linear_probe", random_state=0).fit(pictures[:36], shares[:36])
    assert seen.score(pictures[36:], shares[36:]) > 0.5


def test_every_fold_of_a_cross_validation_starts_from_the_source() -> None:
    pictures, labels = bars(36, seed=0)
    model = TransferClassifier("zoo:digits-cnn", method="linear_probe", random_state=0)
    scores = cross_val_score(model, pictures, labels, cv=3)
    assert scores.shape == (3,)
    assert scores.mean() > 0.5
    assert not hasattr(model, "predictor_")


def test_sources_alone_make_a_study_with_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transferkit.training.gradient_method.epochs_for", lambda *given, **named: 4)
    monkeypatch.setattr("transferkit.training.schedule.epochs_for", lambda *given, **named: 4)
    pictures, labels = bars(104, seed=0)
    fitted = TransferClassifier("zoo:digits-cnn", budget="4 trials", random_state=0).fit(pictures, labels)
    assert fitted.study_.summary.arms
    assert set(fitted.predict(pictures[:3])) <= {"disc", "lying", "upright"}


def test_classes_that_are_numbers_come_back_as_numbers() -> None:
    X = np.random.default_rng(0).normal(size=(60, 3))
    y = np.where(X[:, 0] > 0, 10, 2)
    fitted = TransferClassifier(random_state=0).fit(X, y)
    assert fitted.classes_.tolist() == [2, 10]
    assert fitted.predict(X).dtype == y.dtype
    assert fitted.score(X, y) > 0.9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "no_such"}, "no_such"),
        ({"source": "zoo:no-such", "method": "linear_probe"}, "no-such"),
        ({"metric": "no_such"}, "no_such"),
        ({"method": "linear_probe"}, "--from"),
    ],
)
def test_what_cannot_be_is_one_line(settings: dict, message: str) -> None:
    X, y = load_iris(return_X_y=True)
    with pytest.raises(WrongUse, match=message):
        TransferClassifier(**settings).fit(X, y)


def test_a_table_without_a_column_that_was_learned_from_is_refused() -> None:
    table = pd.DataFrame({"colour": ["red", "green"] * 20, "size": np.arange(40.0)})
    fitted = TransferClassifier(random_state=0).fit(table, ["stop", "go"] * 20)
    assert (fitted.predict(table[["size", "colour"]].assign(more=1)) == fitted.predict(table)).all()
    with pytest.raises(ValueError, match="now missing: 'size'"):
        fitted.predict(table[["colour"]])
    with pytest.raises(ValueError, match="Found 0 items"):
        fitted.predict(table.iloc[:0])
