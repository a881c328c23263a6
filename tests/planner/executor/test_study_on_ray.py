"""A whole study on two workers of Ray is the study of this process."""

import pytest

import transferkit as tk
from transferkit.core.run import NoCache
from transferkit.core.target import Target
from transferkit.evaluate.summary import ArmSummary
from transferkit.planner.study import Study

pytest.importorskip("ray", reason="Ray is not installed")

METHODS = ["scratch:epochs=3,learning_rate=0.001", "full:epochs=1,learning_rate=0.001", "linear_probe"]


def study(target: Target, on: str | None) -> Study:
    return tk.compare(["zoo:letters-cnn"], target, METHODS, seeds=2, cache=NoCache(), label_curve=False, on=on)


def numbers(arm: ArmSummary) -> tuple[object, ...]:
    return arm.name, arm.method, arm.status, arm.validation, arm.test, arm.gain, arm.verdict, arm.trials


def test_it_has_the_same_table_of_gains(tiny_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    here, there = study(tiny_target, None), study(tiny_target, "ray")
    assert [numbers(arm) for arm in there.summary.arms] == [numbers(arm) for arm in here.summary.arms]
    assert there.summary.sentence == here.summary.sentence
    assert there.summary.gain is not None
    items = tiny_target.train.items
    assert (there.best.predict(items).scores == here.best.predict(items).scores).all()
