"""Left out: what a linear head predicts of each item from the others, in the task's own metric."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from transferkit.core.errors import WrongUse
from transferkit.core.task import Task
from transferkit.evaluate.left_out import check_rankable, left_out, scored
from transferkit.tasks.classify import Classify
from transferkit.tasks.regress import Regress

DRAW = np.random.default_rng(0)
FEATURES = DRAW.normal(size=(40, 3))
NUMBERS = (7 + FEATURES @ [3.0, 0.0, -1.0] + DRAW.normal(size=40)).tolist()


def test_numbers_are_scored_by_leave_one_out_and_logme() -> None:
    scores, per_item = scored(Regress(), FEATURES, NUMBERS)
    assert scores.keys() == {"leave_one_out", "logme"}
    best = max(
        r2_score(NUMBERS, cross_val_predict(Ridge(alpha=alpha), FEATURES, NUMBERS, cv=LeaveOneOut()))
        for alpha in np.logspace(-3, 2, 30)
    )
    assert scores["leave_one_out"] == pytest.approx(best, abs=0.01)
    assert per_item.mean() == pytest.approx(np.std(NUMBERS) * np.sqrt(1 - scores["leave_one_out"]))
    np.testing.assert_allclose(left_out(Regress(), FEATURES, NUMBERS), per_item)


def test_better_features_score_higher() -> None:
    noise = np.random.default_rng(1).normal(size=FEATURES.shape)
    good, bad = (scored(Regress(), features, NUMBERS)[0] for features in (FEATURES, noise))
    assert all(good[name] > bad[name] for name in good)


def test_classes_give_one_value_an_item_in_their_metric() -> None:
    labels = ["high" if number > 7 else "low" for number in NUMBERS]
    scores, per_item = scored(Classify(("high", "low")), FEATURES, labels)
    assert per_item.mean() == pytest.approx(scores["leave_one_out"])
    np.testing.assert_allclose(left_out(Classify(("high", "low")), FEATURES, labels), per_item)


def test_a_task_without_a_linear_head_is_refused_in_one_line() -> None:
    with pytest.raises(WrongUse, match="cannot be ranked for task speak"):
        check_rankable(cast(Task, SimpleNamespace(name="speak")))
