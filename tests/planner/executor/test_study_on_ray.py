"""A whole study on two workers of Ray is the study of this process."""

from pathlib import Path

import pytest

import transferkit as tk
from transferkit.core.run import NoCache
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.evaluate.summary import ArmSummary
from transferkit.methods.baseline.scratch import Scratch
from transferkit.planner import source_tasks
from transferkit.planner.study import Study

pytest.importorskip("ray", reason="Ray is not installed")
pytestmark = pytest.mark.xdist_group("ray")

METHODS = ["scratch:epochs=3,learning_rate=0.001", "full:epochs=1,learning_rate=0.001", "linear_probe"]


def study(target: Target, on: str | None) -> Study:
    return tk.compare(["zoo:letters-cnn"], target, METHODS, seeds=2, cache=NoCache(), label_curve=False, on=on)


def test_a_network_learned_from_data_is_found_by_the_workers(
    tiny_target: Target, bars_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setattr(source_tasks, "Scratch", lambda: Scratch(epochs=1))
    settings = {"seeds": 2, "cache": FeatureCache(tmp_path), "label_curve": False, "on": "ray"}
    methods = ["linear_probe", "scratch:epochs=1,learning_rate=0.001"]
    arms = tk.compare([str(bars_folder)], tiny_target, methods, **settings).summary.arms
    assert {arm.name: arm.status for arm in arms}[f"linear_probe < {bars_folder}"] in ("chosen", "proven"), arms


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
