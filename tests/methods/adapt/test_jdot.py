"""JDOT, from rows of tables to predictions."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from transferkit.artifact import saved
from transferkit.core.errors import BudgetSpent, Failed
from transferkit.core.predictor import Predictor
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.adapt.jdot import JDOT
from transferkit.methods.baseline.source_probe import SourceProbe
from transferkit.ops.alignment.joint_transport import feature_costs, joint_transport
from transferkit.ops.scores.leave_one_out import leave_one_out_numbers
from transferkit.sources.memory import source_of
from transferkit.training.domain_features import features_for

pytest.importorskip("ot")


def rows(table: np.ndarray) -> list[dict[str, float]]:
    return [{f"x{j}": float(value) for j, value in enumerate(row)} for row in table]


def turned(table: np.ndarray) -> np.ndarray:
    """By 40 degrees in the plane of the first two features: means and variances say little of it."""
    a = 0.7
    made = table.copy()
    made[:, 0] = np.cos(a) * table[:, 0] + np.sin(a) * table[:, 1]
    made[:, 1] = -np.sin(a) * table[:, 0] + np.cos(a) * table[:, 1]
    return made


def moved(table: np.ndarray) -> np.ndarray:
    return table * np.array([3, 0.5, 1, 1, 2]) + 1


def classes(n: int, seed: int, change: Callable[[np.ndarray], np.ndarray] = np.copy) -> tuple[np.ndarray, list[str]]:
    draw = np.random.default_rng(seed)
    of = np.arange(n) % 3
    return change(draw.normal(size=(n, 5)) + 2.5 * np.eye(5)[of]), [f"class {c}" for c in of]


def numbers(n: int, seed: int, change: Callable[[np.ndarray], np.ndarray] = np.copy) -> tuple[np.ndarray, list[float]]:
    items = np.random.default_rng(seed).normal(size=(n, 5))
    return change(items), (7 + items[:, 0] + 2 * items[:, 1] - items[:, 2]).tolist()


def fitted(method: JDOT | SourceProbe, source: Source, target: Target) -> Predictor:
    return method.fit((source,), target, Run())


def test_classes_are_found_where_the_domain_is_turned() -> None:
    source = source_of(rows(classes(200, 0)[0]), classes(200, 0)[1], name="straight", modality="tabular")
    items, labels = classes(150, 1, turned)
    hidden = Target.of(rows(items), labels, modality="tabular").whole().hidden()
    new, truth = classes(300, 2, turned)
    right = [
        np.mean([a == b for a, b in zip(fitted(one, source, hidden).predict(rows(new)).labels, truth, strict=True)])
        for one in (JDOT(), SourceProbe())
    ]
    assert right[0] > right[1] + 0.05


def test_numbers_are_found_where_features_are_scaled_and_moved() -> None:
    source = source_of(rows(numbers(200, 0)[0]), numbers(200, 0)[1], name="as they were", modality="tabular")
    items, labels = numbers(150, 1, moved)
    hidden = Target.of(rows(items), labels, modality="tabular").whole().hidden()
    new, truth = numbers(300, 2, moved)
    errors = [
        np.sqrt(np.mean((np.array(fitted(one, source, hidden).predict(rows(new)).labels) - truth) ** 2))
        for one in (JDOT(), SourceProbe())
    ]
    assert errors[0] < 0.6 * errors[1]


def test_it_is_what_one_makes_by_hand() -> None:
    source = source_of(rows(numbers(80, 0)[0]), numbers(80, 0)[1], name="by hand", modality="tabular")
    items, labels = numbers(60, 1, moved)
    hidden = Target.of(rows(items), labels, modality="tabular").whole().hidden()
    found = features_for(JDOT(), (source,), hidden, Run())
    y = np.array(found.source_labels)
    scaled = ((y - y.mean()) / y.std())[:, None]
    by_hand = joint_transport(
        feature_costs(found.source, found.target),
        scaled,
        found.target,
        penalty=leave_one_out_numbers(found.source, scaled).penalty * len(found.target) / len(found.source),
    )
    wanted = (found.target @ by_hand.slope + by_hand.intercept)[:, 0] * y.std() + y.mean()
    predictor = fitted(JDOT(), source, hidden)
    made = predictor.judge(found.domains.unlabelled, Run()).labels
    np.testing.assert_allclose(made, wanted, atol=1e-4)
    assert predictor.record.settings == {"turns": len(by_hand.objectives)}


def test_labels_of_the_target_are_learned_from_too() -> None:
    """The meaning is turned round in the target, which no plan could find without a label."""
    source = source_of(rows(numbers(100, 0)[0]), numbers(100, 0)[1], name="upright", modality="tabular")
    items, labels = numbers(60, 1)
    against = [14 - label for label in labels]
    told = Target.of(rows(items), against, modality="tabular").whole()
    new, truth = numbers(100, 2)
    errors = [
        np.sqrt(
            np.mean((np.array(fitted(JDOT(), source, one).predict(rows(new)).labels) - (14 - np.array(truth))) ** 2)
        )
        for one in (told, told.hidden())
    ]
    assert errors[0] < 0.2 * errors[1]


def test_domains_alike_and_features_that_do_not_vary_are_told() -> None:
    source = source_of(rows(numbers(80, 0)[0]), numbers(80, 0)[1], name="told", modality="tabular")
    same = Target.of(rows(numbers(80, 1)[0]), numbers(80, 1)[1], modality="tabular").whole().hidden()
    assert any("nothing to adapt" in note for note in fitted(JDOT(), source, same).record.notes)
    still = replace(same, unlabelled=replace(same.unlabelled, items=rows(np.ones((len(same.unlabelled), 5)))))
    found = fitted(JDOT(), source, still)
    assert found.record.notes == ("no feature varies among the target items; nothing was carried",)
    assert np.isfinite(found.predict(rows(np.zeros((2, 5)))).labels).all()


def test_saved_and_read_again_it_says_the_same(tmp_path: Path) -> None:
    source = source_of(rows(numbers(80, 0)[0]), numbers(80, 0)[1], name="saved", modality="tabular")
    items, labels = numbers(60, 1, moved)
    predictor = fitted(JDOT(), source, Target.of(rows(items), labels, modality="tabular").whole().hidden())
    saved.save(predictor, tmp_path / "kept")
    assert saved.load(tmp_path / "kept").predict(rows(items)).labels == predictor.predict(rows(items)).labels


def test_without_pot_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(rows(numbers(80, 0)[0]), numbers(80, 0)[1], name="no pot", modality="tabular")
    hidden = Target.of(rows(numbers(60, 1, moved)[0]), numbers(60, 1)[1], modality="tabular").whole().hidden()
    monkeypatch.setitem(sys.modules, "ot", None)
    with pytest.raises(Failed, match=r'pip install "transferkit\[ot\]"'):
        fitted(JDOT(), source, hidden)


def test_between_turns_it_ends_where_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(rows(numbers(80, 0)[0]), numbers(80, 0)[1], name="late", modality="tabular")
    hidden = Target.of(rows(numbers(60, 1, moved)[0]), numbers(60, 1)[1], modality="tabular").whole().hidden()
    assert fitted(JDOT(), source, hidden).record.settings["turns"] > 1
    looked = []

    def check(run: Run) -> None:
        looked.append(run)
        if len(looked) > 2:  # before all turns, then before each
            raise BudgetSpent("the time is up")

    monkeypatch.setattr(Run, "check_deadline", check)
    with pytest.raises(BudgetSpent):
        fitted(JDOT(), source, hidden)
    assert len(looked) == 3
