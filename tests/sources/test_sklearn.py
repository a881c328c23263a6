"""sklearn: models are read by skops alone, take rows by name, and give the features the library itself gives."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from skops import io

from transferkit.artifact import saved
from transferkit.core.errors import WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source, SourceOptions
from transferkit.core.target import Target
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe

DRAW = np.random.default_rng(0)
FRAME = pd.DataFrame({"age": DRAW.normal(50, 10, 80), "chol": DRAW.normal(200, 30, 80), "sex": ["m", "f"] * 40})
SICK = np.where(FRAME["age"] + 5 * (FRAME["sex"] == "m") + DRAW.normal(0, 5, 80) > 52, "yes", "no")


def source(model: Any, folder: Path, wish: str = "", **options: bool) -> Source:
    io.dump(model, folder / "model.skops")
    return Source(f"sklearn:{folder / 'model.skops'}{wish}", SourceOptions(**options))


def pipeline() -> Any:
    columns = make_column_transformer((StandardScaler(), ["age", "chol"]), (OneHotEncoder(), ["sex"]))
    return make_pipeline(columns, LogisticRegression()).fit(FRAME, SICK)


def features(of: Source, frame: pd.DataFrame) -> np.ndarray:
    with torch.inference_mode():
        return of.network()(of.processor()(frame.to_dict("records"))).numpy()


def test_a_pipeline_gives_its_scores_and_what_it_makes_of_a_row(tmp_path: Path) -> None:
    model = pipeline()
    found = features(source(model, tmp_path), FRAME)
    np.testing.assert_allclose(found[:, :2], np.log(model.predict_proba(FRAME)), atol=1e-4)
    np.testing.assert_allclose(found[:, 2:], model[:-1].transform(FRAME), atol=1e-4)
    assert source(model, tmp_path).card().architecture.arguments()["feature_dim"] == found.shape[1]


@pytest.mark.parametrize(
    ("model", "width"),
    [
        (SVC(decision_function_shape="ovo"), 6),
        (RandomForestClassifier(5), 4),
        (LinearRegression(), 1),
        (make_pipeline(FunctionTransformer(), LogisticRegression(max_iter=5000)), 4),
    ],
    ids=["pairs of classes", "classes", "a number", "a step that names no features"],
)
def test_as_many_features_are_announced_as_come(model: Any, width: int, tmp_path: Path) -> None:
    frame = FRAME[["age", "chol"]]
    one = source(model.fit(frame, np.arange(80) % 4), tmp_path)
    assert one.network().feature_dim == features(one, frame).shape[1] == width


@pytest.mark.parametrize("model", [RandomForestClassifier(5), MultiOutputClassifier(LogisticRegression())], ids=str)
def test_several_labels_a_row_give_the_scores_of_each(model: Any, tmp_path: Path) -> None:
    frame = FRAME[["age", "chol"]]
    model.fit(frame, np.stack([np.arange(80) % 2, np.arange(80) % 3], axis=1))
    found = features(source(model, tmp_path), frame)
    np.testing.assert_allclose(np.exp(found[:, 2:]), model.predict_proba(frame)[1].clip(1e-6), atol=1e-4)
    model = LinearRegression().fit(frame, np.stack([frame["age"], frame["chol"]], axis=1))
    np.testing.assert_allclose(features(source(model, tmp_path), frame), model.predict(frame), rtol=1e-4)


def test_columns_are_found_by_name_and_a_missing_one_is_named(tmp_path: Path) -> None:
    one = source(pipeline(), tmp_path)
    np.testing.assert_array_equal(features(one, FRAME[["sex", "chol", "age"]]), features(one, FRAME))
    with pytest.raises(WrongUse, match="fitted with a column 'chol'"):
        one.processor()([{"age": 63, "sex": "m"}])


def test_leaves_are_one_of_many_a_tree(tmp_path: Path) -> None:
    numbers = FRAME[["age", "chol"]].to_numpy(np.float32)
    forest = RandomForestClassifier(5, max_depth=3, random_state=0).fit(numbers, SICK)
    found = features(source(forest, tmp_path, "?output=leaves"), FRAME[["age", "chol"]])
    assert (found.sum(axis=1) == 5).all()
    leaves = forest.apply(numbers)
    same = found @ found.T
    np.testing.assert_array_equal(same, (leaves[:, None] == leaves[None]).sum(axis=2))


def test_a_regressor_gives_its_number(tmp_path: Path) -> None:
    ridge = Ridge().fit(FRAME[["age"]], FRAME["chol"])
    np.testing.assert_allclose(features(source(ridge, tmp_path), FRAME)[:, 0], ridge.predict(FRAME[["age"]]), rtol=1e-5)


def test_unknown_types_are_listed_and_refused_unless_trusted(tmp_path: Path) -> None:
    model = make_pipeline(FunctionTransformer(np.loadtxt), LogisticRegression())
    model.steps[0] = ("f", StandardScaler())
    model.fit(FRAME[["age", "chol"]].to_numpy(), SICK)
    model.strange = Strange()
    with pytest.raises(WrongUse, match=r"Strange; if you trust .* say --trust"):
        source(model, tmp_path).card()
    assert source(model, tmp_path, trust=True).card().frozen


class Strange:
    """A type that nobody knows."""


def test_a_pickle_is_refused_whatever_is_trusted(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(pipeline()))
    with pytest.raises(WrongUse, match=r"a pickle may run any code.*skops"):
        Source(f"sklearn:{tmp_path / 'model.pkl'}", SourceOptions(trust=True)).check()
    (tmp_path / "model.skops").write_bytes(pickle.dumps(pipeline()))
    with pytest.raises(WrongUse, match="not a model that skops saved"):
        Source(f"sklearn:{tmp_path / 'model.skops'}").card()


def test_an_output_it_does_not_have_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="LogisticRegression has no output 'leaves'; known outputs: scores, transform"):
        source(pipeline(), tmp_path, "?output=leaves").card()


def test_frozen_features_serve_a_probe_that_can_be_saved_and_nothing_that_moves_weights(tmp_path: Path) -> None:
    one = source(pipeline(), tmp_path)
    target = Target.of(FRAME, SICK.tolist())
    predictor = LinearProbe().fit((one,), target, Run())
    saved.save(predictor, tmp_path / "saved")
    again = saved.load(tmp_path / "saved").predict(target.train.items)
    assert again.labels == predictor.predict(target.train.items).labels
    assert np.mean(np.array(again.labels) == np.array(target.train.labels)) > 0.7
    with pytest.raises(WrongUse, match="cannot be trained"):
        Full(epochs=1).fit((one,), target, Run())
