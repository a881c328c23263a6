"""Tables end to end: another table as source, a text network on rows, numbers to predict, new rows from a file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import transferkit as tk
from transferkit.artifact import saved
from transferkit.core.errors import WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.planner.source_tasks import with_networks
from transferkit.tasks.regress import Regress
from transferkit.training.body import Body

METHODS = ["scratch:epochs=5,learning_rate=0.004", "linear_probe"]
"""Scratch with its settings named, which are then not tuned."""


def patients(n: int, seed: int, more: bool = False) -> pd.DataFrame:
    """Price goes with age and town; `more`: a column that only this hospital has."""
    draw = np.random.default_rng(seed)
    table = pd.DataFrame({"age": draw.normal(50, 10, n), "town": draw.choice(["Ulm", "Rom"], n)})
    if more:
        table["chol"] = draw.normal(200, 30, n)
    table["price"] = table["age"] + 10 * (table["town"] == "Ulm") + (0.2 * table["chol"] if more else 0) + 0.25
    return table


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old_hospital.csv", tmp_path / "new_hospital.csv"
    patients(120, seed=0).to_csv(old, index=False)
    patients(112, seed=1, more=True).to_csv(new, index=False)
    return old, new


def learned(file: Path, target: Target, cache: Path) -> Source:
    """The source, with the network that was trained on it."""
    return with_networks((Source(str(file)),), target, Run(cache=FeatureCache(cache)))[0]


def test_another_hospitals_table_ends_with_a_verdict(files: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = files
    study = tk.compare(
        [str(old)], new, METHODS, seeds=2, cache=FeatureCache(tmp_path / "cache"), label_curve=False, budget="60s"
    )
    summary = study.summary
    assert summary.target["task"] == "regress"
    assert summary.metric.name == "rmse"
    assert not summary.metric.higher_is_better
    assert "rmse units" in summary.sentence
    (probe,) = [arm for arm in summary.arms if arm.method.startswith("linear_probe")]
    assert probe.method == "linear_probe", "logistic regression is not tried on numbers"
    assert {one.column for one in summary.importances} == {"age", "town", "chol"}
    guesses = study.best.predict([str(new)])
    assert len(guesses) == 112


def test_what_another_tables_models_say_is_tried_unasked(files: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = files
    wanted = f"source_prediction < {old}"
    cache = FeatureCache(tmp_path / "cache")
    arms = {arm.name for arm in tk.plan([str(old)], new, cache=cache).arms}
    assert {wanted, f"target_probe < {old}"} <= arms
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("age 0.1 0.2\ntown 0.3 0.1\nprice 0.2 0.2\n")
    arms = {arm.name for arm in tk.plan([f"words:{vectors}"], new, cache=cache).arms}
    assert not any(name.startswith("source_prediction") for name in arms)


def test_a_network_of_another_table_grows_the_columns_it_lacks(files: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = files
    target = Target.read(new)
    source = learned(old, target, tmp_path / "cache")
    body = Body.pretrained(source, target)
    network, own = body.make(), source.network()
    assert network.architecture == body.architecture
    rows = list(target.train.items[:6])
    with torch.inference_mode():
        grown, plain = network(body.processor(rows)), own(source.processor()(rows))
    torch.testing.assert_close(grown, plain)
    predictor = LinearProbe().fit((source,), target, Run())
    saved.save(predictor, tmp_path / "saved")
    again = saved.load(tmp_path / "saved").predict(rows)
    assert again.labels == pytest.approx(predictor.predict(rows).labels)


def test_a_text_network_takes_rows_as_sentences(files: tuple[Path, Path], tmp_path: Path) -> None:
    vectors = tmp_path / "vectors.txt"
    words = ["age", "is", "town", "ulm", "rom", ".", "chol", *map(str, range(20, 80))]
    draw = np.random.default_rng(0)
    vectors.write_text("".join(f"{word} {' '.join(f'{x:.3f}' for x in draw.normal(size=8))}\n" for word in words))
    target = Target.read(files[1])
    predictor = LinearProbe().fit((Source(f"words:{vectors}"),), target, Run())
    assert isinstance(predictor.task, Regress)
    assert predictor.describe()["processor"]["kind"] == "tabular_as_text"


def test_a_network_of_pictures_is_refused_in_one_line(files: tuple[Path, Path]) -> None:
    with pytest.raises(WrongUse, match="zoo:digits-cnn is a network of image, which cannot take tabular"):
        LinearProbe().fit((Source("zoo:digits-cnn"),), Target.read(files[1]), Run())


def test_data_that_cannot_serve_are_not_called_a_network(files: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = files
    source = learned(old, Target.read(new), tmp_path / "cache")
    pictures = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    with pytest.raises(
        WrongUse, match=r"csv holds tabular data, and a network learned from them cannot take image; name"
    ):
        Body.pretrained(source, Target.of(pictures, ["cat", "dog"] * 20))


def test_without_a_source_a_person_is_told_to_name_one(files: tuple[Path, Path]) -> None:
    with pytest.raises(WrongUse, match="no candidate for tabular on this machine; name a source with --from"):
        tk.transfer(None, files[1])
