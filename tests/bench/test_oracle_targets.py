from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bench.oracle import fine_tune
from bench.oracle.table import problems
from bench.oracle.targets import TARGETS
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.methods.frozen.linear_probe import LinearProbe


@pytest.mark.parametrize(
    ("name", "n_labels", "n_test", "n_classes"),
    [("digits", 100, 1000, 10), ("vehicles", 80, 720, 4), ("street", 90, 464, 6)],
)
def test_a_target_is_the_same_each_time_and_shares_no_picture_with_its_test(
    name: str, n_labels: int, n_test: int, n_classes: int, shared_data: Path
) -> None:
    first, second = (TARGETS[name](shared_data) for _ in range(2))
    assert first.fingerprint == second.fingerprint
    train, test = first.whole().train, first.test.open("a test")
    assert (len(train), len(test)) == (n_labels, n_test)
    shares = Counter(train.labels)
    assert len(shares) == n_classes
    assert max(shares.values()) - min(shares.values()) <= 1
    assert not set(train.ids) & set(test.ids)


def test_every_target_of_the_table_can_be_made_again() -> None:
    assert {one.target for one in problems()} == set(TARGETS)


def test_a_row_that_is_there_is_not_fitted_again(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    assert fine_tune.finished(table) == set()
    fine_tune.add(table, ("t", "a", "full", "0", "0.5", "1.2"))
    fine_tune.add(table, ("t", "b", "full", "1", "0.6", "1.2"))
    assert fine_tune.finished(table) == {("t", "a", "full", "0"), ("t", "b", "full", "1")}


def test_accuracy_is_the_share_of_test_items_that_the_fit_gets_right(tiny_target: Target, tmp_path: Path) -> None:
    source, run = Source("zoo:digits-cnn"), Run(cache=FeatureCache(tmp_path))
    target = tiny_target.whole()
    test = tiny_target.test.open("a test")
    found = fine_tune.fitted(LinearProbe(), source, target, test, run)
    guesses = LinearProbe().fit((source,), target, run).predict(test.items).labels
    assert found == pytest.approx(
        np.mean([guess == label for guess, label in zip(guesses, test.labels or (), strict=True)])
    )
